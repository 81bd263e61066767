package asterisk

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// serving is a member of a queue, as an event tells, and a list does that is asked for;
// more is key, value, ….
func (d *desk) serving(event, device, name string, more ...string) {
	told := slices.Concat(more, []string{
		"Queue", "support", "MemberName", name, "Interface", device, "StateInterface", device,
		"Membership", "static", "LastPause", "0", "LastCall", "0", "Status", "1", "Paused", "0", "PausedReason", "", "Wrapuptime", "0",
	})
	d.hear(event, told...)
	if len(d.m.unlisted) > 0 {
		clear(d.m.unlisted)
		d.m.takeMembers(ami.Listing{Asked: d.seq, Items: []ami.Message{message(append([]string{"Event", "QueueMember"}, told...)...)}}, d.at)
		d.m.settle(d.at)
	}
}

// people is what was told of users and calls since last asked, short.
func (d *desk) people() []string {
	lines := []string{}
	for _, s := range d.m.take().told {
		switch s := s.(type) {
		case coaching.UserSeen:
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", clockOf(s.Since), person(s.Person), s.Status, s.Reason)))
		case coaching.CallSeen:
			lines = append(lines, fmt.Sprintf("%s %s %s", clockOf(s.At), person(s.Agent), s.State))
		}
	}
	return lines
}

// queueCall has agent1 answer a call from a queue, which ends again.
func (d *desk) queueCall() {
	d.about("Newchannel", cust, custID)
	d.about("Newchannel", ag1, ag1ID)
	d.hear("AgentConnect", append(one("Dest", ag1, ag1ID), "Queue", "support", "MemberName", "Agent One", "Interface", "PJSIP/agent1")...)
	d.about("BridgeEnter", cust, custID, "BridgeUniqueid", "b1")
	d.about("BridgeEnter", ag1, ag1ID, "BridgeUniqueid", "b1")
	d.about("Hangup", ag1, ag1ID)
}

func TestPeopleOfQueues(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		happens func(d *desk)
		want    []string
	}{
		"a pause has a reason": {
			func(d *desk) {
				d.serving("QueueMemberPause", "PJSIP/agent1", "Agent One", "Paused", "1", "PausedReason", "Lunch")
				d.serving("QueueMemberPause", "PJSIP/agent1", "Agent One")
			},
			[]string{"21 PJSIP/agent1 (Agent One) paused Lunch", "22 PJSIP/agent1 (Agent One) available"},
		},
		"a pause in one of two queues is none": {
			func(d *desk) {
				d.serving("QueueMemberStatus", "PJSIP/agent1", "Agent One", "Queue", "sales")
				d.serving("QueueMemberPause", "PJSIP/agent1", "Agent One", "Paused", "1", "PausedReason", "Lunch")
			},
			[]string{"21 PJSIP/agent1 (Agent One) available"},
		},
		"wrap-up lasts as long as is said of the member": {
			func(d *desk) {
				d.serving("QueueMemberStatus", "PJSIP/agent1", "Agent One", "Wrapuptime", "10")
				d.queueCall()
				d.people()
				d.serving("QueueMemberStatus", "PJSIP/agent1", "Agent One", "Wrapuptime", "10", "LastCall", "1047")
				d.at = d.at.Add(8 * time.Second)
				d.about("Newstate", cust, custID)
			},
			[]string{"37 PJSIP/agent1 (Agent One) ended", "37 PJSIP/agent1 (Agent One) available"},
		},
		"else as is configured": {
			func(d *desk) {
				d.m.wrapUp = 5 * time.Second
				d.serving("QueueMemberStatus", "PJSIP/agent1", "Agent One")
				d.queueCall()
				d.at = d.at.Add(8 * time.Second)
				d.about("Newstate", cust, custID)
			},
			[]string{
				"21 PJSIP/agent1 (Agent One) available", "23 PJSIP/agent1 (Agent One) on_call", "26 PJSIP/agent1 (Agent One) talking",
				"27 PJSIP/agent1 (Agent One) wrap_up", "27 PJSIP/agent1 (Agent One) wrap_up",
				"32 PJSIP/agent1 (Agent One) ended", "36 PJSIP/agent1 (Agent One) available",
			},
		},
		"who is added at a desk is known by name, at the next one too": {
			func(d *desk) {
				d.serving("QueueMemberAdded", "PJSIP/agent1", "Ann", "Membership", "dynamic")
				d.serving("QueueMemberRemoved", "PJSIP/agent1", "Ann", "Membership", "dynamic")
				d.serving("QueueMemberAdded", "PJSIP/agent2", "Ann", "Membership", "dynamic")
			},
			[]string{"21 Ann (Ann) available", "22 Ann (Ann) offline", "23 Ann (Ann) available"},
		},
		"whom no list has is nobody, whatever an event says": {
			func(d *desk) {
				d.hear("QueueMemberAdded", "Queue", "support", "Interface", "PJSIP/5551234567", "MemberName", "Jane Roe", "Status", "1", "Paused", "0")
				d.hear("QueueMemberPause", "Queue", "support", "Interface", "PJSIP/5551234567", "MemberName", "Jane Roe", "Status", "1", "Paused", "1")
				d.m.takeMembers(ami.Listing{Asked: d.seq}, d.at)
				d.list(nil)
			},
			[]string{},
		},
		"an agent who logs in at a phone": {
			func(d *desk) {
				d.about("Newchannel", ag1, ag1ID)
				d.about("AgentLogin", ag1, ag1ID, "Agent", "1001")
				d.serving("QueueMemberPause", "Agent/1001", "Agent One", "Paused", "1", "PausedReason", "Lunch")
				d.about("AgentLogoff", ag1, ag1ID, "Agent", "1001")
			},
			[]string{
				"22 Agent/1001 available", "23 Agent/1001 (Agent One) paused Lunch", "24 Agent/1001 (Agent One) offline",
				"24 PJSIP/agent1 on_call",
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.at = time.Unix(1040, 0).UTC()
			d.list(nil)
			d.at = time.Unix(1040, 0).UTC()
			c.happens(d)
			if diff := cmp.Diff(d.people(), c.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

// A session is of the people who sat there when it began, by whatever tells.
func TestWhoTakesPart(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		before func(d *desk)
		want   string
	}{
		"by their devices": {func(*desk) {}, "PJSIP/sup1 on PJSIP/agent1"},
		"by the name of a member who was added": {
			func(d *desk) { d.serving("QueueMemberAdded", "PJSIP/agent1", "Ann", "Membership", "dynamic") }, "PJSIP/sup1 on Ann",
		},
		"by a login": {
			func(d *desk) { d.about("AgentLogin", ag1, ag1ID, "Agent", "1001") }, "PJSIP/sup1 on Agent/1001",
		},
		"by a variable, which is surer": {
			func(d *desk) {
				d.serving("QueueMemberAdded", "PJSIP/agent1", "Ann", "Membership", "dynamic")
				d.about("NewCallerid", ag1, ag1ID, "ChanVariable", "WHO=ann")
				d.about("NewCallerid", sup, supID, "ChanVariable", "WHO=bob")
			}, "bob on ann",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.m.vars.User = "WHO"
			d.everybody()
			c.before(d)
			d.runs("ChanSpy", "PJSIP/agent1,q")
			d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			d.serving("QueueMemberRemoved", "PJSIP/agent1", "Ann", "Membership", "dynamic")
			legs := d.m.snapshot(d.at).Legs
			if len(legs) != 1 || legs[0].Target == nil {
				t.Fatalf("got %+v", legs)
			}
			if got := legs[0].Supervisor.Extension + " on " + legs[0].Target.Extension; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Who left a desk while the connection was lost does not sit there any more.
func TestSeatsAreClearedByAList(t *testing.T) {
	t.Parallel()
	first := newDesk()
	first.list(nil)
	first.about("Newchannel", ag2, ag2ID)
	first.serving("QueueMemberAdded", "PJSIP/agent1", "Ann", "Membership", "dynamic")
	first.about("AgentLogin", ag2, ag2ID, "Agent", "1001")
	second := &desk{m: newModel(Config{}, first.m.people, first.m.gaps), at: first.at}
	second.list(first.m)
	want := []string{"45 Agent/1001 offline", "45 Ann (Ann) offline"}
	got := second.people()
	slices.Sort(got)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// queueList is a list of queues with one member, who is paused or not.
func queueList(paused string) ami.Listing {
	return ami.Listing{Asked: 99, Items: []ami.Message{
		message("Event", "QueueMember", "Queue", "support", "Name", "Agent One", "Location", "PJSIP/agent1", "Status", "1", "Paused", paused),
	}}
}

// Who leaves a queue or a phone while lists are under way is not brought back by one
// that was asked for before.
func TestWhoLeavesWhileListsAreUnderWay(t *testing.T) {
	t.Parallel()
	ann := message("Event", "QueueMember", "Queue", "support", "Name", "Ann", "Location", "PJSIP/agent1", "StateInterface", "PJSIP/agent1",
		"Membership", "dynamic", "Status", "1", "Paused", "0")
	pool := message("Event", "Agents", "Agent", "1001", "Channel", ag1, "Status", "AGENT_IDLE")
	cases := map[string]struct {
		comes, leaves func(d *desk)
		list          func(d *desk, asked uint64)
	}{
		"a queue": {
			func(d *desk) { d.serving("QueueMemberAdded", "PJSIP/agent1", "Ann", "Membership", "dynamic") },
			func(d *desk) { d.serving("QueueMemberRemoved", "PJSIP/agent1", "Ann", "Membership", "dynamic") },
			func(d *desk, asked uint64) {
				d.m.takeQueues(ami.Listing{Asked: asked, Items: []ami.Message{ann}}, d.at)
			},
		},
		"a queue, and is looked up": {
			func(d *desk) {
				d.hear("QueueMemberAdded", "Queue", "support", "MemberName", "Ann", "Interface", "PJSIP/agent1", "Paused", "0")
			},
			func(d *desk) {
				d.hear("QueueMemberRemoved", "Queue", "support", "MemberName", "Ann", "Interface", "PJSIP/agent1", "Paused", "0")
			},
			func(d *desk, asked uint64) {
				d.m.takeMembers(ami.Listing{Asked: asked, Items: []ami.Message{ann}}, d.at)
			},
		},
		"a phone": {
			func(d *desk) { d.about("AgentLogin", ag1, ag1ID, "Agent", "1001") },
			func(d *desk) { d.about("AgentLogoff", ag1, ag1ID, "Agent", "1001") },
			func(d *desk, asked uint64) {
				d.m.takeAgents(ami.Listing{Asked: asked, Items: []ami.Message{pool}}, d.at)
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.list(nil)
			d.about("Newchannel", ag1, ag1ID)
			c.comes(d)
			asked := d.seq
			c.leaves(d)
			c.list(d, asked)
			if got := d.m.people.extension("PJSIP/agent1"); got != "PJSIP/agent1" {
				t.Errorf("%s sits there again", got)
			}
		})
	}
}

// A later list has the last word: who logged off unseen has.
func TestALogoffThatOnlyAListTells(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.list(nil)
	d.about("Newchannel", ag1, ag1ID)
	d.about("AgentLogin", ag1, ag1ID, "Agent", "1001")
	d.m.takeAgents(ami.Listing{Asked: d.seq, Items: []ami.Message{message("Event", "Agents", "Agent", "1001", "Status", "AGENT_LOGGEDOFF")}}, d.at)
	if got := d.m.people.extension("PJSIP/agent1"); got != "PJSIP/agent1" {
		t.Errorf("%s still sits there", got)
	}
}

// However far the clock is set back, nobody wraps up for longer than that takes.
func TestWrapUpAndAClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.at = time.Unix(10_040, 0).UTC()
	d.list(nil)
	d.m.wrapUp = 5 * time.Second
	d.serving("QueueMemberStatus", "PJSIP/agent1", "Agent One")
	d.queueCall()
	d.people()
	d.at = d.at.Add(-30 * time.Second)
	d.about("Newstate", cust, custID) // told late, or forged: no clock
	if got := d.m.presence["PJSIP/agent1"].Status; got != coaching.StatusWrapUp {
		t.Errorf("after an event of before: got %s", got)
	}
	d.at = d.at.Add(-time.Hour)
	d.m.setBack(d.at)
	d.about("Newstate", cust, custID)
	if got := d.m.presence["PJSIP/agent1"].Status; got != coaching.StatusAvailable {
		t.Errorf("got %s", got)
	}
	if len(d.m.wraps) > 0 {
		t.Error("the call is still wrapped up")
	}
}

// A phone is of whom its own channels name: a customer's, which says whom the call is
// for, names nobody there, and one that names nobody gives the phone up.
func TestSeatsByVariable(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.m.vars.User = "WHO"
	d.everybody()
	d.caller(jane, janeID, "+15551234567", "Jane Roe")
	d.about("NewCallerid", jane, janeID, "ChanVariable", "WHO=ann")
	d.runs("ChanSpy", "PJSIP,q")
	d.spying("ChanSpyStart", sup, supID, jane, janeID)
	if got := d.m.people.extension("PJSIP/trunk"); got != "PJSIP/trunk" {
		t.Errorf("every caller by the trunk is %s", got)
	}
	d.about("NewCallerid", ag1, ag1ID, "ChanVariable", "WHO=ann")
	d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
	if got := d.m.people.extension("PJSIP/agent1"); got != "ann" {
		t.Errorf("the phone is %s", got)
	}
	d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
	d.about("Hangup", ag1, ag1ID)
	d.about("Newchannel", next1, n1ID, "ChanVariable", "WHO=")
	d.people()
	d.spying("ChanSpyStart", sup, supID, next1, n1ID)
	if got := d.m.people.extension("PJSIP/agent1"); got != "PJSIP/agent1" {
		t.Errorf("the phone is still %s", got)
	}
	if got := d.people(); len(got) == 0 || !strings.HasSuffix(got[0], "ann offline") {
		t.Errorf("who sat there is not told to have left: %v", got)
	}
}

// The end of a call is told of whom the call was told of, whoever sits there by then.
func TestACallIsOfWhomItWasToldOf(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.m.vars.User = "WHO"
	d.everybody()
	d.about("NewCallerid", ag1, ag1ID, "ChanVariable", "WHO=ann")
	d.runs("ChanSpy", "PJSIP/agent1-,q")
	d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
	d.about("Newchannel", next1, n1ID, "ChanVariable", "WHO=")
	d.people()
	d.about("Hangup", ag1, ag1ID)
	if got := d.people(); !slices.Contains(got, "51 ann ended") {
		t.Errorf("got %v", got)
	}
}

// An agent who logs in or off in the midst of a call goes on with it, for those who
// listen as for himself: now, after a reconnect, and for another service.
func TestWhoLogsInOrOffInTheMidstOfACall(t *testing.T) {
	t.Parallel()
	added := func(d *desk) { d.serving("QueueMemberAdded", "PJSIP/agent1", "Ann", "Membership", "dynamic") }
	removed := func(d *desk) { d.serving("QueueMemberRemoved", "PJSIP/agent1", "Ann", "Membership", "dynamic") }
	member := []string{
		"Event", "QueueMember", "Queue", "support", "Name", "Ann", "Location", "PJSIP/agent1", "StateInterface", "PJSIP/agent1",
		"Membership", "dynamic", "Status", "2", "Paused", "0",
	}
	cases := map[string]struct {
		before, after func(d *desk)
		members       [][]string
		target        string
	}{
		"in":  {func(*desk) {}, added, [][]string{member}, "PJSIP/agent1"},
		"off": {added, removed, nil, "Ann"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newDesk()
			first.everybody()
			c.before(first)
			first.runs("ChanSpy", "PJSIP/agent1-,q")
			first.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			c.after(first)
			again, stranger := newDesk(), newDesk()
			again.at, stranger.at = first.at, first.at
			stranger.marks = first.m.take().marks
			again.m.people = first.m.people
			for d, before := range map[*desk]*model{again: first.m, stranger: nil} {
				d.members = c.members
				d.list(before, listed(sup, supID, "ChanSpy", "PJSIP/agent1-,q", ""), listed(ag1, ag1ID, "AppDial", "", "b1"), listed(cust, custID, "Dial", "PJSIP/agent1", "b1"))
			}
			for who, d := range map[string]*desk{"now": first, "after a reconnect": again, "another service": stranger} {
				snap := d.m.snapshot(d.at)
				if len(snap.Legs) != 1 || targetExtension(snap.Legs[0]) != c.target {
					t.Fatalf("%s: the session is %+v", who, snap.Legs)
				}
				if !slices.ContainsFunc(snap.Calls, func(call coaching.CallSeen) bool {
					return call.Agent.Extension == c.target && call.State == coaching.CallTalking
				}) {
					t.Errorf("%s: the session's call is none of %+v", who, snap.Calls)
				}
				d.m.take()
				d.about("Hangup", ag1, ag1ID)
				if got := d.people(); !slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, c.target) && strings.HasSuffix(line, " ended") }) {
					t.Errorf("%s: the end of the call is not told: %v", who, got)
				}
			}
		})
	}
}

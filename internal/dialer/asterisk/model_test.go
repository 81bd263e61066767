package asterisk

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// desk feeds a model by hand. Channels are written NAME ID [PARTY'S NUMBER].
type desk struct {
	m     *model
	seq   uint64
	at    time.Time
	marks map[string]string // that a list shows

	members [][]string // of queues, that a list shows
}

func newDesk() *desk {
	v := Variables{Campaign: "CAMPAIGN", Type: "SPY_TYPE"}
	return &desk{m: newModel(Config{Variables: v}, people{}, newGaps(slog.New(slog.NewTextHandler(io.Discard, nil)), v)), at: time.Unix(1000, 0).UTC()}
}

func message(keyValues ...string) ami.Message {
	var m ami.Message
	for i := 0; i+1 < len(keyValues); i += 2 {
		m.Headers = append(m.Headers, ami.Header{Key: keyValues[i], Value: keyValues[i+1]})
	}
	return m
}

// one is a channel as a snapshot shows it.
func one(prefix, name, id string) []string {
	return []string{prefix + "Channel", name, prefix + "ChannelStateDesc", "Up", prefix + "Uniqueid", id, prefix + "Linkedid", id}
}

// hear takes an event in, a second after the one before.
func (d *desk) hear(event string, keyValues ...string) {
	d.seq++
	d.at = d.at.Add(time.Second)
	e := message(append([]string{"Event", event, "Privilege", "call,all"}, keyValues...)...)
	e.Seq = d.seq
	d.m.expire(d.at)
	d.m.apply(e, d.at)
}

func (d *desk) about(event, name, id string, more ...string) {
	d.hear(event, append(one("", name, id), more...)...)
}

func (d *desk) spying(event, spyer, spyerID, spyee, spyeeID string) {
	d.hear(event, append(one("Spyer", spyer, spyerID), one("Spyee", spyee, spyeeID)...)...)
}

// list shows channels, each with what it runs and its bridge.
func (d *desk) list(before *model, items ...[]string) { d.take(before, d.seq, items...) }

// listAsked is a list that was asked for when an event had arrived.
func (d *desk) listAsked(asked uint64, items ...[]string) { d.take(nil, asked, items...) }

func (d *desk) take(before *model, asked uint64, items ...[]string) {
	l := lists{channels: ami.Listing{Asked: asked}}
	for _, i := range items {
		l.channels.Items = append(l.channels.Items, message(i...))
	}
	for _, i := range d.members {
		l.queues.Items = append(l.queues.Items, message(i...))
	}
	for id, mark := range d.marks {
		l.marks = append(l.marks, message("Event", "Status", "Uniqueid", id, "Variable", markVariable+"="+mark))
	}
	d.at = d.at.Add(time.Second)
	d.m.reconcile(l, before, d.at)
}

func listed(name, id, application, data, bridge string) []string {
	return append(one("", name, id), "Application", application, "ApplicationData", data, "BridgeId", bridge)
}

// legs is what was told about legs since last asked, short.
func (d *desk) legs() []string {
	told := d.m.take().told
	lines := []string{}
	for _, s := range told {
		switch s := s.(type) {
		case coaching.Attached:
			target := "?"
			if s.Target != nil {
				target = s.Target.Extension
			}
			lines = append(lines, strings.Join([]string{clockOf(s.At), s.Leg, "on", target, string(s.Type)}, " "))
		case coaching.Detached:
			what := "waits"
			if s.Gone {
				what = "gone"
			}
			lines = append(lines, strings.Join([]string{clockOf(s.At), s.Leg, what, string(s.Reason)}, " "))
		}
	}
	return lines
}

// snapshotLegs is what a snapshot has of legs, short.
func (d *desk) snapshotLegs() []string {
	d.m.take()
	snap := d.m.snapshot(d.at)
	for _, l := range snap.Legs {
		d.m.tell(l)
	}
	return d.legs()
}

func clockOf(at time.Time) string { return at.Format("05.999999") }

const (
	sup, supID   = "PJSIP/sup1-00000001", "1000.1"
	ag1, ag1ID   = "PJSIP/agent1-00000002", "1000.2"
	cust, custID = "PJSIP/trunk-00000003", "1000.3"
	ag2, ag2ID   = "PJSIP/agent2-00000004", "1000.4"
	next1, n1ID  = "PJSIP/agent1-00000005", "1000.5"
)

// everybody is on the phone: agent1 talks to the customer.
func (d *desk) everybody() {
	for _, c := range [][2]string{{sup, supID}, {ag1, ag1ID}, {cust, custID}, {ag2, ag2ID}} {
		d.about("Newchannel", c[0], c[1])
	}
	d.dialled("agent1", cust, custID, ag1, ag1ID)
	d.about("BridgeEnter", ag1, ag1ID, "BridgeUniqueid", "b1")
	d.about("BridgeEnter", cust, custID, "BridgeUniqueid", "b1")
}

// dialled has a channel call another by what a dialplan dials, in the same second.
func (d *desk) dialled(by, from, fromID, to, toID string) {
	d.at = d.at.Add(-time.Second)
	d.hear("DialBegin", append(append(one("", from, fromID), one("Dest", to, toID)...), "DialString", by)...)
}

func (d *desk) runs(application, data string) {
	d.about("Newexten", sup, supID, "Application", application, "AppData", data)
}

func TestLegs(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		happens func(d *desk)
		want    []string
	}{
		"the application is told after the start": {
			func(d *desk) {
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.runs("ChanSpy", "PJSIP/agent1,qw")
			},
			[]string{"47 1000.1 on PJSIP/agent1 unknown", "47 1000.1 on PJSIP/agent1 coach"},
		},
		"a customer in a queue is no supervisor, whatever an event says": {
			func(d *desk) {
				d.about("Newexten", cust, custID, "Application", "Queue", "AppData", "sales")
				d.spying("ChanSpyStart", cust, custID, ag2, ag2ID)
				d.list(nil, listed(cust, custID, "Queue", "sales", ""), listed(ag2, ag2ID, "AppDial", "(Outgoing Line)", ""))
			},
			[]string{},
		},
		"nor is one who talks": {
			func(d *desk) { d.spying("ChanSpyStart", cust, custID, ag2, ag2ID) },
			[]string{},
		},
		"who spies by a list is believed, whatever was heard before": {
			func(d *desk) {
				d.runs("Wait", "1")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.list(nil, listed(sup, supID, "ChanSpy", "PJSIP/agent1,qw", ""), listed(ag1, ag1ID, "AppDial", "", "b1"), listed(cust, custID, "Dial", "", "b1"))
			},
			[]string{"48 1000.1 on PJSIP/agent1 coach"},
		},
		"a variable beats the options": {
			func(d *desk) {
				d.about("NewCallerid", sup, supID, "ChanVariable", "SPY_TYPE=Barge")
				d.runs("ChanSpy", "PJSIP/agent1,qw")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[]string{"49 1000.1 on PJSIP/agent1 barge"},
		},
		"a Redirect whose new options only a list tells": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.list(nil, listed(sup, supID, "ChanSpy", "PJSIP/agent1,qw", ""), listed(ag1, ag1ID, "", "", "b1"), listed(cust, custID, "", "", "b1"))
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "51 1000.1 on PJSIP/agent1 coach"},
		},
		"* moves on to the next agent": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStart", sup, supID, ag2, ag2ID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "49 1000.1 waits moved_on", "50 1000.1 on PJSIP/agent2 monitor"},
		},
		"a spy of one agent waits for his next call, in one session": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1-,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.about("Hangup", ag1, ag1ID)
				d.at = d.at.Add(5 * time.Second)
				d.about("Newchannel", next1, n1ID)
				d.spying("ChanSpyStart", sup, supID, next1, n1ID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor"},
		},
		"and its end is when the supervisor leaves": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.about("Hangup", ag1, ag1ID)
				d.at = d.at.Add(5 * time.Second)
				d.about("HangupRequest", sup, supID)
				d.about("Hangup", sup, supID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "57 1000.1 gone supervisor_left"},
		},
		"also where he is in the next call already": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1-,qb")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.about("Hangup", ag1, ag1ID)
				d.about("Newchannel", next1, n1ID)
				d.dialled("agent1", ag2, ag2ID, next1, n1ID)
				d.about("HangupRequest", sup, supID)
				d.about("Hangup", sup, supID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "53 1000.1 gone supervisor_left"},
		},
		"a spy of one channel waits for nobody in particular": {
			func(d *desk) {
				d.runs("ChanSpy", ag1+",qu")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.about("HangupRequest", cust, custID)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.about("Hangup", ag1, ag1ID)
				d.at = d.at.Add(5 * time.Second)
				d.about("Hangup", cust, custID)
				d.about("Hangup", sup, supID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "50 1000.1 waits call_ended", "58 1000.1 gone call_ended"},
		},
		"another application ends the spying": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.runs("Playback", "bye")
				d.at = d.at.Add(5 * time.Second)
				d.about("Newstate", ag2, ag2ID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "49 1000.1 waits unknown"},
		},
		"a bridge with nobody we know ends it too": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.about("BridgeEnter", sup, supID, "BridgeUniqueid", "b9")
				d.at = d.at.Add(5 * time.Second)
				d.about("Newstate", ag2, ag2ID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "49 1000.1 waits unknown"},
		},
		"a conference with agent and customer, then without the agent": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.about("BridgeEnter", sup, supID, "BridgeUniqueid", "b1")
				d.about("BridgeLeave", ag1, ag1ID, "BridgeUniqueid", "b1")
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "49 1000.1 on PJSIP/agent1 barge", "50 1000.1 on PJSIP/agent1 barge_kick"},
		},
		"events of strangers change nothing": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStart", "PJSIP/evil-1", "7.7", ag1, ag1ID)
				d.spying("ChanSpyStop", sup, supID, ag1, "7.7")
				d.about("Hangup", sup, "7.8")
				d.hear("ChanSpyStop")
				d.hear("ChanSpyStart")
				d.hear("BridgeEnter")
				d.at = d.at.Add(5 * time.Second)
				d.about("Newstate", ag2, ag2ID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor"},
		},
		"a doubted start is believed once a list shows it": {
			func(d *desk) {
				d.spying("ChanSpyStart", "PJSIP/sup2-9", "1000.9", ag1, ag1ID)
				d.list(nil, listed(sup, supID, "", "", ""), listed(ag1, ag1ID, "", "", "b1"), listed(cust, custID, "", "", "b1"),
					listed(ag2, ag2ID, "", "", ""), listed("PJSIP/sup2-9", "1000.9", "ChanSpy", "PJSIP/agent1,qB", ""))
			},
			[]string{"47 1000.9 on PJSIP/agent1 barge"},
		},
		"a clock that steps back": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.at = d.at.Add(-10 * time.Second)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.about("Hangup", sup, supID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "48.000001 1000.1 gone unknown"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.everybody()
			c.happens(d)
			if diff := cmp.Diff(d.legs(), c.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

// What a first list tells of spies that were there before us.
func TestFoundLegs(t *testing.T) {
	t.Parallel()
	agent := listed(ag1, ag1ID, "AppDial", "(Outgoing Line)", "b1")
	customer := listed(cust, custID, "Dial", "PJSIP/agent1", "b1")
	other := listed(ag2, ag2ID, "AppDial", "(Outgoing Line)", "b2")
	theirs := listed("PJSIP/trunk-00000006", "1000.6", "Dial", "PJSIP/agent1&PJSIP/agent2,30", "b2")
	idle := listed(ag2, ag2ID, "AppDial", "(Outgoing Line)", "")
	spy := func(data string) []string { return listed(sup, supID, "ChanSpy", data, "") }
	at := func(exten string, item []string) []string {
		return append(item[:len(item):len(item)], "Exten", exten, "Context", "phones")
	}
	cases := map[string]struct {
		items [][]string
		want  []string
	}{
		"by a prefix of one device":         {[][]string{spy("PJSIP/agent1,qw"), agent, customer, other}, []string{"40 1000.1 on PJSIP/agent1 coach"}},
		"by the name of one channel":        {[][]string{spy(ag1 + ",qu"), agent, customer, other}, []string{"40 1000.1 on PJSIP/agent1 monitor"}},
		"by the Uniqueid of one channel":    {[][]string{spy(ag2ID + ",quB"), agent, customer, other, theirs}, []string{"40 1000.1 on PJSIP/agent2 barge"}},
		"by a prefix of two":                {[][]string{spy("PJSIP/agent,q"), agent, customer, other}, []string{"40 1000.1 on ? monitor"}},
		"one of two is bridged":             {[][]string{spy("PJSIP/agent,qb"), agent, customer, idle}, []string{"40 1000.1 on PJSIP/agent1 monitor"}},
		"by a group":                        {[][]string{spy("PJSIP/agent1,qg(sales)"), agent, customer}, []string{"40 1000.1 on ? monitor"}},
		"by nothing":                        {[][]string{spy(",q"), agent, customer}, []string{"40 1000.1 on ? monitor"}},
		"of nobody who is there":            {[][]string{spy("PJSIP/agent9,q"), agent, customer}, []string{}},
		"switchable: the type may be later": {[][]string{spy("PJSIP/agent1,qd"), agent, customer}, []string{"40 1000.1 on PJSIP/agent1 unknown"}},
		"of one extension, where two are": {[][]string{
			listed(sup, supID, "ExtenSpy", "700@phones,q", ""), append(listed(cust, custID, "Dial", "PJSIP/agent1", "b1"), "Exten", "700", "Context", "phones"), agent,
			append(listed("PJSIP/trunk-00000006", "1000.6", "Dial", "PJSIP/agent2", "b2"), "Exten", "700", "Context", "phones"), other,
		}, []string{"40 1000.1 on ? monitor"}},
		"of a trunk, where two are": {[][]string{
			spy("PJSIP/trunk-,q"), customer, agent, listed("PJSIP/trunk-00000006", "1000.6", "Dial", "PJSIP/agent2", "b2"), other,
		}, []string{"40 1000.1 on ? monitor"}},
		"of an extension":                 {[][]string{listed(sup, supID, "ExtenSpy", "2001@Phones,qw", ""), at("2001", agent), customer, at("2002", other), theirs}, []string{"40 1000.1 on PJSIP/agent1 coach"}},
		"of who calls an extension":       {[][]string{listed(sup, supID, "ExtenSpy", "2001@phones,qB", ""), agent, at("2001", customer), at("2002", theirs), other}, []string{"40 1000.1 on PJSIP/agent1 barge"}},
		"of an extension of one's own":    {[][]string{listed(sup, supID, "ExtenSpy", "2001,q", ""), at("2001", agent)}, []string{"40 1000.1 on ? monitor"}},
		"of an extension where nobody is": {[][]string{listed(sup, supID, "ExtenSpy", "2001@phones,q", ""), at("2002", agent), customer}, []string{}},
		"of any extension":                {[][]string{listed(sup, supID, "ExtenSpy", ",q", ""), at("2001", agent), at("2002", other)}, []string{"40 1000.1 on ? monitor"}},
		"of both halves of a Local":       {[][]string{listed("Local/s1@p-1;1", supID, "ChanSpy", "Local/a1@p,q", ""), listed("Local/a1@p-2;1", ag1ID, "", "", "b"), listed("Local/a1@p-2;2", ag2ID, "", "", "")}, []string{"40 1000.1 on Local/a1@p monitor"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.list(nil, c.items...)
			if diff := cmp.Diff(d.snapshotLegs(), c.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

// What only the connection before knew is not lost with it: a next one in the same
// process has it from memory, another process from the marks on the channels.
func TestLegsOutliveAConnection(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		before func(d *desk)
		items  [][]string
		want   []string
	}{
		"one that waits for its agent's next call": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.about("Hangup", ag1, ag1ID)
			},
			[][]string{listed(sup, supID, "ChanSpy", "PJSIP/agent1,q", "")},
			[]string{"48 1000.1 on PJSIP/agent1 monitor"},
		},
		"one that took the call over": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.about("BridgeEnter", cust, custID, "BridgeUniqueid", "b2")
				d.about("BridgeEnter", sup, supID, "BridgeUniqueid", "b2")
			},
			[][]string{listed(sup, supID, "", "", "b2"), listed(cust, custID, "Dial", "", "b2")},
			[]string{"50 1000.1 on PJSIP/agent1 barge_kick"},
		},
		"one that took the call over meanwhile": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[][]string{listed(sup, supID, "", "", "b2"), listed(cust, custID, "Dial", "", "b2")},
			[]string{"48.000001 1000.1 on PJSIP/agent1 barge_kick"},
		},
		"one that joined the two meanwhile": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[][]string{listed(sup, supID, "", "", "b1"), listed(cust, custID, "Dial", "", "b1"), listed(ag1, ag1ID, "AppDial", "", "b1")},
			[]string{"48.000001 1000.1 on PJSIP/agent1 barge"},
		},
		"one that was sent to another ChanSpy meanwhile": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[][]string{listed(sup, supID, "ChanSpy", "PJSIP/agent1,qw", ""), listed(ag1, ag1ID, "", "", "b1")},
			[]string{"48.000001 1000.1 on PJSIP/agent1 coach"},
		},
		"one that went into a bridge with somebody else": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[][]string{listed(sup, supID, "", "", "b2"), listed(ag2, ag2ID, "", "", "b2"), listed(cust, custID, "Dial", "", "b1"), listed(ag1, ag1ID, "AppDial", "", "b1")},
			[]string{},
		},
		"one of those who talk only, whose agent does not now, while another does": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent,qb")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[][]string{
				listed(sup, supID, "ChanSpy", "PJSIP/agent,qb", ""), listed(ag1, ag1ID, "AppDial", "", ""), listed(cust, custID, "Dial", "", "b1"),
				listed(ag2, ag2ID, "AppDial", "", "b2"), listed("PJSIP/trunk-6", "1000.6", "Dial", "PJSIP/agent2", "b2"),
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor"},
		},
		"one of two agents that the prefix fits": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent,q")
				d.spying("ChanSpyStart", sup, supID, ag2, ag2ID)
			},
			[][]string{listed(sup, supID, "ChanSpy", "PJSIP/agent,q", ""), listed(ag1, ag1ID, "", "", "b1"), listed(ag2, ag2ID, "", "", "")},
			[]string{"48 1000.1 on PJSIP/agent2 monitor"},
		},
		"one of those who talk only, whose agent does not now": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,qb")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[][]string{listed(sup, supID, "ChanSpy", "PJSIP/agent1,qb", ""), listed(ag1, ag1ID, "AppDial", "", "")},
			[]string{"48 1000.1 on PJSIP/agent1 monitor"},
		},
		"one that was switched by keypad": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,qd")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.about("DTMFEnd", sup, supID, "Digit", "5", "Direction", "Received")
			},
			[][]string{listed(sup, supID, "ChanSpy", "PJSIP/agent1,qd", ""), listed(ag1, ag1ID, "", "", "b1")},
			[]string{"49 1000.1 on PJSIP/agent1 coach"},
		},
		"one that stopped, and went elsewhere": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent1,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.runs("Playback", "bye")
				d.at = d.at.Add(5 * time.Second)
				d.about("Newstate", ag2, ag2ID)
			},
			[][]string{listed(sup, supID, "Playback", "bye", ""), listed(ag1, ag1ID, "", "", "b1")},
			[]string{},
		},
		"one on who has gone on in the dialplan": {
			func(d *desk) {
				d.runs("ExtenSpy", "2001@phones,qw")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[][]string{listed(sup, supID, "ExtenSpy", "2001@phones,qw", ""), append(listed(ag2, ag2ID, "", "", "b2"), "Exten", "2001", "Context", "phones"), listed(ag1, ag1ID, "", "", "b1")},
			[]string{"48 1000.1 on PJSIP/agent1 coach"},
		},
		"one that waited for the first": {
			func(d *desk) { d.runs("ChanSpy", "PJSIP/agent9,q") },
			[][]string{listed(sup, supID, "ChanSpy", "PJSIP/agent9,q", "")},
			[]string{},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newDesk()
			first.everybody()
			c.before(first)
			again, stranger := newDesk(), newDesk()
			again.at, stranger.at = first.at, first.at
			stranger.marks = first.m.take().marks
			again.list(first.m, c.items...)
			stranger.list(nil, c.items...)
			for who, d := range map[string]*desk{"the same process": again, "another one": stranger} {
				if diff := cmp.Diff(d.snapshotLegs(), c.want); diff != "" {
					t.Errorf("%s: got -, want +:\n%s", who, diff)
				}
			}
		})
	}
}

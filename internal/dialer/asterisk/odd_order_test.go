package asterisk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What is told twice, late, by halves or not at all ends no session that goes on, moves
// none, and brings none back.
func TestEventsOutOfOrder(t *testing.T) {
	t.Parallel()
	monitors := func(d *desk) {
		d.everybody()
		d.runs("ChanSpy", "PJSIP/agent1,q")
		d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
	}
	takesOver := func(d *desk) {
		monitors(d)
		d.about("BridgeEnter", cust, custID, "BridgeUniqueid", "b2")
		d.about("BridgeEnter", sup, supID, "BridgeUniqueid", "b2")
	}
	waiting := func(d *desk) { // on jane, who waits in a queue and talks to nobody
		d.caller(jane, janeID, "+15551234567", "Jane Roe")
		d.about("Newexten", jane, janeID, "Application", "Queue", "AppData", "support")
		d.runs("ChanSpy", "PJSIP,q")
	}
	cases := map[string]struct {
		before, happens func(d *desk)
		want            []string
	}{
		"a leave of a bridge that it is not in": {
			takesOver, func(d *desk) { d.about("BridgeLeave", cust, custID, "BridgeUniqueid", "b1") }, []string{},
		},
		"a stop of an earlier spying, repeated": {
			func(d *desk) {
				monitors(d)
				waiting(d)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStart", sup, supID, jane, janeID)
			},
			func(d *desk) { d.spying("ChanSpyStop", sup, supID, ag1, ag1ID) }, []string{},
		},
		"a list's item without its bridge": {
			takesOver,
			func(d *desk) {
				d.list(nil, append(one("", cust, custID), "Application", "Dial", "ApplicationData", "x"), listed(sup, supID, "", "", "b2"),
					listed(ag1, ag1ID, "", "", ""), listed(ag2, ag2ID, "", "", ""))
			},
			[]string{},
		},
		"an end that only a list tells, and a target that is told later": {
			func(d *desk) {
				d.about("Newchannel", sup, supID)
				waiting(d)
				d.spying("ChanSpyStart", sup, supID, jane, janeID)
				d.list(nil, listed(jane, janeID, "Queue", "support", ""))
			},
			func(d *desk) {
				d.about("Newchannel", ag1, ag1ID)
				d.serving("AgentCalled", "PJSIP/agent1", "Agent One", "DestUniqueid", ag1ID)
				d.bridged(jane, janeID, ag1, ag1ID)
			},
			[]string{},
		},
		"an end of the one who was heard, without a stop": {
			func(d *desk) {
				d.everybody()
				d.runs("ChanSpy", ag1+",qu")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			func(d *desk) {
				d.hear("ChanSpyStop", one("Spyer", sup, supID)...)
				d.about("Hangup", ag1, ag1ID)
				d.list(nil, listed(sup, supID, "ChanSpy", ag1+",qu", ""), listed(cust, custID, "Dial", "", ""), listed(ag2, ag2ID, "", "", ""))
			},
			[]string{"51 1000.1 waits target_left"},
		},
		"an end before it was asked for": {
			func(d *desk) {
				d.everybody()
				d.runs("ChanSpy", ag1+",qu")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			func(d *desk) {
				d.about("HangupRequest", cust, custID)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.m.legs[supID].asked = asking{at: d.at.Add(time.Second), agreed: true}
				d.about("Hangup", sup, supID)
			},
			[]string{"50 1000.1 gone call_ended"},
		},
		"other options of which only a list tells, and an event since it was asked for": {
			monitors,
			func(d *desk) {
				asked := d.seq
				d.about("NewConnectedLine", sup, supID)
				d.listAsked(asked, listed(sup, supID, "ChanSpy", "PJSIP/agent1,qw", ""), listed(ag1, ag1ID, "", "", "b1"), listed(cust, custID, "", "", "b1"), listed(ag2, ag2ID, "", "", ""))
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[]string{"52 1000.1 on PJSIP/agent1 coach"},
		},
		"a leg that waits, and is sent to wait for somebody else": {
			func(d *desk) {
				monitors(d)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.about("Hangup", ag1, ag1ID)
				d.at = d.at.Add(5 * time.Second)
				d.about("Newstate", ag2, ag2ID)
			},
			func(d *desk) { d.runs("ChanSpy", "PJSIP/agent9-,q") },
			[]string{"57 1000.1 waits target_left"},
		},
		"a late stop of another spying, and a start that is doubted": {
			func(d *desk) { d.everybody(); d.runs("AGI", "coach.agi") },
			func(d *desk) {
				d.spying("ChanSpyStart", sup, supID, ag2, ag2ID)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.list(nil, listed(sup, supID, "ChanSpy", "PJSIP/agent,q", ""), listed(ag1, ag1ID, "", "", "b1"), listed(cust, custID, "", "", "b1"), listed(ag2, ag2ID, "", "", ""))
			},
			[]string{"48 1000.1 on PJSIP/agent2 monitor"},
		},
		"a stop without whom it was on, and a start that is doubted": {
			func(d *desk) { d.everybody(); d.runs("AGI", "coach.agi") },
			func(d *desk) {
				d.spying("ChanSpyStart", sup, supID, ag2, ag2ID)
				d.hear("ChanSpyStop", one("Spyer", sup, supID)...)
				d.list(nil, listed(sup, supID, "ChanSpy", "PJSIP/agent9,q", ""), listed(ag1, ag1ID, "", "", "b1"), listed(cust, custID, "", "", "b1"), listed(ag2, ag2ID, "", "", ""))
			},
			[]string{},
		},
		"a session that somebody was told to have moved on, and comes back": {
			monitors,
			func(d *desk) {
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.m.giveUp(d.m.legs[supID])
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[]string{"49 1000.1 waits unknown", "50 1000.1 on PJSIP/agent1 monitor"},
		},
		"an end that was asked of the session before": {
			func(d *desk) {
				d.everybody()
				d.runs("ChanSpy", "PJSIP/agent,q")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.m.legs[supID].asked.at = d.at // and never answered
			},
			func(d *desk) {
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStart", sup, supID, ag2, ag2ID)
				d.about("HangupRequest", ag2, ag2ID)
				d.spying("ChanSpyStop", sup, supID, ag2, ag2ID)
				d.about("Hangup", sup, supID)
			},
			[]string{"49 1000.1 waits moved_on", "50 1000.1 on PJSIP/agent2 monitor", "52 1000.1 gone call_ended"},
		},
		"all of a session, repeated after its end": {
			func(d *desk) {
				d.everybody()
				d.list(nil, listed(sup, supID, "", "", ""), listed(ag1, ag1ID, "", "", "b1"), listed(cust, custID, "", "", "b1"), listed(ag2, ag2ID, "", "", ""))
				beginsAndEnds(d)
			},
			beginsAndEnds, []string{},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			c.before(d)
			d.legs()
			c.happens(d)
			d.at = d.at.Add(5 * time.Second)
			d.about("Newstate", ag2, ag2ID)
			if diff := cmp.Diff(d.legs(), c.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

func beginsAndEnds(d *desk) {
	const name, id = "PJSIP/sup2-00000009", "1000.9"
	d.about("Newchannel", name, id)
	d.about("Newexten", name, id, "Application", "ChanSpy", "AppData", "PJSIP/agent1,q")
	d.spying("ChanSpyStart", name, id, ag1, ag1ID)
	d.about("Hangup", name, id)
}

// A channel that has ended while a list is under way is not brought back by it, however
// the clock was set and whatever its id looks like.
func TestAnEndWhileListedAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"1077.9", "call-4102444800.1"} {
		d := newDesk()
		d.everybody()
		const name = "PJSIP/sup2-00000009"
		d.at = time.Unix(1078, 0)
		d.about("Newchannel", name, id)
		d.at = time.Unix(1030, 0)
		asked := d.seq
		d.m.ended = map[string]bool{} // as while a list is asked for
		d.about("Hangup", name, id)
		d.listAsked(asked, listed(sup, supID, "", "", ""), listed(name, id, "ChanSpy", "PJSIP/agent1,q", ""))
		if d.m.channels[id] != nil {
			t.Errorf("%s is back", id)
		}
	}
}

// An application may choose the id of a channel, and choose it again.
func TestAnIDThatIsUsedAgain(t *testing.T) {
	t.Parallel()
	const name = "PJSIP/sup2-00000009"
	d := newDesk()
	d.everybody()
	for _, id := range []string{"coach-anna", "coach-anna", "coach-7.1", "coach-7.1"} {
		d.about("Newchannel", name, id)
		d.about("Newexten", name, id, "Application", "ChanSpy", "AppData", "PJSIP/agent1,q")
		d.spying("ChanSpyStart", name, id, ag1, ag1ID)
		if got := d.legs(); len(got) != 1 {
			t.Errorf("the session was told by %v", got)
		}
		d.spying("ChanSpyStop", name, id, ag1, ag1ID)
		d.about("Hangup", name, id)
		d.legs()
	}
}

// The end of a channel that is yet to come is forged, and does not keep it out.
func TestAForgedEndOfAChannelToCome(t *testing.T) {
	t.Parallel()
	const name, id = "PJSIP/sup2-00000009", "1077.9"
	d := newDesk()
	d.everybody()
	all := [][]string{listed(sup, supID, "", "", ""), listed(ag1, ag1ID, "", "", "b1"), listed(cust, custID, "", "", "b1"), listed(ag2, ag2ID, "", "", "")}
	d.list(nil, all...)
	for _, listing := range []map[string]bool{nil, {}} {
		d.m.ended = listing // as while a list is asked for, and not
		d.hear("Hangup", "Uniqueid", id)
	}
	d.list(nil, append(all, listed(name, id, "ChanSpy", "PJSIP/agent1,q", ""))...)
	d.spying("ChanSpyStart", name, id, ag1, ag1ID)
	if got := d.snapshotLegs(); len(got) != 1 {
		t.Errorf("the session is not there: %v", got)
	}
}

// What happened before the connection was lost tells why a session ends after it.
func TestReasonsOutliveAConnection(t *testing.T) {
	t.Parallel()
	first := newDesk()
	first.everybody()
	first.runs("ChanSpy", ag1+",qu")
	first.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
	first.about("HangupRequest", sup, supID) // and nobody is heard, so it goes on
	again := newDesk()
	again.at = first.at
	again.list(first.m, listed(sup, supID, "ChanSpy", ag1+",qu", ""), listed(ag1, ag1ID, "AppDial", "", "b1"), listed(cust, custID, "Dial", "PJSIP/agent1", "b1"))
	again.legs()
	again.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
	again.about("Hangup", sup, supID)
	if diff := cmp.Diff(again.legs(), []string{"51 1000.1 gone supervisor_left"}); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

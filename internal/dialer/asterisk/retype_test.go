package asterisk

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The type of a session is what was said last: by the options that its ChanSpy began
// with, by the supervisor's keypad, or by the configured variable.
func TestTypesThatChange(t *testing.T) {
	t.Parallel()
	presses := func(d *desk, digit string) { d.about("DTMFEnd", sup, supID, "Digit", digit, "Direction", "Received") }
	says := func(d *desk, kind string) { d.about("VarSet", sup, supID, "Variable", "SPY_TYPE", "Value", kind) }
	follows := func(d *desk) { // agent1 to his next call
		d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
		d.about("Hangup", ag1, ag1ID)
		d.about("Newchannel", next1, n1ID)
		d.spying("ChanSpyStart", sup, supID, next1, n1ID)
	}
	cases := map[string]struct {
		spies   string
		happens func(d *desk)
		want    []string
	}{
		"by keypad, and to the next agent": {
			"PJSIP/agent,qd",
			func(d *desk) {
				presses(d, "6")
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStart", sup, supID, ag2, ag2ID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "49 1000.1 on PJSIP/agent1 barge", "50 1000.1 waits moved_on", "51 1000.1 on PJSIP/agent2 barge"},
		},
		"by keypad, and to the agent's next call": {
			"PJSIP/agent1,qd", func(d *desk) { presses(d, "5"); follows(d) },
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "49 1000.1 on PJSIP/agent1 coach"},
		},
		"by keypad, and back by a ChanSpy that begins anew": {
			"PJSIP/agent1,qd",
			func(d *desk) {
				presses(d, "5")
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.runs("ChanSpy", "PJSIP/agent1,qd")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "49 1000.1 on PJSIP/agent1 coach", "52 1000.1 on PJSIP/agent1 monitor"},
		},
		"by keypad, before a list tells that it may be": {
			"", func(d *desk) {
				presses(d, "6")
				d.list(nil, listed(sup, supID, "ChanSpy", "PJSIP/agent1,qd", ""), listed(ag1, ag1ID, "AppDial", "", "b1"), listed(cust, custID, "Dial", "", "b1"), listed(ag2, ag2ID, "", "", ""))
			},
			[]string{"47 1000.1 on PJSIP/agent1 unknown", "47 1000.1 on PJSIP/agent1 barge"},
		},
		"not by keypad, where a list tells that it may not be": {
			"", func(d *desk) {
				presses(d, "6")
				d.list(nil, listed(sup, supID, "ChanSpy", "PJSIP/agent1,q", ""), listed(ag1, ag1ID, "AppDial", "", "b1"), listed(cust, custID, "Dial", "", "b1"), listed(ag2, ag2ID, "", "", ""))
			},
			[]string{"47 1000.1 on PJSIP/agent1 unknown", "47 1000.1 on PJSIP/agent1 monitor"},
		},
		"not by keypad without option d": {
			"PJSIP/agent1,q", func(d *desk) { presses(d, "5"); follows(d) },
			[]string{"48 1000.1 on PJSIP/agent1 monitor"},
		},
		"not by a key that is none": {
			"PJSIP/agent1,qd", func(d *desk) { presses(d, "7") },
			[]string{"48 1000.1 on PJSIP/agent1 monitor"},
		},
		"by the variable, while it listens": {
			"PJSIP/agent1,q", func(d *desk) { says(d, "coach"); says(d, "barge"); says(d, "barge") },
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "49 1000.1 on PJSIP/agent1 coach", "50 1000.1 on PJSIP/agent1 barge"},
		},
		"by the variable, and no more once it says nothing": {
			"PJSIP/agent1,q", func(d *desk) { says(d, "coach"); says(d, "") },
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "49 1000.1 on PJSIP/agent1 coach", "50 1000.1 on PJSIP/agent1 monitor"},
		},
		"by the variable and the keypad, whichever is newer": {
			"PJSIP/agent1,qd",
			func(d *desk) { says(d, "coach"); presses(d, "6"); follows(d); says(d, "monitor") },
			[]string{
				"48 1000.1 on PJSIP/agent1 monitor", "49 1000.1 on PJSIP/agent1 coach", "50 1000.1 on PJSIP/agent1 barge",
				"55 1000.1 on PJSIP/agent1 monitor",
			},
		},
		"not once it has taken the call over": {
			"PJSIP/agent1,q",
			func(d *desk) {
				d.about("BridgeEnter", cust, custID, "BridgeUniqueid", "b2")
				d.about("BridgeEnter", sup, supID, "BridgeUniqueid", "b2")
				says(d, "coach")
			},
			[]string{"48 1000.1 on PJSIP/agent1 monitor", "50 1000.1 on PJSIP/agent1 barge_kick"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.everybody()
			if c.spies != "" {
				d.runs("ChanSpy", c.spies)
			}
			d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			c.happens(d)
			if diff := cmp.Diff(d.legs(), c.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

// A key that is pressed before the options are told does not outweigh the variable.
func TestAKeyBeforeTheOptionsAndTheVariable(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.everybody()
	d.about("NewCallerid", sup, supID, "ChanVariable", "SPY_TYPE=coach")
	d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
	d.about("DTMFEnd", sup, supID, "Direction", "Received", "Digit", "6")
	d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
	d.spying("ChanSpyStart", sup, supID, ag2, ag2ID)
	want := []string{"48 1000.1 on PJSIP/agent1 coach", "50 1000.1 waits moved_on", "51 1000.1 on ? coach"}
	if diff := cmp.Diff(d.legs(), want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// On the customer's channel a whisper is to the customer: it coaches nobody, whether
// its options or a key say so.
func TestWhisperToTheCustomerIsNoCoaching(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.everybody()
	d.runs("ChanSpy", cust+",qud")
	d.spying("ChanSpyStart", sup, supID, cust, custID)
	d.about("DTMFEnd", sup, supID, "Digit", "5", "Direction", "Received")
	d.about("DTMFEnd", sup, supID, "Digit", "6", "Direction", "Received")
	want := []string{"48 1000.1 on PJSIP/agent1 monitor", "50 1000.1 on PJSIP/agent1 barge"}
	if diff := cmp.Diff(d.legs(), want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

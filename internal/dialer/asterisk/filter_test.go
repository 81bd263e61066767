package asterisk

import (
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// The filter of the README, with which all tests on a real Asterisk are: it keeps from
// us what we make nothing of, and no variable that is configured.
func TestRealAsteriskFilter(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	if f.asterisk.Major() < 18 {
		housetest.Missing(t, "an Asterisk as old as this knows no such filter, and passes it over")
	}
	conn, err := ami.Dial(t.Context(), ami.Config{Address: f.asterisk.AMI, Username: asterisktest.CoachUser, Secret: asterisktest.CoachSecret})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	f.call("5555678", "a2") // of which there would be much to hear
	f.supervise("s1", "a1", "coach")
	leg := f.anySession("the session").Leg
	f.do("Setvar", "Channel", leg, "Variable", "OURS_NOT", "Value", "1")
	f.do("Setvar", "Channel", leg, "Variable", "RESULT_CODE", "Value", "SALE")
	f.do("Hangup", "Channel", leg)
	heard := map[string]bool{}
	housetest.WaitFor(t, "the end of the leg", func() bool {
		for {
			select {
			case e := <-conn.Events():
				heard[strings.TrimSpace(e.Event()+" "+e.Get("Variable"))] = true
			default:
				return heard["ChanSpyStop"] && heard["Hangup"]
			}
		}
	})
	for event, want := range map[string]bool{
		"ChanSpyStart": true, "Newexten": true, "BridgeEnter": true, "VarSet __CAMPAIGN": true, "VarSet RESULT_CODE": true,
		"VarSet OURS_NOT": false, "VarSet BRIDGEPEER": false, "LocalBridge": false, "BridgeCreate": false,
	} {
		if heard[event] != want {
			t.Errorf("%s: heard %v, want %v", event, heard[event], want)
		}
	}
}

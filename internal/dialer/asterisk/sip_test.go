package asterisk

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// freeUDP is a port of the loopback that is free now.
func freeUDP(t *testing.T) int {
	t.Helper()
	c, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// phones answer every SIP call and send back what they hear, until the test ends.
func phones(t *testing.T) (port int) {
	t.Helper()
	program, err := exec.LookPath("sipp")
	if err != nil {
		housetest.Missing(t, "no SIP phones here: install sip-tester")
	}
	port = freeUDP(t)
	ctx, cancel := context.WithCancel(context.Background()) // the test's own is over before its clean-ups
	cmd := exec.CommandContext(ctx, program, "-sn", "uas", "-i", "127.0.0.1", "-p", fmt.Sprint(port), "-rtp_echo", "-nostdin")
	cmd.Dir = t.TempDir()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	return port
}

// sipFloor is a real Asterisk whose agent1 and sup1 have SIP phones; the customer
// hums, since a call that nobody is heard on holds a ChanSpy.
func sipFloor(t *testing.T) *floor {
	t.Helper()
	at := phones(t)
	conf := asterisktest.ContactCentre()
	conf["pjsip.conf"] = fmt.Sprintf("[udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:%d\n", freeUDP(t))
	for _, name := range []string{"agent1", "sup1"} {
		conf["pjsip.conf"] += fmt.Sprintf("[%[1]s]\ntype = aor\ncontact = sip:%[1]s@127.0.0.1:%[2]d\n"+
			"[%[1]s]\ntype = endpoint\naors = %[1]s\ncontext = phone\ndisallow = all\nallow = ulaw\ndirect_media = no\ncallerid = The %[1]s <%[1]s>\n", name, at)
	}
	conf["extensions.conf"] += `
[sip]
exten => agent1,1,Set(__CAMPAIGN=Spring Sale)
 same => n,Set(__DIRECTION=inbound)
 same => n,Dial(PJSIP/agent1)
exten => _q.,1,ChanSpy(PJSIP/agent1-,${EXTEN})
`
	f := &floor{t: t, asterisk: asterisktest.Start(t, conf)}
	f.connect()
	t.Cleanup(func() { f.hands.Close() })
	f.dialer = New(Config{Address: f.asterisk.AMI, Username: asterisktest.CoachUser, Secret: asterisktest.CoachSecret,
		Variables: Variables{Campaign: "CAMPAIGN", Direction: "DIRECTION"}})
	f.watch = watched(t, f.dialer)
	f.watch.snapshot()
	f.do("Originate", "Channel", "Local/5551234@customer/n", "Context", "sip", "Exten", "agent1", "Priority", "1", "Async", "true")
	housetest.WaitFor(t, "the call", f.sipTalking)
	return f
}

// sipTalking asks whether agent1 is in a bridge.
func (f *floor) sipTalking() bool {
	f.t.Helper()
	for _, c := range f.channels() {
		if strings.HasPrefix(c.Get("Channel"), "PJSIP/agent1-") && c.Get("BridgeId") != "" {
			return true
		}
	}
	return false
}

// The main types on SIP phones: each is a session of its type on the agent's device,
// and ends on request without harm to the call.
func TestSIPPhones(t *testing.T) {
	t.Parallel()
	f := sipFloor(t)
	for options, kind := range map[string]coaching.Type{"qbE": monitor, "qbwE": coaching.TypeCoach, "qbBE": barging} {
		f.do("Originate", "Channel", "PJSIP/sup1", "Context", "sip", "Exten", options, "Priority", "1", "Async", "true")
		a := f.anySession(string(kind))
		if a.Type != kind || a.Supervisor != (coaching.Person{Extension: "PJSIP/sup1", Name: "The sup1"}) || a.Target == nil ||
			*a.Target != (coaching.Person{Extension: "PJSIP/agent1", Name: "The agent1"}) || a.TargetCampaign.Key != "Spring Sale" {
			t.Errorf("%s: %+v", kind, a)
		}
		if got := f.hangUp(a); got != coaching.Accepted {
			t.Errorf("%s: hang up: %s", kind, got)
		}
		if gone := f.watch.gone(a.Leg); gone.Reason != coaching.EndDisconnected {
			t.Errorf("%s: gone: %+v", kind, gone)
		}
		if !f.sipTalking() {
			t.Fatalf("%s: the customer's call was harmed", kind)
		}
	}
}

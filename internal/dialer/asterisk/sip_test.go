package asterisk

import (
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
	"github.com/coachmanager/coachmanager/internal/housetest/siptest"
)

// sipFloor is a real Asterisk where everybody has a SIP phone, and agent1 talks to a
// customer.
type sipFloor struct{ *floor }

func newSIPFloor(t *testing.T) sipFloor {
	t.Helper()
	conf := asterisktest.ContactCentre()
	siptest.AddPhones(t, conf, "agent1", "agent2", "sup1", "customer")
	conf["extensions.conf"] += `
[sip]
exten => _a.,1,Set(__CAMPAIGN=Spring Sale)
 same => n,Set(__DIRECTION=inbound)
 same => n,Dial(PJSIP/${EXTEN})
exten => _q.,1,ChanSpy(PJSIP/agent1-,${EXTEN})
exten => either,1,ChanSpy(PJSIP/agent,qbE)
`
	f := sipFloor{&floor{t: t, asterisk: asterisktest.Start(t, conf)}}
	f.connect()
	f.dialer = New(Config{Address: f.asterisk.AMI, Username: asterisktest.CoachUser, Secret: asterisktest.CoachSecret, Variables: testVariables})
	f.watch = watched(t, f.dialer)
	f.watch.snapshot()
	f.calls("agent1")
	return f
}

// calls has a customer talk to an agent.
func (f sipFloor) calls(agent string) {
	f.t.Helper()
	f.do("Originate", "Channel", "PJSIP/customer", "Context", "sip", "Exten", agent, "Priority", "1", "Async", "true")
	housetest.WaitFor(f.t, "the call", func() bool { return f.talks(agent) })
}

// hums has every customer be heard from now on.
func (f sipFloor) hums() {
	f.t.Helper()
	f.tells("customer", siptest.Hum)
}

// tells tells a phone what to do, in all its calls.
func (f sipFloor) tells(phone, what string) {
	f.t.Helper()
	told := map[string]bool{} // a list may have a channel twice that changes meanwhile
	for _, c := range f.channels() {
		if name := c.Get("Channel"); strings.HasPrefix(name, "PJSIP/"+phone+"-") && !told[name] {
			told[name] = true
			f.do("SendText", "Channel", name, "Message", what)
		}
	}
}

// listens has the supervisor run an extension.
func (f sipFloor) listens(how string) {
	f.t.Helper()
	f.do("Originate", "Channel", "PJSIP/sup1", "Context", "sip", "Exten", how, "Priority", "1", "Async", "true")
}

// up is the channel of a phone, or an empty message.
func (f sipFloor) up(phone string) (m struct{ id, bridge string }) {
	f.t.Helper()
	for _, c := range f.channels() {
		if strings.HasPrefix(c.Get("Channel"), "PJSIP/"+phone+"-") {
			m.id, m.bridge = c.Get("Uniqueid"), c.Get("BridgeId")
		}
	}
	return m
}

// talks asks whether a phone is in a bridge.
func (f sipFloor) talks(phone string) bool {
	f.t.Helper()
	return f.up(phone).bridge != ""
}

// The main types on SIP phones: each is a session of its type on the agent's device,
// and ends on request without harm to the call.
func TestSIPPhones(t *testing.T) {
	t.Parallel()
	f := newSIPFloor(t)
	f.hums()
	for options, kind := range map[string]coaching.Type{"qbE": monitor, "qbwE": coaching.TypeCoach, "qbBE": barging} {
		f.listens(options)
		a := f.anySession(string(kind))
		if a.Type != kind || a.Supervisor != (coaching.Person{Extension: "PJSIP/sup1", Name: "The sup1"}) || a.Target == nil ||
			*a.Target != (coaching.Person{Extension: "PJSIP/agent1", Name: "The agent1"}) || a.TargetCampaign.Key != "Spring Sale" {
			t.Errorf("%s: %+v", kind, a)
		}
		f.disconnects(a)
	}
}

// disconnects ends a session on request, without harm to agent1's call.
func (f sipFloor) disconnects(a coaching.Attached) {
	f.t.Helper()
	if got := f.hangUp(a); got != coaching.Accepted {
		f.t.Errorf("%s: hang up: %s", a.Type, got)
	}
	if gone := f.watch.gone(a.Leg); gone.Reason != coaching.EndDisconnected {
		f.t.Errorf("%s: gone: %+v", a.Type, gone)
	}
	if !f.talks("agent1") {
		f.t.Fatalf("%s: the customer's call was harmed", a.Type)
	}
}

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
	"github.com/coachmanager/coachmanager/internal/housetest/siptest"
)

// sipPlay is a play where everybody has a SIP phone.
type sipPlay struct{ *play }

// newSIPPlay has the program watch, and 5551234 talk to agent a1.
func newSIPPlay(t *testing.T) sipPlay {
	t.Helper()
	conf := asterisktest.ContactCentre()
	siptest.AddPhones(t, conf, "a1", "a2", "s1", "s2", "5551234", "5555678")
	conf["extensions.conf"] += `
[sip]
exten => _a.,1,Set(__CAMPAIGN=Spring Sale)
 same => n,Set(__LIST=L-42)
 same => n,Set(__DIRECTION=inbound)
 same => n,Dial(PJSIP/${EXTEN})
exten => monitor,1,ChanSpy(PJSIP/a1-,qbE)
exten => coach,1,ChanSpy(PJSIP/a1-,qbwE)
exten => barge,1,ChanSpy(PJSIP/a1-,qbBE)
exten => keys,1,ChanSpy(PJSIP/a1-,qbdE)
exten => roam,1,ChanSpy(PJSIP/a,qb)
`
	p := sipPlay{&play{t: t, realCentre: &realCentre{t: t, pbx: asterisktest.Start(t, conf)}}}
	p.connect()
	t.Cleanup(func() { p.hands.Close() })
	p.serve(asterisktest.CoachUser+"@"+p.pbx.AMI, asterisktest.CoachSecret)
	p.isConnected(true)
	p.calls("5551234", "a1") // now: phones' names are told when they are called
	return p
}

// newHummingSIPPlay is one where that customer is heard.
func newHummingSIPPlay(t *testing.T) sipPlay {
	t.Helper()
	p := newSIPPlay(t)
	p.tells("5551234", siptest.Hum)
	return p
}

func (p sipPlay) in(t *testing.T) sipPlay { return sipPlay{p.play.in(t)} }

// calls has a customer call an agent.
func (p sipPlay) calls(number, agent string) {
	p.t.Helper()
	p.runs(number, agent)
	waitFor(p.t, number+" and "+agent+" to talk", func() bool { return p.talking(number, agent) })
}

// runs has a phone run an extension.
func (p sipPlay) runs(phone, exten string) {
	p.t.Helper()
	p.do("Originate", "Channel", "PJSIP/"+phone, "Context", "sip", "Exten", exten, "Priority", "1", "Async", "true")
}

// listens has a supervisor listen, and returns the session that comes of it.
func (p sipPlay) listens(supervisor, how string) (id string) {
	p.t.Helper()
	p.runs(supervisor, how)
	return p.sessionOf("The " + supervisor)
}

// tells tells a phone what to do.
func (p sipPlay) tells(phone, what string) {
	p.t.Helper()
	p.do("SendText", "Channel", p.on(phone).Get("Channel"), "Message", what)
}

// on is the channel of a phone, as Asterisk lists it; nothing while it is in none.
func (p sipPlay) on(phone string) ami.Message {
	p.t.Helper()
	all, err := p.hands.List(p.t.Context(), ami.NewAction("CoreShowChannels"))
	if err != nil {
		p.t.Fatal(err)
	}
	i := slices.IndexFunc(all.Items, func(c ami.Message) bool { return strings.HasPrefix(c.Get("Channel"), "PJSIP/"+phone+"-") })
	if i < 0 {
		return ami.Message{}
	}
	return all.Items[i]
}

// gone waits until a phone is in no call.
func (p sipPlay) gone(phone string) {
	p.t.Helper()
	waitFor(p.t, "the channel of "+phone+" to go", func() bool { return p.on(phone).Get("Channel") == "" })
}

// talking asks whether two phones are in one bridge.
func (p sipPlay) talking(one, other string) bool {
	p.t.Helper()
	bridge := p.on(one).Get("BridgeId")
	return bridge != "" && bridge == p.on(other).Get("BridgeId")
}

// talkOn wants two phones to talk now.
func (p sipPlay) talkOn(one, other string) {
	p.t.Helper()
	if !p.talking(one, other) {
		p.t.Errorf("the call of %s and %s was harmed:\n%s", one, other, p.channels())
	}
}

// shows waits until the API shows a session as wanted of the people of a play, who
// have names here.
func (p sipPlay) shows(id string, want seen) wholeSession {
	p.t.Helper()
	named := strings.NewReplacer("Local/", "The ", "@phone", "")
	want.User, want.Target = named.Replace(want.User), named.Replace(want.Target)
	return p.play.shows(id, want)
}

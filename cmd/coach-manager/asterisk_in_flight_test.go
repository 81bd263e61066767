package main

import (
	"strings"
	"testing"
)

// A supervisor who has left an agent for another one, and waits for that one's call, is
// with another agent: a request about the first one leaves him alone.
func TestRealAsteriskDisconnectOfWhoIsOnHisWay(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "\n[stay]\nexten => _a.,1,ChanSpy(Local/${EXTEN}@phone-,qb)\n")
	first := p.listens("s1", "monitor", "a1")
	was := inTheCall("monitor")
	p.shows(first, was)
	p.do("Redirect", "Channel", p.near("s1@phone"), "Context", "stay", "Exten", "a2", "Priority", "1")
	waitFor(t, "the supervisor to wait for the other", func() bool { return strings.Contains(p.channels(), "!Local/a2@phone-,qb!") })
	p.wantAnswer("200 ended", first, "", "")
	p.call("5555678", "a2")
	if p.near("s1@phone") == "" {
		t.Fatal("the supervisor was hung up on")
	}
	second := p.sessionOf("Local/s1@phone")
	p.shows(second, inTheNextCall("monitor"))
	ended := was.ended("moved_on")
	ended.User, ended.Asked, ended.Inferred = "Local/s1@phone, monitoring", []string{"moved"}, []string{"end"}
	p.shows(first, ended)
}

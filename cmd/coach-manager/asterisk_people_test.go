package main

import "testing"

// Two supervisors on one agent are two sessions; the end of one is not the other's,
// and the end of the call is.
func TestRealAsteriskTwoSupervisorsOnOneAgent(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "")
	first, second := p.listens("s1", "coach", "a1"), p.listens("s2", "monitor", "a1")
	coaching, monitoring := inTheCall("coach"), inTheCall("monitor")
	monitoring.User = "Local/s2@phone, monitoring"
	p.shows(first, coaching)
	p.shows(second, monitoring)
	p.wantAnswer("200 ended", first, "", "")
	p.onlyTheSupervisorWent()
	p.shows(first, coaching.ended("disconnected").by("local", "confirmed"))
	p.shows(second, monitoring)

	p.hangsUp(p.far("5551234@customer"))
	over := monitoring.ended("call_ended").afterTheCall()
	over.User = "Local/s2@phone, available"
	p.shows(second, over)
	earlier := coaching.ended("disconnected").by("local", "confirmed").afterTheCall()
	p.shows(first, earlier)
}

// A supervisor who goes on to another agent begins another session, which a request
// about the first one leaves alone.
func TestRealAsteriskSupervisorMovesOn(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "")
	first := p.listens("s1", "monitor", "a1")
	was := inTheCall("monitor")
	before := p.shows(first, was)
	p.call("5555678", "a2")
	p.do("Redirect", "Channel", p.near("s1@phone"), "Context", "monitor", "Exten", "a2", "Priority", "1")
	ended := was.ended("moved_on")
	ended.User = "Local/s1@phone, monitoring"
	p.shows(first, ended)
	second := p.sessionOf("Local/s1@phone")
	is := inTheNextCall("monitor")
	p.shows(second, is)
	p.wantAnswer("200 ended", first, before.ETag, "")
	p.wantAnswer("412 session_changed active", second, before.ETag, "")
	now := p.shows(second, is)
	p.wantAnswer("200 ended", second, now.ETag, "")
	p.onlyTheSupervisorWent()
	p.talkOn("5555678", "a2")
	p.shows(second, is.ended("disconnected").by("local", "confirmed"))
}

// The star takes a ChanSpy on to the next agent, and each is a session.
func TestRealAsteriskStarMovesOn(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "\n[roam]\nexten => a,1,ChanSpy(Local/a,qb)\n")
	p.call("5555678", "a2")
	first := p.listens("s1", "roam", "a")
	was, is := inTheCall("monitor"), inTheNextCall("monitor")
	if _, s := p.see(first); s.TargetUser.Name == "Local/a2@phone" {
		was, is = is, was // Asterisk chooses
	}
	p.shows(first, was)
	p.do("PlayDTMF", "Channel", p.near("s1@phone"), "Digit", "*", "Receive", "true")
	ended := was.ended("moved_on")
	ended.User = is.User
	p.shows(first, ended)
	second := p.sessionOf("Local/s1@phone")
	p.shows(second, is)
	p.wantAnswer("200 ended", second, "", "")
	p.onlyTheSupervisorWent()
	p.talkOn("5555678", "a2")
	p.shows(second, is.ended("disconnected").by("local", "confirmed"))
}

// A supervisor who stays follows the agent to the next call in one session, between
// the calls he hears none.
func TestRealAsteriskSessionOutlivesTheCall(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "\n[stay]\nexten => _a.,1,ChanSpy(Local/${EXTEN}@phone-,qb)\n")
	id := p.listens("s1", "stay", "a1")
	want := inTheCall("monitor")
	p.shows(id, want)
	p.hangsUp(p.far("5551234@customer"))
	want.Target, want.Current = "Local/a1@phone, available", nil
	want.Calls = []string{"5551234, inbound, ended, Spring Sale, L-42, -, heard"}
	p.shows(id, want)
	p.call("5555678", "a1")
	want.Target, want.Current = "Local/a1@phone, on_call", []string{"5555678, inbound, talking, Spring Sale, L-42, -"}
	want.Calls = append(want.Calls, want.Current...)
	p.shows(id, want)
	p.wantAnswer("200 ended", id, "", "")
	p.talkOn("5555678", "a1")
	over := want.ended("disconnected").by("local", "confirmed")
	over.Calls[0] = want.Calls[0]
	p.shows(id, over)
}

// Each end has its reason.
func TestRealAsteriskEndReasons(t *testing.T) {
	t.Parallel()
	all := newPlay(t, "")
	for name, end := range map[string]struct {
		happens func(p *play)
		reason  string
		call    string // what becomes of it
	}{
		"the customer hangs up":   {func(p *play) { p.hangsUp(p.far("5551234@customer")) }, "call_ended", "ended"},
		"the agent hangs up":      {func(p *play) { p.hangsUp(p.far("a1@phone")) }, "call_ended", "ended"},
		"the supervisor hangs up": {func(p *play) { p.hangsUp(p.far("s1@phone")) }, "supervisor_left", "talking"},
		"the customer is taken elsewhere": {func(p *play) {
			p.do("Redirect", "Channel", p.near("5551234@customer"), "Context", "customer", "Exten", "5551234", "Priority", "1")
		}, "target_left", "ended"},
	} {
		t.Run(name, func(t *testing.T) {
			// Not parallel: one Asterisk.
			p := all.in(t)
			if left := p.near("5551234@customer"); left != "" {
				p.hangsUp(left)
			}
			waitFor(t, "the call before to end", func() bool { return len(p.legsOf("5551234@customer")) == 0 && len(p.legsOf("a1@phone")) == 0 })
			p.call("5551234", "a1")
			id := p.listens("s1", "coach", "a1")
			want := inTheCall("coach")
			p.shows(id, want)
			end.happens(p)
			want = want.ended(end.reason)
			if end.call == "ended" {
				want = want.afterTheCall()
			}
			p.shows(id, want)
		})
	}
}

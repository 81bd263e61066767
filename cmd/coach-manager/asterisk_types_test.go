package main

import "testing"

// A session of each type, from its start into the history: DELETE ends it and leaves
// the customer's call alone.
func TestSessionsOfARealAsterisk(t *testing.T) {
	t.Parallel()
	all := newPlay(t, "")
	for _, kind := range []string{"monitor", "coach", "barge"} {
		t.Run(kind, func(t *testing.T) {
			// Not parallel: one Asterisk.
			p := all.in(t)
			id := p.listens("s1", kind, "a1")
			want := inTheCall(kind)
			p.shows(id, want)
			p.wantAnswer("200 ended", id, "", "?reason=enough")
			p.onlyTheSupervisorWent()
			p.shows(id, want.ended("disconnected").by("local", "confirmed"))
			p.wantAnswer("200 ended", id, "", "")
		})
	}
}

// A call that the agent made is outbound, and its result code is shown as soon as it
// is set, and in the history.
func TestRealAsteriskOutboundCallAndItsResultCode(t *testing.T) {
	t.Parallel()
	p := newPlay(t, `
[out]
exten => _X.,1,Set(CONNECTEDLINE(num,i)=${EXTEN}) ; as a trunk tells it
 same => n,Goto(outbound,${EXTEN},1)
`)
	p.dials("a2@phone", "out", "5559876")
	p.talk("5559876", "a2")
	id := p.listens("s1", "coach", "a2")
	want := inTheCall("coach")
	want.Target, want.Campaign = "Local/a2@phone, on_call", "Winter Sale"
	called := func(code string) []string { return []string{"5559876, outbound, talking, Winter Sale, L-7, " + code} }
	want.Current, want.Calls = called("-"), called("-")
	p.shows(id, want)
	p.do("Setvar", "Channel", p.near("a2@phone"), "Variable", "RESULT_CODE", "Value", "SALE")
	want.Current, want.Calls = called("SALE"), called("SALE")
	p.shows(id, want)
	p.wantAnswer("200 ended", id, "", "")
	p.talkOn("5559876", "a2")
	p.shows(id, want.ended("disconnected").by("local", "confirmed"))
}

// The keypad switches the type of one session; what was asked of the type before is
// not done.
func TestRealAsteriskKeypadSwitchesTheType(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "\n[keys]\nexten => _a.,1,ChanSpy(${GLOBAL(leg_${EXTEN})},qudE)\n")
	id := p.listens("s1", "keys", "a1")
	want := inTheCall("monitor")
	first := p.shows(id, want)
	for _, press := range []struct{ digit, kind string }{{"5", "coach"}, {"6", "barge"}, {"4", "monitor"}, {"5", "coach"}} {
		p.do("PlayDTMF", "Channel", p.near("s1@phone"), "Digit", press.digit, "Receive", "true")
		want = want.switched(press.kind)
		p.shows(id, want)
	}
	p.wantAnswer("412 session_changed active", id, first.ETag, "")
	now := p.shows(id, want)
	p.wantAnswer("200 ended", id, now.ETag, "")
	p.onlyTheSupervisorWent()
	p.shows(id, want.ended("disconnected").by("local", "confirmed"))
}

// A Redirect from one ChanSpy to another is a switch of the type in one session.
func TestRealAsteriskRedirectSwitchesTheType(t *testing.T) {
	t.Parallel()
	p := newPlay(t, "")
	id := p.listens("s1", "monitor", "a1")
	want := inTheCall("monitor")
	p.shows(id, want)
	for _, kind := range []string{"coach", "barge", "coach"} {
		p.do("Redirect", "Channel", p.near("s1@phone"), "Context", kind, "Exten", "a1", "Priority", "1")
		want = want.switched(kind)
		p.shows(id, want)
	}
	p.wantAnswer("200 ended", id, "", "")
	p.onlyTheSupervisorWent()
	p.shows(id, want.ended("disconnected").by("local", "confirmed"))
}

// takeOver has a supervisor who barged in take the call over.
func takeOver(t *testing.T) (p *play, id string, barged wholeSession, want seen) {
	t.Helper()
	p = newPlay(t, "")
	id = p.listens("s1", "barge", "a1")
	want = inTheCall("barge")
	barged = p.shows(id, want)
	p.do("Bridge", "Channel1", p.near("5551234@customer"), "Channel2", p.near("s1@phone"), "Tone", "no")
	want = want.switched("barge_kick")
	want.Target = "Local/a1@phone, available"
	return p, id, barged, want
}

// A take-over is the same session, and the customer's only party is not dropped but
// by force, which is for who has seen it.
func TestRealAsteriskTakeOverIsEndedByForceOnly(t *testing.T) {
	t.Parallel()
	p, id, barged, want := takeOver(t)
	taken := p.shows(id, want)
	p.wantAnswer("409 would_drop_customer active", id, "", "")
	p.wantAnswer("409 would_drop_customer active", id, taken.ETag, "")
	p.wantAnswer("428 precondition_required", id, "", "?force=true")
	p.wantAnswer("412 session_changed active", id, barged.ETag, "?force=true")
	if !p.together("5551234@customer", "s1@phone") {
		t.Error("the customer was dropped")
	}
	p.shows(id, want)
	p.wantAnswer("200 ended", id, taken.ETag, "?force=true&reason=by+force")
	p.shows(id, want.ended("disconnected").by("local", "confirmed"))
}

func TestRealAsteriskTakeOverEndsWithTheCustomer(t *testing.T) {
	t.Parallel()
	p, id, _, want := takeOver(t)
	p.shows(id, want)
	p.hangsUp(p.far("5551234@customer"))
	p.shows(id, want.ended("call_ended"))
}

func TestRealAsteriskTakeOverEndsWithTheSupervisor(t *testing.T) {
	t.Parallel()
	p, id, _, want := takeOver(t)
	p.shows(id, want)
	p.hangsUp(p.far("s1@phone"))
	p.shows(id, want.ended("supervisor_left"))
}

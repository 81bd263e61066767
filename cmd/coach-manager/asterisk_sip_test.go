package main

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest/siptest"
)

// A session of each type, from its start into the history: DELETE ends it and leaves
// the customer's call alone.
func TestSIPSessions(t *testing.T) {
	t.Parallel()
	all := newHummingSIPPlay(t)
	for _, kind := range []string{"monitor", "coach", "barge"} {
		t.Run(kind, func(t *testing.T) {
			// Not parallel: one Asterisk.
			p := all.in(t)
			id := p.listens("s1", kind)
			want := inTheCall(kind)
			p.shows(id, want)
			p.wantAnswer("200 ended", id, "", "?reason=enough")
			p.gone("s1")
			p.talkOn("5551234", "a1")
			p.shows(id, want.ended("disconnected").by("local", "confirmed"))
			p.wantAnswer("200 ended", id, "", "")
		})
	}
}

// What a supervisor's phone presses switches the type of one session, and what was
// asked of the type before is not done.
func TestSIPKeypadSwitchesTheType(t *testing.T) {
	t.Parallel()
	p := newHummingSIPPlay(t)
	id := p.listens("s1", "keys")
	want := inTheCall("monitor")
	first := p.shows(id, want)
	for _, press := range []struct{ key, kind string }{{"5", "coach"}, {"6", "barge"}, {"4", "monitor"}, {"5", "coach"}} {
		p.tells("s1", press.key)
		want = want.switched(press.kind)
		p.shows(id, want)
	}
	p.wantAnswer("412 session_changed active", id, first.ETag, "")
	now := p.shows(id, want)
	p.wantAnswer("200 ended", id, now.ETag, "")
	p.gone("s1")
	p.talkOn("5551234", "a1")
	p.shows(id, want.ended("disconnected").by("local", "confirmed"))
}

// The star takes a supervisor on to the next agent: two sessions, and a DELETE of the
// first does nothing to the second.
func TestSIPStarMovesOn(t *testing.T) {
	t.Parallel()
	p := newHummingSIPPlay(t)
	p.calls("5555678", "a2")
	p.tells("5555678", siptest.Hum)
	first := p.listens("s1", "roam")
	was, is := inTheCall("monitor"), inTheNextCall("monitor")
	if _, s := p.see(first); s.TargetUser.Name == "The a2" {
		was, is = is, was // Asterisk chooses
	}
	p.shows(first, was)
	p.tells("s1", "*")
	ended := was.ended("moved_on")
	ended.User = is.User
	p.shows(first, ended)
	second := p.sessionOf("The s1")
	p.shows(second, is)
	p.wantAnswer("200 ended", first, "", "")
	p.shows(second, is)
	p.wantAnswer("200 ended", second, "", "")
	p.gone("s1")
	p.talkOn("5551234", "a1")
	p.talkOn("5555678", "a2")
	p.shows(second, is.ended("disconnected").by("local", "confirmed"))
}

// Two supervisors on one agent are two sessions, and the end of one is not the other's.
func TestSIPTwoSupervisorsOnOneAgent(t *testing.T) {
	t.Parallel()
	p := newHummingSIPPlay(t)
	first, second := p.listens("s1", "coach"), p.listens("s2", "monitor")
	coaching, monitoring := inTheCall("coach"), inTheCall("monitor")
	monitoring.User = "The s2, monitoring"
	p.shows(first, coaching)
	p.shows(second, monitoring)
	p.wantAnswer("200 ended", first, "", "")
	p.gone("s1")
	p.talkOn("5551234", "a1")
	p.shows(first, coaching.ended("disconnected").by("local", "confirmed"))
	p.shows(second, monitoring)

	p.wantAnswer("200 ended", second, "", "")
	p.gone("s2")
	p.talkOn("5551234", "a1")
	over := monitoring.ended("disconnected").by("local", "confirmed")
	over.User = "The s2, available"
	p.shows(second, over)
}

// A supervisor who is bridged with the customer has taken the call over, in the same
// session: DELETE would drop the customer, and does by force only.
func TestSIPTakeOver(t *testing.T) {
	t.Parallel()
	p := newHummingSIPPlay(t)
	id := p.listens("s1", "barge")
	want := inTheCall("barge")
	barged := p.shows(id, want)
	p.do("Bridge", "Channel1", p.on("5551234").Get("Channel"), "Channel2", p.on("s1").Get("Channel"), "Tone", "no")
	want = want.switched("barge_kick")
	want.Target = "The a1, available"
	taken := p.shows(id, want)
	p.gone("a1")
	p.wantAnswer("409 would_drop_customer active", id, "", "")
	p.wantAnswer("409 would_drop_customer active", id, taken.ETag, "")
	p.wantAnswer("428 precondition_required", id, "", "?force=true")
	p.wantAnswer("412 session_changed active", id, barged.ETag, "?force=true")
	p.talkOn("5551234", "s1")
	p.shows(id, want)
	p.wantAnswer("200 ended", id, taken.ETag, "?force=true&reason=by+force")
	p.gone("s1")
	p.shows(id, want.ended("disconnected").by("local", "confirmed"))
}

// While nobody on the call is heard a ChanSpy does not let go. DELETE is accepted, and
// tried for a minute: then the session is active again and the request has failed. The
// supervisor stays until somebody is heard; all the while the call goes on.
func TestSIPDisconnectWithoutAudio(t *testing.T) {
	t.Parallel()
	p := newSIPPlay(t)
	id := p.listens("s1", "monitor")
	want := inTheCall("monitor")
	p.shows(id, want)
	stays := func() {
		t.Helper()
		p.talkOn("5551234", "a1")
		if p.on("s1").Get("Application") != "ChanSpy" {
			t.Errorf("the supervisor does not listen any more:\n%s", p.channels())
		}
		p.shows(id, want)
	}
	p.wantAnswer("202 disconnecting", id, "", "?reason=now")
	want.State, want.Asked = "disconnecting", []string{"pending"}
	stays()
	want.State, want.Asked = "active", []string{"failed"}
	p.shows(id, want)
	stays()

	p.tells("5551234", siptest.Hum)
	p.gone("s1")
	p.talkOn("5551234", "a1")
	ended := want.ended("disconnected")
	ended.By = "local" // who asked, if the answer was that it failed
	p.shows(id, ended)
}

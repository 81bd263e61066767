package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// readyIs waits until /readyz answers with a status.
func (p *play) readyIs(want int) {
	p.t.Helper()
	waitFor(p.t, "/readyz to answer "+http.StatusText(want), func() bool {
		status, _ := p.ask(http.MethodGet, "/readyz")
		return status == want
	})
}

// While nobody on the call is heard, ChanSpy does not let go: the session is being
// disconnected until the call ends, and the call is not harmed by that.
func TestRealAsteriskDisconnectWithoutAudio(t *testing.T) {
	t.Parallel()
	p := newPlay(t, `
[mute]
exten => _[a5].,1,Answer()
 same => n,Wait(1000)
[silent]
exten => _a.,1,Dial(Local/${EXTEN}@mute/n)
[silently]
exten => _a.,1,ChanSpy(Local/${EXTEN}@mute-,qbE)
`)
	p.dials("5550000@mute", "silent", "a7")
	waitFor(t, "the silent call", func() bool { return p.together("5550000@mute", "a7@mute") })
	id := p.listens("s1", "silently", "a7")
	want := inTheCall("monitor")
	want.Target, want.Campaign = "Local/a7@mute, on_call", "-"
	want.Current = []string{", inbound, talking, -, -, -"}
	want.Calls = want.Current
	p.shows(id, want)
	p.wantAnswer("202 disconnecting", id, "", "?reason=now")
	want.State, want.Asked = "disconnecting", []string{"pending"}
	p.shows(id, want)
	if !p.together("5550000@mute", "a7@mute") || p.near("s1@phone") == "" {
		t.Error("the silent call was harmed, or the supervisor is gone")
	}
	p.hangsUp(p.far("5550000@mute"))
	over := want.ended("disconnected").by("local", "confirmed").afterTheCall()
	over.Target = "Local/a7@mute, available"
	p.shows(id, over)
}

// What was there before an Asterisk was restarted has ended with it, and what comes
// after it is watched and ended as before.
func TestRealAsteriskRestarted(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]struct {
		goes   func(p *play) // away, and comes back
		killed bool          // it says nothing as it goes
	}{
		"core restart now": {func(p *play) { p.pbx.CLI("core restart now"); p.isConnected(false) }, false},
		"stopped and started": {func(p *play) {
			p.pbx.Stop()
			p.isConnected(false)
			p.readyIs(http.StatusServiceUnavailable)
			p.pbx.Start()
		}, false},
		"killed and started": {func(p *play) {
			id := p.sessionOf("Local/s1@phone")
			second := time.Now().Unix()
			p.pbx.Kill()
			lost := inTheCall("coach")
			lost.Stale = true
			p.shows(id, lost)
			p.wantAnswer("503 dialer_unreachable", id, "", "")
			lost.Asked = []string{"unreachable"}
			p.shows(id, lost)
			// Asterisk tells by the second when it was started.
			waitFor(p.t, "another second", func() bool { return time.Now().Unix() > second })
			p.pbx.Start()
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, "")
			if name == "core restart now" && !p.pbx.Restarts() {
				housetest.Missing(t, "this Asterisk cannot start itself again")
			}
			id := p.listens("s1", "coach", "a1")
			want := inTheCall("coach")
			p.shows(id, want)
			how.goes(p)
			p.isConnected(true)
			want = want.ended("dialer_restarted").afterTheCall()
			want.User, want.Target = "Local/s1@phone, unknown", "Local/a1@phone, unknown" // it tells of no Local phone that is idle
			if how.killed {
				want.Inferred, want.Asked = []string{"end"}, []string{"unreachable"}
			}
			p.shows(id, want)

			p.connect()
			p.call("5551234", "a1")
			next := p.listens("s1", "coach", "a1")
			again := inTheCall("coach")
			p.shows(next, again)
			p.wantAnswer("200 ended", next, "", "")
			p.onlyTheSupervisorWent()
			p.shows(next, again.ended("disconnected").by("local", "confirmed"))
			want.User, want.Target = "Local/s1@phone, available", "Local/a1@phone, on_call"
			p.shows(id, want)
		})
	}
}

// A connection that is cut ends no session: it is stale until the connection is there
// again, and what happened meanwhile is found then.
func TestRealAsteriskConnectionCut(t *testing.T) {
	t.Parallel()
	p, way := newPlayBy(t)
	id := p.listens("s1", "monitor", "a1")
	want := inTheCall("monitor")
	p.shows(id, want)
	away := func() {
		way.Refuse()
		way.Cut()
		p.isConnected(false)
		want.Stale = true
		p.shows(id, want)
	}
	back := func() {
		way.Work()
		want.Stale = false
	}

	away()
	p.do("Redirect", "Channel", p.near("s1@phone"), "Context", "coach", "Exten", "a1", "Priority", "1")
	back()
	want = want.switched("coach")
	p.shows(id, want)

	away()
	p.wantAnswer("503 dialer_unreachable", id, "", "")
	want.Asked = []string{"unreachable"}
	back()
	p.shows(id, want)

	away()
	p.hangsUp(p.far("s1@phone"))
	p.onlyTheSupervisorWent()
	back()
	over := want.ended("not_observed")
	over.Inferred, over.User = []string{"end"}, "Local/s1@phone, unknown"
	p.shows(id, over)
	p.talkOn("5551234", "a1")
}

// A session that began before the program did is found, with a start that is
// inferred, and found again by the program's next run.
func TestRealAsteriskSessionFoundAtTheStart(t *testing.T) {
	t.Parallel()
	p := rehearse(t, asterisktest.ContactCentre())
	p.dials("s1@phone", "barge", "a1")
	waitFor(t, "the supervisor to listen", func() bool { return strings.Contains(p.channels(), "!ChanSpy!") })
	folder := t.TempDir()
	p.serveFrom(folder, asterisktest.CoachUser+"@"+p.pbx.AMI, asterisktest.CoachSecret)
	p.isConnected(true)
	id := p.sessionOf("Local/s1@phone")
	want := inTheCall("barge")
	want.Inferred = []string{"start"}
	p.shows(id, want)
	if code := p.stop(); code != 0 {
		t.Errorf("the program ended with %d", code)
	}
	p.talkOn("5551234", "a1")

	p.serveFrom(folder, asterisktest.CoachUser+"@"+p.pbx.AMI, asterisktest.CoachSecret)
	p.isConnected(true)
	p.shows(id, want)
	p.wantAnswer("200 ended", id, "", "")
	p.onlyTheSupervisorWent()
	over := want.ended("disconnected").by("local", "confirmed")
	p.shows(id, over)
}

// A call that was taken over while nobody looked is known for that when somebody
// does, and its customer is not dropped.
func TestRealAsteriskTakenOverDuringTheCut(t *testing.T) {
	t.Parallel()
	p, way := newPlayBy(t)
	id := p.listens("s1", "barge", "a1")
	want := inTheCall("barge")
	p.shows(id, want)
	way.Refuse()
	way.Cut()
	p.isConnected(false)
	p.do("Bridge", "Channel1", p.near("5551234@customer"), "Channel2", p.near("s1@phone"), "Tone", "no")
	waitFor(t, "the take-over", func() bool { return p.together("5551234@customer", "s1@phone") && p.near("a1@phone") == "" })
	way.Work()
	want = want.switched("barge_kick")
	want.Target = "Local/a1@phone, unknown" // Asterisk tells of no Local phone that is idle
	p.shows(id, want)
	p.wantAnswer("409 would_drop_customer active", id, "", "")
	if !p.together("5551234@customer", "s1@phone") {
		t.Error("the customer was dropped")
	}
}

package httpapi_test

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

// disconnectWants is what a DELETE has to come to: its answer, what the dialer
// was asked, and what the session keeps.
type disconnectWants struct {
	status   int
	code     string // "" for success
	asks     int    // that the dialer got
	hungUp   int    // legs it hung up for them
	state    string
	end      string   // end_reason; "" while live
	outcomes []string // of the requests that are kept
}

var disconnects = map[string]struct {
	timing  coaching.Timing
	begin   coaching.Type // coach where it is ""
	script  func(w *world, leg string, s *coaching.SessionView)
	query   string
	ifMatch func(s *coaching.SessionView) string // of the session as it was at first; nil: none
	want    disconnectWants
}{
	"200: the leg is gone": {
		query: "?reason=end%20of%20shift",
		want:  disconnectWants{status: 200, asks: 1, hungUp: 1, state: "ended", end: "disconnected", outcomes: []string{"confirmed"}},
	},
	"200: If-Match names it": {
		ifMatch: func(s *coaching.SessionView) string { return `"` + s.Tag() + `"` },
		want:    disconnectWants{status: 200, asks: 1, hungUp: 1, state: "ended", end: "disconnected", outcomes: []string{"confirmed"}},
	},
	"200: If-Match names it among others": {
		ifMatch: func(s *coaching.SessionView) string { return `W/"x", "a,b" ,"` + s.Tag() + `",` },
		want:    disconnectWants{status: 200, asks: 1, hungUp: 1, state: "ended", end: "disconnected", outcomes: []string{"confirmed"}},
	},
	"200: If-Match names any": {
		ifMatch: func(*coaching.SessionView) string { return "*" },
		want:    disconnectWants{status: 200, asks: 1, hungUp: 1, state: "ended", end: "disconnected", outcomes: []string{"confirmed"}},
	},
	"200: it had ended already, whatever If-Match says": {
		script: func(w *world, leg string, s *coaching.SessionView) {
			w.must(w.sim.Leave(leg))
			w.gone(s.ID)
		},
		ifMatch: func(*coaching.SessionView) string { return `"other"` },
		want:    disconnectWants{status: 200, state: "ended", end: "supervisor_left"},
	},
	"200: the supervisor left between mark and ask": {
		script: func(w *world, leg string, _ *coaching.SessionView) {
			w.sim.OnHangUp(func(coaching.HangUp) { w.must(w.sim.Leave(leg)) }, nil)
		},
		want: disconnectWants{status: 200, asks: 1, state: "ended", end: "supervisor_left", outcomes: []string{"already_gone"}},
	},
	"200: the supervisor moved on between mark and ask, and is left alone": {
		script: func(w *world, leg string, _ *coaching.SessionView) {
			w.sim.OnHangUp(func(coaching.HangUp) { w.must(w.sim.Move(leg, otherAgent)) }, nil)
		},
		want: disconnectWants{status: 200, asks: 1, state: "ended", end: "moved_on", outcomes: []string{"moved"}},
	},
	"200: forced, the takeover that If-Match names": {
		begin:   coaching.TypeBargeKick,
		query:   "?force=true",
		ifMatch: func(s *coaching.SessionView) string { return `"` + s.Tag() + `"` },
		want:    disconnectWants{status: 200, asks: 1, hungUp: 1, state: "ended", end: "disconnected", outcomes: []string{"confirmed"}},
	},
	"202: the dialer agreed and the leg lives on": {
		timing: quick,
		script: func(w *world, _ string, _ *coaching.SessionView) {
			w.sim.NextHangUps(always(simulator.Answer{LegLives: true})...)
		},
		want: disconnectWants{status: 202, asks: 1, state: "disconnecting", outcomes: []string{"pending"}},
	},
	"428: force without If-Match": {
		query: "?force=true",
		want:  disconnectWants{status: 428, code: "precondition_required", state: "active"},
	},
	"412: another type than If-Match names": {
		ifMatch: func(s *coaching.SessionView) string { return `"` + s.Tag() + `"` },
		script: func(w *world, leg string, s *coaching.SessionView) {
			w.must(w.sim.SetType(leg, coaching.TypeBarge))
			w.until("the type is shown", func(l *coaching.Live) bool { return l.Session(s.ID).Type() == coaching.TypeBarge })
		},
		want: disconnectWants{status: 412, code: "session_changed", state: "active"},
	},
	"412: a weak tag matches nothing": {
		ifMatch: func(s *coaching.SessionView) string { return `W/"` + s.Tag() + `"` },
		want:    disconnectWants{status: 412, code: "session_changed", state: "active"},
	},
	"412: a tag that is called * is not the *": {
		ifMatch: func(*coaching.SessionView) string { return `"*"` },
		want:    disconnectWants{status: 412, code: "session_changed", state: "active"},
	},
	"409: the supervisor took the call over": {
		begin: coaching.TypeBargeKick,
		want:  disconnectWants{status: 409, code: "would_drop_customer", state: "active"},
	},
	"409: the supervisor takes the call over between mark and ask": {
		begin: coaching.TypeBarge,
		script: func(w *world, leg string, _ *coaching.SessionView) {
			w.sim.OnHangUp(func(coaching.HangUp) { w.must(w.sim.SetType(leg, coaching.TypeBargeKick)) }, nil)
		},
		want: disconnectWants{status: 409, code: "would_drop_customer", asks: 1, state: "active", outcomes: []string{"would_drop_customer"}},
	},
	"502: the dialer says no": {
		script: func(w *world, _ string, _ *coaching.SessionView) { w.sim.NextHangUps(simulator.Answer{Refuse: true}) },
		want:   disconnectWants{status: 502, code: "dialer_refused", asks: 1, state: "active", outcomes: []string{"refused"}},
	},
	"503: the dialer is not connected": {
		script: func(w *world, _ string, _ *coaching.SessionView) { w.loseDialer() },
		want:   disconnectWants{status: 503, code: "dialer_unreachable", asks: 1, state: "active", outcomes: []string{"unreachable"}},
	},
	"504: the dialer never answers": {
		timing: quick,
		script: func(w *world, _ string, _ *coaching.SessionView) {
			w.sim.NextHangUps(always(simulator.Answer{Never: true, LegLives: true})...)
		},
		want: disconnectWants{status: 504, code: "dialer_timeout", asks: 1, state: "disconnecting", outcomes: []string{"pending"}},
	},
}

func always(a simulator.Answer) []simulator.Answer {
	answers := make([]simulator.Answer, 1000)
	for i := range answers {
		answers[i] = a
	}
	return answers
}

// Every row of the table in design.md, section 3.
func TestDisconnectSession(t *testing.T) {
	t.Parallel()
	for name, test := range disconnects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.timing)
			if test.begin == "" {
				test.begin = coaching.TypeCoach
			}
			if test.begin == coaching.TypeBargeKick { // there is a customer to take over
				_, err := w.sim.StartCall(agent, number)
				w.must(err)
				w.must(w.sim.SetCall(agent, coaching.CallTalking))
			}
			leg, s := w.listen(supervisor, agent, test.begin)
			if test.script != nil {
				test.script(w, leg, s)
			}
			var headers []string
			if test.ifMatch != nil {
				headers = []string{"If-Match", test.ifMatch(s)}
			}
			a := w.delete("/coaching-sessions/"+s.ID.String()+test.query, headers...)
			w.checkDisconnect(a, s.ID, test.query, test.want)
		})
	}
}

func (w *world) checkDisconnect(a *answer, id coaching.SessionID, query string, want disconnectWants) {
	w.t.Helper()
	asks := w.sim.Truth().HangUps
	if len(asks) < want.asks || want.asks == 0 && len(asks) > 0 || w.hungUp() != want.hungUp {
		w.t.Errorf("the dialer was asked %+v; want %d asks, %d legs hung up", asks, want.asks, want.hungUp)
	}
	kept := decoded[api.Session](w.get("/coaching-sessions/"+id.String()), 200)
	w.checkKept(kept, query, want)
	if want.code == "" {
		if shown := decoded[api.Session](a, want.status); shown.ID != id || shown.State != want.state {
			w.t.Errorf("answered with session %s, %s; want %s, %s", shown.ID, shown.State, id, want.state)
		}
		return
	}
	p := a.problem(want.status, want.code)
	wantSession := want.status == 409 || want.status == 412 || want.status == 502 || want.status == 504
	switch {
	case (p.Session != nil) != wantSession:
		w.t.Errorf("%d with session: %v, want %v", want.status, p.Session != nil, wantSession)
	case wantSession && (p.Session.ID != id || p.Session.State != want.state || p.Session.Etag != kept.Etag):
		w.t.Errorf("the problem's session is %s, %s, %s; want it as it is", p.Session.ID, p.Session.State, p.Session.Etag)
	}
	if (a.header.Get("Retry-After") != "") != (want.status == 503) {
		w.t.Errorf("%d with Retry-After %q", want.status, a.header.Get("Retry-After"))
	}
}

// checkKept checks what the session keeps: who, when, why and the outcome.
func (w *world) checkKept(kept api.Session, query string, want disconnectWants) {
	w.t.Helper()
	end := ""
	if kept.EndReason != nil {
		end = *kept.EndReason
	}
	if kept.State != want.state || end != want.end {
		w.t.Errorf("the session is %s %q, want %s %q", kept.State, end, want.state, want.end)
	}
	if byUs := kept.EndedBy != nil && kept.EndedBy.Name == "local"; byUs != (want.end == "disconnected") {
		w.t.Errorf("ended by %v at %s", kept.EndedBy, end)
	}
	if len(kept.DisconnectRequests) != len(want.outcomes) {
		w.t.Fatalf("%d requests are kept, want %v", len(kept.DisconnectRequests), want.outcomes)
	}
	for i, r := range kept.DisconnectRequests {
		why := ""
		if r.Reason != nil {
			why = *r.Reason
		}
		if r.AskedBy.Name != "local" || r.AskedAt.IsZero() || r.Outcome != want.outcomes[i] || r.Forced != strings.Contains(query, "force") ||
			why == "" == strings.Contains(query, "reason") || (r.FinishedAt == nil) != (r.Outcome == "pending") {
			w.t.Errorf("request %d is %+v, want outcome %s of %q", i, r, want.outcomes[i], query)
		}
	}
}

func TestDisconnectSession_RepeatedIsSafe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(supervisor, agent, coaching.TypeBarge)
	first := decoded[api.Session](w.delete("/coaching-sessions/"+s.ID.String()), 200)
	again := decoded[api.Session](w.delete("/coaching-sessions/"+s.ID.String()), 200)
	if !first.EndedAt.Equal(*again.EndedAt) || len(again.DisconnectRequests) != 1 || len(w.sim.Truth().HangUps) != 1 {
		t.Errorf("the second DELETE changed something: %+v", again)
	}
}

func TestDisconnectSession_AskedTwiceAtOnceIsOneAskAndOneOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(supervisor, agent, coaching.TypeCoach)
	path := "/coaching-sessions/" + s.ID.String()
	second := make(chan *answer, 1)
	var once sync.Once
	w.sim.OnHangUp(func(coaching.HangUp) {
		once.Do(func() {
			go func() { second <- w.delete(path) }()
			w.until("the second has joined", func(l *coaching.Live) bool { return len(l.Session(s.ID).Requests) == 2 })
		})
	}, nil)
	for _, a := range []*answer{w.delete(path), <-second} {
		got := decoded[api.Session](a, 200)
		if len(got.DisconnectRequests) != 2 || got.DisconnectRequests[0].Joined || !got.DisconnectRequests[1].Joined {
			t.Errorf("requests %+v, want the second joined", got.DisconnectRequests)
		}
	}
	if len(w.sim.Truth().HangUps) != 1 {
		t.Errorf("the dialer was asked %d times, want once", len(w.sim.Truth().HangUps))
	}
}

func TestDisconnectSession_AnOlderClickNeverEndsANewerSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	leg, older := w.listen(supervisor, agent, coaching.TypeMonitor)
	w.must(w.sim.Move(leg, otherAgent))
	w.until("the supervisor has moved on", func(l *coaching.Live) bool { return l.Session(older.ID) == nil && len(l.Sessions()) == 1 })
	got := decoded[api.Session](w.delete("/coaching-sessions/"+older.ID.String()), 200)
	if got.EndReason == nil || *got.EndReason != "moved_on" || len(w.sim.Truth().HangUps) != 0 || len(w.floor.Live().Sessions()) != 1 {
		t.Errorf("the newer session was touched: %+v", got)
	}
}

func TestDisconnectSession_TheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	w.store.Away.Store(true)
	defer w.store.Away.Store(false)
	a := w.delete("/coaching-sessions/" + s.ID.String())
	if a.problem(503, "database_unavailable"); a.header.Get("Retry-After") == "" || len(w.sim.Truth().HangUps) != 0 {
		t.Errorf("Retry-After %q, asks %v", a.header.Get("Retry-After"), w.sim.Truth().HangUps)
	}
}

func TestDisconnectSession_IfMatchInTwoLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	decoded[api.Session](w.delete("/coaching-sessions/"+s.ID.String(), "If-Match", `"other"`, "If-Match", `"`+s.Tag()+`"`), 200)
}

// A caller who goes away stops nothing.
func TestDisconnectSession_TheCallerGoesAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{Wait: patience})
	_, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	ctx, goAway := contextWithCancel(t)
	w.sim.NextHangUps(simulator.Answer{LegAfter: 300 * time.Millisecond})
	w.sim.OnHangUp(func(coaching.HangUp) { goAway() }, nil)
	r := httptest.NewRequestWithContext(ctx, "DELETE", "/api/v1/coaching-sessions/"+s.ID.String(), nil)
	w.send(r)
	w.gone(s.ID)
	if w.hungUp() != 1 {
		t.Error("the leg was not hung up")
	}
}

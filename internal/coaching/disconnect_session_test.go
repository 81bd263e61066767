package coaching_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

var (
	manager = coaching.Actor{Name: "Mara"}
	quick   = coaching.Timing{Wait: 500 * time.Millisecond, Ask: 150 * time.Millisecond}
)

// wants is what a disconnect has to come to.
type wants struct {
	code    coaching.Code // "" for success
	state   coaching.State
	reason  coaching.EndReason
	outcome coaching.Outcome
	asked   int // asks that hung the leg up
}

func (w *world) check(id coaching.SessionID, err error, want wants) *coaching.SessionView {
	w.t.Helper()
	if got := coaching.CodeOf(err); got != want.code {
		w.t.Errorf("code %q (%v), want %q", got, err, want.code)
	}
	s := w.session(id)
	if s.State != want.state || s.EndReason != want.reason {
		w.t.Errorf("session is %s %q, want %s %q", s.State, s.EndReason, want.state, want.reason)
	}
	for _, r := range s.Requests {
		if r.Outcome != want.outcome || r.AskedBy.Name != manager.Name {
			w.t.Errorf("request of %q came to %s, want %s", r.AskedBy.Name, r.Outcome, want.outcome)
		}
	}
	if len(s.Requests) == 0 {
		w.t.Error("the request was not kept")
	}
	hungUp := 0
	for _, a := range w.asked() {
		if a.HungUp {
			hungUp++
		}
	}
	if hungUp != want.asked {
		w.t.Errorf("the dialer hung up %d times, want %d: %+v", hungUp, want.asked, w.asked())
	}
	return s
}

func (w *world) disconnect(id coaching.SessionID) error {
	_, err := w.floor.Disconnect(w.t.Context(), coaching.Disconnect{Session: id, By: manager, Reason: "lunch"})
	return err
}

// Every interleaving of design.md, section 5, that one process can see.
func TestDisconnectSession(t *testing.T) {
	t.Parallel()
	ended := func(reason coaching.EndReason, outcome coaching.Outcome, asked int) wants {
		return wants{state: coaching.StateEnded, reason: reason, outcome: outcome, asked: asked}
	}
	for name, test := range map[string]struct {
		timing coaching.Timing
		begin  coaching.Type
		script func(w *world, leg string, s *coaching.SessionView)
		want   wants
	}{
		"ends the session, and says who and why": {
			script: func(*world, string, *coaching.SessionView) {},
			want:   ended(coaching.EndDisconnected, coaching.OutcomeConfirmed, 1),
		},
		"leg gone between mark and ask": {
			script: func(w *world, leg string, _ *coaching.SessionView) {
				w.sim.OnHangUp(func(coaching.HangUp) { w.must(w.sim.Leave(leg)) }, nil)
			},
			want: ended(coaching.EndSupervisorLeft, coaching.OutcomeAlreadyGone, 0),
		},
		"the gone event comes before the answer": {
			script: func(w *world, _ string, s *coaching.SessionView) {
				w.sim.OnHangUp(nil, func(coaching.HangUp) {
					w.until("the end is known", func(l *coaching.Live) bool { return l.Session(s.ID) == nil })
				})
			},
			want: ended(coaching.EndDisconnected, coaching.OutcomeConfirmed, 1),
		},
		"no answer, and the leg lives on": {
			timing: quick,
			script: func(w *world, _ string, _ *coaching.SessionView) {
				w.sim.NextHangUps(manyTimes(simulator.Answer{Never: true, LegLives: true})...)
			},
			want: wants{code: coaching.DialerTimeout, state: coaching.StateDisconnecting, outcome: coaching.OutcomePending},
		},
		"no answer, and the leg goes all the same": {
			script: func(w *world, _ string, _ *coaching.SessionView) {
				w.sim.NextHangUps(simulator.Answer{Never: true})
			},
			want: ended(coaching.EndDisconnected, coaching.OutcomeConfirmed, 1),
		},
		"the supervisor leaves in the instant after the ask": {
			script: func(w *world, leg string, _ *coaching.SessionView) {
				w.sim.NextHangUps(simulator.Answer{LegAfter: time.Minute})
				w.sim.OnHangUp(nil, func(coaching.HangUp) { w.must(w.sim.Leave(leg)) })
			},
			want: wants{state: coaching.StateEnded, reason: coaching.EndSupervisorLeft, outcome: "", asked: 1},
		},
		"the supervisor moves to another agent between mark and ask": {
			script: func(w *world, leg string, _ *coaching.SessionView) {
				w.sim.OnHangUp(func(coaching.HangUp) { w.must(w.sim.Move(leg, otherAgent)) }, nil)
			},
			want: ended(coaching.EndMovedOn, coaching.OutcomeMoved, 0),
		},
		"the supervisor takes the call over between mark and ask": {
			begin: coaching.TypeBarge,
			script: func(w *world, leg string, _ *coaching.SessionView) {
				w.sim.OnHangUp(func(coaching.HangUp) { w.must(w.sim.SetType(leg, coaching.TypeBargeKick)) }, nil)
			},
			want: wants{code: coaching.CustomerWouldDrop, state: coaching.StateActive, outcome: coaching.OutcomeWouldDropCustomer},
		},
		"the dialer restarts in the instant after the ask": {
			script: func(w *world, _ string, _ *coaching.SessionView) {
				w.sim.NextHangUps(simulator.Answer{LegAfter: time.Minute})
				w.sim.OnHangUp(nil, func(coaching.HangUp) { w.sim.Restart(0) })
			},
			want: wants{state: coaching.StateEnded, reason: coaching.EndDialerRestarted, outcome: "", asked: 1},
		},
		"the dialer refuses": {
			script: func(w *world, _ string, _ *coaching.SessionView) { w.sim.NextHangUps(simulator.Answer{Refuse: true}) },
			want:   wants{code: coaching.DialerRefused, state: coaching.StateActive, outcome: coaching.OutcomeRefused},
		},
		"the dialer accepts, and the leg lives on beyond the wait": {
			timing: coaching.Timing{Wait: 3 * time.Second},
			script: func(w *world, _ string, _ *coaching.SessionView) {
				w.sim.NextHangUps(manyTimes(simulator.Answer{LegLives: true})...)
			},
			want: wants{state: coaching.StateDisconnecting, outcome: coaching.OutcomePending},
		},
		"the dialer accepts, and the leg lives on beyond the deadline": {
			timing: coaching.Timing{Wait: patience, Deadline: 400 * time.Millisecond},
			script: func(w *world, _ string, _ *coaching.SessionView) {
				w.sim.NextHangUps(manyTimes(simulator.Answer{LegLives: true})...)
			},
			want: wants{code: coaching.DialerTimeout, state: coaching.StateActive, outcome: coaching.OutcomeFailed},
		},
		"the leg that lives on is asked again": {
			script: func(w *world, _ string, _ *coaching.SessionView) {
				w.sim.NextHangUps(simulator.Answer{LegLives: true}, simulator.Answer{Never: true, LegLives: true})
			},
			timing: coaching.Timing{Wait: patience, Ask: 100 * time.Millisecond},
			want:   ended(coaching.EndDisconnected, coaching.OutcomeConfirmed, 1),
		},
		"the dialer is not connected": {
			script: func(w *world, _ string, _ *coaching.SessionView) {
				w.sim.LoseConnection(time.Hour)
				w.until("the connection is lost", simLost)
			},
			want: wants{code: coaching.DialerUnreachable, state: coaching.StateActive, outcome: coaching.OutcomeUnreachable},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.timing)
			if test.begin == "" {
				test.begin = coaching.TypeCoach
			}
			leg, s := w.listen(agent, test.begin)
			test.script(w, leg, s)
			err := w.disconnect(s.ID)
			if test.want.outcome == "" { // the answer and the end may be told in either order
				test.want.outcome = w.session(s.ID).Requests[0].Outcome
			}
			after := w.check(s.ID, err, test.want)
			if by := after.EndedBy; after.EndReason == coaching.EndDisconnected && (by == nil || by.Name != manager.Name) {
				t.Errorf("ended by %v, want %s", by, manager.Name)
			}
		})
	}
}

func manyTimes(a simulator.Answer) []simulator.Answer {
	answers := make([]simulator.Answer, 1000)
	for i := range answers {
		answers[i] = a
	}
	return answers
}

func TestDisconnectSession_LegGoneBeforeTheAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	leg, s := w.listen(agent, coaching.TypeMonitor)
	w.must(w.sim.Leave(leg))
	w.ended(s.ID)
	got, err := w.floor.Disconnect(t.Context(), coaching.Disconnect{Session: s.ID, By: manager, IfMatch: []string{"other"}})
	if err != nil || got.State != coaching.StateEnded || got.EndReason != coaching.EndSupervisorLeft {
		t.Errorf("got %+v, %v; want the ended session, whatever If-Match says", got, err)
	}
	if len(got.Requests) != 0 || len(w.asked()) != 0 {
		t.Errorf("requests %v, asked %v; want none", got.Requests, w.asked())
	}
}

func TestDisconnectSession_AskedTwiceAtOnceIsOneAskAndOneOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(agent, coaching.TypeMonitor)
	second := make(chan error, 1)
	var once sync.Once
	w.sim.OnHangUp(func(coaching.HangUp) {
		once.Do(func() {
			go func() { second <- w.disconnect(s.ID) }()
			w.until("the second has joined", func(l *coaching.Live) bool {
				live := l.Session(s.ID)
				return live != nil && len(live.Requests) == 2
			})
		})
	}, nil)
	if err := errors.Join(w.disconnect(s.ID), <-second); err != nil {
		t.Error(err)
	}
	after := w.check(s.ID, nil, wants{
		state: coaching.StateEnded, reason: coaching.EndDisconnected, outcome: coaching.OutcomeConfirmed, asked: 1,
	})
	if !after.Requests[1].Joined || len(w.asked()) != 1 {
		t.Errorf("requests %+v, asked %+v; want the second joined and one ask", after.Requests, w.asked())
	}
}

func TestDisconnectSession_AnOlderClickNeverEndsANewerSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	leg, older := w.listen(agent, coaching.TypeMonitor)
	w.must(w.sim.Move(leg, otherAgent))
	live := w.until("the leg has moved", func(l *coaching.Live) bool {
		return l.Session(older.ID) == nil && len(l.Sessions()) == 1
	})
	if err := w.disconnect(older.ID); err != nil {
		t.Error(err)
	}
	if !w.atLeg(leg) || len(w.asked()) != 0 || len(w.floor.Live().Sessions()) != len(live.Sessions()) {
		t.Error("the newer session was touched")
	}
}

func TestDisconnectSession_TheDatabaseFailsAfterTheDialerAgreed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{Wait: patience, Poll: 20 * time.Millisecond})
	_, s := w.listen(agent, coaching.TypeMonitor)
	var once sync.Once
	w.sim.OnHangUp(nil, func(coaching.HangUp) { once.Do(func() { w.store.Away.Store(true) }) })
	answered := make(chan error, 1)
	go func() { answered <- w.disconnect(s.ID) }()
	stale := w.until("the view says that it is stale", func(l *coaching.Live) bool {
		live := l.Session(s.ID)
		return live != nil && live.Stale && live.LastConfirmedAt != nil
	})
	if stale.Session(s.ID).State != coaching.StateDisconnecting {
		t.Errorf("state %s, want disconnecting", stale.Session(s.ID).State)
	}
	w.store.Away.Store(false)
	if err := <-answered; err != nil {
		t.Error(err)
	}
	w.check(s.ID, nil, wants{
		state: coaching.StateEnded, reason: coaching.EndDisconnected, outcome: coaching.OutcomeConfirmed, asked: 1,
	})
}

func TestDisconnectSession_TheDialerRestartsBetweenMarkAndAsk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(agent, coaching.TypeMonitor)
	w.sim.OnHangUp(func(coaching.HangUp) { w.sim.Restart(0) }, nil)
	if err := w.disconnect(s.ID); coaching.CodeOf(err) != coaching.DialerUnreachable {
		t.Errorf("got %v, want %s: it was not asked", err, coaching.DialerUnreachable)
	}
	w.ended(s.ID)
	w.check(s.ID, nil, wants{
		state: coaching.StateEnded, reason: coaching.EndDialerRestarted, outcome: coaching.OutcomeUnreachable,
	})
}

func TestDisconnectSession_TheProcessDiesAfterTheMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(agent, coaching.TypeMonitor)
	w.stop()
	scope := coaching.Scope{Dialer: s.Dialer, Kind: "simulator", Sessions: []coaching.SessionID{s.ID}}
	_, err := w.store.Change(t.Context(), scope, func(b *coaching.Board) error {
		_, err := b.Ask(coaching.Disconnect{Session: s.ID, By: manager})
		return err
	})
	w.must(err)
	w.run(coaching.Timing{})
	w.ended(s.ID)
	w.check(s.ID, nil, wants{
		state: coaching.StateEnded, reason: coaching.EndDisconnected, outcome: coaching.OutcomeConfirmed, asked: 1,
	})
}

func TestDisconnectSession_WhoJoinsByForceIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{Wait: patience})
	leg, s := w.listen(agent, coaching.TypeBarge)
	var first sync.Once
	joined := make(chan error, 1)
	w.sim.OnHangUp(func(coaching.HangUp) {
		first.Do(func() {
			w.must(w.sim.SetType(leg, coaching.TypeBargeKick))
			live := w.until("the takeover is shown", func(l *coaching.Live) bool { return l.Session(s.ID).Type() == coaching.TypeBargeKick })
			join := coaching.Disconnect{Session: s.ID, By: manager, Force: true, IfMatch: []string{live.Session(s.ID).Tag()}}
			go func() {
				_, err := w.floor.Disconnect(w.t.Context(), join)
				joined <- err
			}()
			w.until("the second has joined", func(l *coaching.Live) bool { return len(l.Session(s.ID).Requests) == 2 })
		})
	}, nil)
	for name, err := range map[string]error{"the first": w.disconnect(s.ID), "who joined by force": <-joined} {
		if err != nil {
			t.Errorf("%s got %v, want one outcome for both: it was ended", name, err)
		}
	}
	w.check(s.ID, nil, wants{
		state: coaching.StateEnded, reason: coaching.EndDisconnected, outcome: coaching.OutcomeConfirmed, asked: 1,
	})
}

func TestDisconnectSession_ACallerWhoGoesAwayDoesNotStopIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(agent, coaching.TypeMonitor)
	ctx, goAway := context.WithCancel(t.Context())
	w.sim.OnHangUp(func(coaching.HangUp) { goAway() }, nil)
	if _, err := w.floor.Disconnect(ctx, coaching.Disconnect{Session: s.ID, By: manager}); err == nil {
		t.Log("the answer came first")
	}
	w.ended(s.ID)
	w.check(s.ID, nil, wants{
		state: coaching.StateEnded, reason: coaching.EndDisconnected, outcome: coaching.OutcomeConfirmed, asked: 1,
	})
}

func TestDisconnectSession_ForceEndsATakeoverOnlyForWhatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	leg, s := w.listen(agent, coaching.TypeBarge)
	seen := s.Tag()
	w.must(w.sim.SetType(leg, coaching.TypeBargeKick))
	live := w.until("the takeover is shown", func(l *coaching.Live) bool {
		return l.Session(s.ID).Type() == coaching.TypeBargeKick
	})
	ask := coaching.Disconnect{Session: s.ID, By: manager, Force: true}
	for _, step := range []struct {
		ifMatch []string
		force   bool
		want    coaching.Code
	}{
		{nil, true, coaching.PreconditionRequired},
		{[]string{"*"}, true, coaching.PreconditionRequired},
		{[]string{seen}, true, coaching.SessionChangedSince},
		{[]string{live.Session(s.ID).Tag()}, false, coaching.CustomerWouldDrop},
	} {
		ask.IfMatch, ask.Force = step.ifMatch, step.force
		if _, err := w.floor.Disconnect(t.Context(), ask); coaching.CodeOf(err) != step.want {
			t.Errorf("If-Match %v, force %v: %v, want %s", step.ifMatch, step.force, err, step.want)
		}
	}
	if got := w.session(s.ID); len(got.Requests) != 0 || !w.atLeg(leg) {
		t.Errorf("requests %v before the mark, want none kept and the leg alive", got.Requests)
	}
	ask.Force = true
	if _, err := w.floor.Disconnect(t.Context(), ask); err != nil {
		t.Error(err)
	}
	after := w.check(s.ID, nil, wants{
		state: coaching.StateEnded, reason: coaching.EndDisconnected, outcome: coaching.OutcomeConfirmed, asked: 1,
	})
	if !after.Requests[0].Forced {
		t.Error("the session does not say that it was forced")
	}
}

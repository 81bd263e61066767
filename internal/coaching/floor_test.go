package coaching_test

import (
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

func TestFloor_LosingTheConnectionEndsNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(agent, coaching.TypeCoach)
	if s.Stale || s.LastConfirmedAt != nil {
		t.Errorf("stale %v since %v while connected", s.Stale, s.LastConfirmedAt)
	}
	w.sim.LoseConnection(50 * time.Millisecond)
	lost := w.until("the loss is shown", simLost)
	if got := lost.Session(s.ID); got == nil || !got.Stale || got.LastConfirmedAt == nil || got.State != coaching.StateActive {
		t.Errorf("got %+v, want the session active, stale and with the moment it was last confirmed", got)
	}
	w.until("the session is confirmed", func(l *coaching.Live) bool {
		got := l.Session(s.ID)
		return simConnected(l) && got != nil && !got.Stale && got.LastConfirmedAt == nil
	})
}

func TestFloor_WhatEndedInAGapEndsAtTheLastMomentItWasKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	leg, s := w.listen(agent, coaching.TypeCoach)
	w.sim.LoseConnection(50 * time.Millisecond)
	lost := w.until("the loss is shown", simLost)
	w.must(w.sim.Leave(leg))
	after := w.ended(s.ID)
	if after.EndReason != coaching.EndNotObserved || after.EndedAtExact {
		t.Errorf("ended %s, exact %v; want not_observed, inexact", after.EndReason, after.EndedAtExact)
	}
	want := *simulated(lost).ClockAt
	if s.StartedAt.After(want) { // what the dialer's clock showed is known to a few milliseconds
		want = s.StartedAt
	}
	if !after.EndedAt.Equal(want) {
		t.Errorf("ended at %v, want when the dialer was last heard, %v", after.EndedAt, want)
	}
}

func TestFloor_ARestartedDialerEndsAllItsOldSessionsFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(agent, coaching.TypeCoach)
	w.sim.Restart(0)
	if after := w.ended(s.ID); after.EndReason != coaching.EndDialerRestarted || after.EndedAtExact {
		t.Errorf("ended %s, exact %v; want dialer_restarted, inexact", after.EndReason, after.EndedAtExact)
	}
	w.until("the dialer is connected again", simConnected)
	_, next := w.listen(agent, coaching.TypeCoach)
	if next.ID == s.ID || next.State != coaching.StateActive {
		t.Errorf("after the restart: %+v", next)
	}
}

func TestFloor_ASnapshotThatCannotBeHadEndsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(agent, coaching.TypeCoach)
	w.sim.FailSnapshots(2)
	w.sim.LoseConnection(0)
	w.until("the loss is shown", simLost)
	w.until("the dialer is connected again", simConnected)
	if got := w.session(s.ID); got.State != coaching.StateActive || got.Stale {
		t.Errorf("got %s, stale %v", got.State, got.Stale)
	}
}

func TestFloor_ReportsAreHeldWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{Poll: 20 * time.Millisecond})
	leg, s := w.listen(agent, coaching.TypeCoach)
	w.store.Away.Store(true)
	w.until("the view says that it is stale", func(l *coaching.Live) bool { return l.Session(s.ID).Stale })
	w.must(w.sim.SetType(leg, coaching.TypeBarge))
	w.must(w.sim.Leave(leg))
	w.store.Away.Store(false)
	after := w.ended(s.ID)
	if after.EndReason != coaching.EndSupervisorLeft || !after.EndedAtExact || after.Type() != coaching.TypeBarge {
		t.Errorf("ended %s as %s, exact %v; want what happened meanwhile, exactly", after.EndReason, after.Type(), after.EndedAtExact)
	}
}

func TestFloor_ANewProcessGoesOnWhereTheOldOneStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, stays := w.listen(agent, coaching.TypeCoach)
	leaves, gone := w.listen(otherAgent, coaching.TypeMonitor)
	w.stop()
	w.must(w.sim.Leave(leaves))
	w.run(coaching.Timing{})
	if after := w.ended(gone.ID); after.EndReason != coaching.EndNotObserved || after.EndedAtExact {
		t.Errorf("ended %s, exact %v; want not_observed, inexact", after.EndReason, after.EndedAtExact)
	}
	if got := w.session(stays.ID); got.State != coaching.StateActive || got.Stale || !got.StartedAt.Equal(stays.StartedAt) {
		t.Errorf("got %+v, want the session that stayed", got.Session)
	}
}

func TestFloor_ACallThatOutlivedItsSessionIsOverWhenNobodySawItEnd(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(w *world){
		"while the connection was lost": func(w *world) {
			w.sim.LoseConnection(50 * time.Millisecond)
			w.until("the loss is shown", simLost)
			w.must(w.sim.EndCall(agent))
		},
		"while no process was there": func(w *world) {
			w.stop()
			w.must(w.sim.EndCall(agent))
			w.run(coaching.Timing{})
		},
		"since the dialer restarted": func(w *world) { w.sim.Restart(0) },
		"since the dialer restarted while no process was there": func(w *world) {
			w.stop()
			w.sim.Restart(0)
			w.run(coaching.Timing{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, coaching.Timing{})
			_, err := w.sim.StartCall(agent, "+15550100")
			w.must(err)
			leg, s := w.listen(agent, coaching.TypeCoach)
			w.must(w.sim.Leave(leg))
			if before := w.ended(s.ID); len(before.Calls) != 1 || before.Calls[0].State == coaching.CallEnded {
				t.Fatalf("got calls %+v, want one that goes on", before.Calls)
			}
			away(w)
			w.until("the call is over", func(*coaching.Live) bool { return w.session(s.ID).Calls[0].State == coaching.CallEnded })
			after := w.session(s.ID)
			if c := after.Calls[0]; c.EndedAt == nil || c.EndedAt.Before(*after.EndedAt) || !c.HeardUntil.Equal(*after.EndedAt) {
				t.Errorf("got %+v, want it heard until the session's end, %v, and over no earlier", c, after.EndedAt)
			}
		})
	}
}

func TestFloor_ADialerTakenOutOfTheConfigurationIsNotAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(agent, coaching.TypeCoach)
	w.stop()
	scope := coaching.Scope{Dialer: s.Dialer, Kind: "simulator", Sessions: []coaching.SessionID{s.ID}}
	_, err := w.store.Change(t.Context(), scope, func(b *coaching.Board) error {
		_, err := b.Ask(coaching.Disconnect{Session: s.ID, By: manager}) // left behind
		return err
	})
	w.must(err)
	w.start(coaching.Timing{}, coaching.WatchedDialer{Name: "other", Kind: "simulator", Dialer: w.sim})
	w.until("the request has come to nothing", func(l *coaching.Live) bool {
		return l.Session(s.ID).State == coaching.StateActive
	})
	got := w.session(s.ID)
	if !got.Stale || got.Requests[0].Outcome != coaching.OutcomeUnreachable {
		t.Errorf("stale %v, requests %+v; want it stale and the request unreachable", got.Stale, got.Requests)
	}
	if err := w.disconnect(s.ID); coaching.CodeOf(err) != coaching.DialerUnreachable || len(w.session(s.ID).Requests) != 1 {
		t.Errorf("got %v, want %s and nothing kept", err, coaching.DialerUnreachable)
	}
	w.until("only the dialer that is watched is shown", func(*coaching.Live) bool {
		d := w.floor.Dialers()
		return len(d) == 1 && d[0].Name == "other"
	})
}

func TestFloor_AnotherKindOfDialerMayTakeAName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	w.stop()
	w.start(coaching.Timing{}, coaching.WatchedDialer{Name: "sim", Kind: "asterisk", Dialer: w.sim})
	w.until("the new kind is shown", func(l *coaching.Live) bool { return simulated(l).Kind == "asterisk" })
}

func TestFloor_TheSelectedUserIsShownWithOrWithoutASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(agent, coaching.TypeCoach)
	u, err := w.floor.User(t.Context(), s.User.ID)
	if err != nil || u.Presence.Status != coaching.StatusCoaching || len(u.Sessions) != 1 {
		t.Fatalf("supervisor: %+v, %v", u, err)
	}
	target, err := w.floor.User(t.Context(), s.Target.ID)
	if err != nil || len(target.Sessions) != 0 || target.Name != s.TargetUser.Name {
		t.Errorf("target: %+v, %v", target, err)
	}
	if _, err := w.floor.User(t.Context(), coaching.UserID{}); coaching.CodeOf(err) != coaching.UserNotFound {
		t.Errorf("unknown user: %v, want %s", err, coaching.UserNotFound)
	}
}

func TestFloor_WhatCannotBeHeldIsReconciled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{Poll: 20 * time.Millisecond})
	leg, s := w.listen(agent, coaching.TypeCoach)
	w.store.Away.Store(true)
	w.until("the view says that it is stale", func(l *coaching.Live) bool { return l.Session(s.ID).Stale })
	statuses := []coaching.Status{coaching.StatusPaused, coaching.StatusAvailable}
	for n := range 25_000 { // more than are held
		w.must(w.sim.SetStatus(otherAgent, statuses[n%2], ""))
	}
	w.must(w.sim.Leave(leg))
	w.store.Away.Store(false)
	if after := w.ended(s.ID); after.EndReason != coaching.EndNotObserved || after.EndedAtExact {
		t.Errorf("ended %s, exact %v; want not_observed, inexact", after.EndReason, after.EndedAtExact)
	}
	w.until("the dialer is connected again", simConnected)
}

func TestFloor_AStatusHoldsSinceTheSessionEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	leg, s := w.listen(agent, coaching.TypeCoach)
	w.must(w.sim.Leave(leg))
	after := w.ended(s.ID)
	u, err := w.floor.User(t.Context(), s.User.ID)
	w.must(err)
	if u.Presence.Status != coaching.StatusAvailable || u.Presence.Since == nil || u.Presence.Since.Before(*after.EndedAt) {
		t.Errorf("presence %+v; want available, not since before the session ended at %v", u.Presence, after.EndedAt)
	}
}

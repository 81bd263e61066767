package coaching_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// beside runs another floor over the world's store and dialer, as another process
// would, under the name "second".
func (w *world) beside(timing coaching.Timing, dialers ...coaching.WatchedDialer) *world {
	w.t.Helper()
	floor := coaching.NewFloor(w.store, "second", dialers, timing, slog.New(slog.DiscardHandler))
	if err := floor.Open(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var running sync.WaitGroup
	running.Go(func() { floor.Run(ctx) })
	second := &world{t: w.t, floor: floor, sim: w.sim, store: w.store, stop: func() { cancel(); running.Wait() }}
	w.t.Cleanup(second.stop)
	return second
}

func (w *world) watchedSim() coaching.WatchedDialer {
	return coaching.WatchedDialer{Name: "sim", Kind: "simulator", Dialer: w.sim}
}

// lease is the dialer's, as the database has it.
func (w *world) lease() coaching.Lease {
	w.t.Helper()
	leases, err := w.store.Leases(w.t.Context())
	if err != nil || len(leases) != 1 {
		w.t.Fatalf("got %+v, %v, want one lease", leases, err)
	}
	return leases[0]
}

// takeAway gives the dialer to a holder that is no floor.
func (w *world) takeAway() coaching.Fence {
	w.t.Helper()
	w.must(w.store.RenewLease(w.t.Context(), "sim", w.lease().Fence, coaching.Renewal{For: -time.Second}))
	fence, err := w.store.TakeLease(w.t.Context(), "sim", coaching.Holder{Token: "another's", Name: "another"}, time.Hour)
	w.must(err)
	return fence
}

func watchedBy(name string) func(*coaching.Live) bool {
	return func(l *coaching.Live) bool { return simulated(l).WatchedBy == name }
}

// quickly has other processes' changes seen soon, also without being told.
var quickly = coaching.Timing{Poll: 10 * time.Millisecond}

func TestFloor_ADisconnectThroughAFloorThatDoesNotWatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quickly)
	_, s := w.listen(agent, coaching.TypeCoach)
	for name, dialers := range map[string][]coaching.WatchedDialer{
		"that would watch the dialer": {w.watchedSim()}, "that does not know the dialer": nil,
	} {
		second := w.beside(quickly, dialers...)
		second.until("it shows who watches", watchedBy("test"))
		ended, err := second.floor.Disconnect(t.Context(), coaching.Disconnect{Session: s.ID, By: coaching.Actor{Name: "second"}})
		if err != nil || ended.Live() || ended.EndReason != coaching.EndDisconnected || ended.Requests[0].Outcome != coaching.OutcomeConfirmed {
			t.Errorf("through a floor %s: got %+v, %v", name, ended, err)
		}
		if n := len(w.asked()); n == 0 {
			t.Error("the dialer was not asked")
		}
		second.stop()
		_, s = w.listen(otherAgent, coaching.TypeCoach)
	}
}

func TestFloor_AStopHandsTheDialerOverAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{Lease: time.Hour, Poll: 10 * time.Millisecond})
	leg, s := w.listen(agent, coaching.TypeMonitor)
	second := w.beside(quickly, w.watchedSim())
	w.stop()
	live := second.until("it watches", func(l *coaching.Live) bool { return watchedBy("second")(l) && simConnected(l) })
	if got := live.Session(s.ID); got == nil || got.Stale || got.Leg != leg {
		t.Errorf("got %+v, want the same session, confirmed", got)
	}
}

// Whoever lost the lease writes nothing any more, and asks for nothing.
func TestFloor_AnotherTookTheLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{Lease: 300 * time.Millisecond, Poll: 10 * time.Millisecond, Wait: 100 * time.Millisecond})
	leg, s := w.listen(agent, coaching.TypeMonitor)
	fence := w.takeAway()
	w.must(w.sim.Leave(leg))
	w.until("it knows who watches", watchedBy("another"))
	_, err := w.floor.Disconnect(t.Context(), coaching.Disconnect{Session: s.ID, By: coaching.Actor{Name: "me"}})
	if coaching.CodeOf(err) != coaching.DialerTimeout {
		t.Errorf("a request that nobody carries out: got %v, want dialer_timeout", err)
	}
	if n := len(w.asked()); n != 0 {
		t.Errorf("it asked the dialer %d times for what is another's", n)
	}
	if got := w.session(s.ID); !got.Live() {
		t.Errorf("it wrote the end of %+v, which is another's to tell", got.Session)
	}
	w.must(w.store.ReleaseLease(t.Context(), "sim", fence))
	if got := w.ended(s.ID); got.EndReason != coaching.EndNotObserved || got.Requests[0].Outcome != coaching.OutcomeAlreadyGone {
		t.Errorf("once it watches again: got %s, %+v", got.EndReason, got.Requests)
	}
}

// The database was away for longer than the lease, and nobody else took the
// dialer: what was reported meanwhile is kept with its times.
func TestFloor_ALeaseThatIsRenewedLateLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{Lease: 200 * time.Millisecond, Poll: 10 * time.Millisecond})
	leg, s := w.listen(agent, coaching.TypeMonitor)
	before := w.lease()
	w.store.Away.Store(true)
	w.must(w.sim.Leave(leg))
	w.until("the view is stale", func(l *coaching.Live) bool { return l.Session(s.ID).Stale })
	expired := time.NewTicker(10 * time.Millisecond)
	defer expired.Stop()
	for held := true; held; <-expired.C {
		leases, err := w.store.Store.Leases(t.Context())
		w.must(err)
		held = leases[0].Held
	}
	w.store.Away.Store(false)
	if got := w.ended(s.ID); got.EndReason != coaching.EndSupervisorLeft || !got.EndedAtExact {
		t.Errorf("got %s, exact %v, want what the dialer told", got.EndReason, got.EndedAtExact)
	}
	if after := w.lease(); after.Fence != before.Fence {
		t.Errorf("held under %+v, want the same holding, %+v", after.Fence, before.Fence)
	}
}

// A dialer that no floor is to watch any more is not connected, and what was asked
// of it comes to nothing.
func TestFloor_ADialerThatNobodyIsToWatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quickly)
	_, s := w.listen(agent, coaching.TypeMonitor)
	second := w.beside(coaching.Timing{Lease: 50 * time.Millisecond, Poll: 10 * time.Millisecond})
	if _, err := second.floor.Disconnect(t.Context(), coaching.Disconnect{Session: s.ID, By: coaching.Actor{Name: "me"}}); err != nil {
		t.Errorf("while another floor watches it: %v", err)
	}
	_, s = w.listen(otherAgent, coaching.TypeMonitor)
	w.takeAway()
	w.stop()
	w.must(w.store.RenewLease(t.Context(), "sim", w.lease().Fence, coaching.Renewal{For: -time.Second})) // whoever has it is dead
	second.until("it is not connected", simLost)
	second.until("that is kept", func(l *coaching.Live) bool {
		set, err := w.store.LiveSet(t.Context())
		w.must(err)
		return !set.Dialers[0].Connected && simulated(l).WatchedBy == ""
	})
	_, err := second.floor.Disconnect(t.Context(), coaching.Disconnect{Session: s.ID, By: coaching.Actor{Name: "me"}})
	if coaching.CodeOf(err) != coaching.DialerUnreachable {
		t.Errorf("got %v, want dialer_unreachable", err)
	}
}

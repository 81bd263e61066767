package coaching_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/store"
)

// The people of the quiet simulator that the tests below use.
const (
	supervisor = "9001"
	agent      = "2001"
	otherAgent = "2002"
)

// patience is far beyond what anything here takes on a busy machine.
const patience = 2 * time.Minute

// world is a floor over a real store and a scripted dialer.
type world struct {
	t     *testing.T
	floor *coaching.Floor
	sim   *simulator.Simulator
	store *coachingtest.AwayStore
	stop  func() // stops the floor and waits for it; may be repeated
}

// newWorld runs a floor over a fresh database and a quiet simulator.
func newWorld(t *testing.T, timing coaching.Timing) *world {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "floor.db"), store.Options{Log: slog.New(slog.DiscardHandler), Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{t: t, store: &coachingtest.AwayStore{Store: db}, sim: simulator.New(simulator.Config{Seed: 1, Quiet: true})}
	w.run(timing)
	return w
}

// run starts a floor that watches the simulator, and waits until it does.
func (w *world) run(timing coaching.Timing) {
	w.t.Helper()
	w.start(timing, coaching.WatchedDialer{Name: "sim", Kind: "simulator", Dialer: w.sim})
	w.until("the dialer is connected", simConnected)
}

// start starts a floor, as a new process would.
func (w *world) start(timing coaching.Timing, dialer coaching.WatchedDialer) {
	w.t.Helper()
	floor := coaching.NewFloor(w.store, "test", []coaching.WatchedDialer{dialer}, timing, slog.New(slog.DiscardHandler))
	if err := floor.Open(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var running sync.WaitGroup
	running.Go(func() { floor.Run(ctx) })
	w.floor = floor
	w.stop = func() { cancel(); running.Wait() }
	w.t.Cleanup(w.stop)
}

// until waits for the live view to show something.
func (w *world) until(what string, shows func(*coaching.Live) bool) *coaching.Live {
	w.t.Helper()
	timeout := time.After(patience)
	for {
		changed := w.floor.Changed()
		if l := w.floor.Live(); shows(l) {
			return l
		}
		select {
		case <-changed:
		case <-timeout:
			w.t.Fatalf("waited %v until %s", patience, what)
		}
	}
}

// listen has the supervisor listen to an agent and waits until that is shown.
func (w *world) listen(extension string, t coaching.Type) (leg string, s *coaching.SessionView) {
	w.t.Helper()
	leg, err := w.sim.Attach(supervisor, extension, t)
	if err != nil {
		w.t.Fatal(err)
	}
	w.until("the session is shown", func(l *coaching.Live) bool {
		for _, live := range l.Sessions() {
			if live.Leg == leg {
				s = live
			}
		}
		return s != nil
	})
	return leg, s
}

// session reads a session, live or ended.
func (w *world) session(id coaching.SessionID) *coaching.SessionView {
	w.t.Helper()
	s, err := w.floor.Session(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// ended waits until a session has ended and returns it.
func (w *world) ended(id coaching.SessionID) *coaching.SessionView {
	w.t.Helper()
	w.until("the session has ended", func(l *coaching.Live) bool { return l.Session(id) == nil })
	return w.session(id)
}

// asked are the hang-ups the dialer was asked for.
func (w *world) asked() []simulator.Asked { return w.sim.Truth().HangUps }

// atLeg tells whether a leg is on a target, in truth.
func (w *world) atLeg(leg string) bool {
	for _, a := range w.sim.Truth().Live {
		if a.Leg == leg {
			return true
		}
	}
	return false
}

// must is for what a script does to the simulator.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func simulated(l *coaching.Live) coaching.DialerState {
	for _, d := range l.Dialers() {
		if d.Name == "sim" {
			return d
		}
	}
	return coaching.DialerState{}
}

func simConnected(l *coaching.Live) bool { return simulated(l).Connected }

func simLost(l *coaching.Live) bool { return !simulated(l).Connected }

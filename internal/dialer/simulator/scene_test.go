package simulator_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

// scene is a quiet centre on a clock of its own, and what it reports. It lives in
// a synctest bubble.
type scene struct {
	*testing.T
	sim    *simulator.Simulator
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	reports []coaching.Sighting
	err     error // how the last watch ended
	watches int
}

func inScene(t *testing.T, cfg simulator.Config, play func(*scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Manual, cfg.Quiet = true, true
		play(&scene{T: t, sim: simulator.New(cfg)})
	})
}

// watch watches until the connection is lost or the test ends.
func (s *scene) watch() {
	ctx, cancel := context.WithCancel(s.Context())
	s.cancel, s.done = cancel, make(chan struct{})
	done := s.done
	go func() {
		defer close(done)
		err := s.sim.Watch(ctx, func(told coaching.Sighting) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.reports = append(s.reports, told)
			return nil
		})
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = err
		s.watches++
	}()
	s.Cleanup(func() { cancel(); <-done })
	synctest.Wait()
}

// took returns what was reported since the last time.
func (s *scene) took() []coaching.Sighting {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	told := s.reports
	s.reports = nil
	return told
}

// legs returns what was reported of legs since the last time.
func (s *scene) legs() []coaching.Sighting {
	var legs []coaching.Sighting
	for _, told := range s.took() {
		switch told.(type) {
		case coaching.Attached, coaching.Detached:
			legs = append(legs, told)
		}
	}
	return legs
}

func (s *scene) ended() (bool, error) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watches > 0, s.err
}

func (s *scene) attach(t coaching.Type) string {
	s.Helper()
	leg, err := s.sim.Attach("9001", "2001", t)
	must(s.T, err)
	return leg
}

func (s *scene) must(err error) {
	s.Helper()
	must(s.T, err)
}

// asking is a HangUp under way.
type asking struct {
	s       *scene
	done    chan struct{}
	verdict coaching.Verdict
	err     error
}

func (s *scene) hangUp(ask coaching.HangUp) *asking {
	a := &asking{s: s, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.verdict, a.err = s.sim.HangUp(s.Context(), ask)
	}()
	synctest.Wait()
	return a
}

func (a *asking) open() bool {
	select {
	case <-a.done:
		return false
	default:
		return true
	}
}

// want checks the verdict after a while.
func (a *asking) want(after time.Duration, want coaching.Verdict) {
	a.s.Helper()
	if after > 0 {
		a.s.sim.Advance(after - time.Millisecond)
		synctest.Wait()
		if !a.open() {
			a.s.Fatalf("%s (%v) before %v", a.verdict, a.err, after)
		}
		a.s.sim.Advance(time.Millisecond)
	}
	synctest.Wait()
	if a.open() {
		a.s.Fatalf("no verdict after %v", after)
	}
	if a.verdict != want {
		a.s.Fatalf("%s (%v), want %s", a.verdict, a.err, want)
	}
}

func on(leg, target string) coaching.HangUp {
	return coaching.HangUp{Leg: leg, Targets: []string{target}, Type: coaching.TypeMonitor}
}

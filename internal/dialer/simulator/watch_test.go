package simulator_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

func TestWatchToleratesOneWatcher(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		if err := s.sim.Watch(s.Context(), func(coaching.Sighting) error { return nil }); err == nil {
			t.Error("two watches at a time")
		}
		if ended, err := s.ended(); ended {
			t.Errorf("the first one ended: %v", err)
		}
	})
}

func TestWatchReportsSignsOfLife(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		s.took()
		s.sim.Advance(30 * time.Second)
		told := s.took()
		if len(told) != 6 {
			t.Errorf("in 30 s there were %d reports, want 6 signs of life", len(told))
		}
		for _, r := range told {
			if _, ok := r.(coaching.Alive); !ok {
				t.Errorf("reported %#v", r)
			}
		}
	})
}

// A later snapshot is older than what is reported just before it.
func TestWatchReportsSnapshotsThatAreBehind(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{AliveEvery: time.Hour}, func(s *scene) {
		s.watch()
		leg := s.attach(coaching.TypeMonitor)
		s.took()
		s.sim.Advance(time.Minute + 40*time.Millisecond)
		s.must(s.sim.Leave(leg))
		s.sim.Advance(time.Second)
		told := s.took()
		if len(told) != 3 {
			t.Fatalf("reported %#v", told)
		}
		_, begun := told[0].(coaching.SnapshotBegun)
		_, left := told[1].(coaching.Detached)
		snap, ended := told[2].(coaching.Snapshot)
		if !begun || !left || !ended || len(snap.Legs) != 1 {
			t.Errorf("reported %#v, want a snapshot with the leg that left since it was begun", told)
		}
	})
}

func TestLegsFoundAreOlderThanTheyWereSeen(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		leg := s.attach(coaching.TypeMonitor)
		began := s.sim.Now()
		s.sim.Advance(time.Minute)
		s.must(s.sim.Move(leg, "2002"))
		s.watch()
		found := s.took()[1].(coaching.Snapshot).Legs[0]
		if found.Exact || !found.At.Equal(began) || found.Target.Extension != "2002" {
			t.Errorf("found %+v, want it on 2002 since %v at the earliest", found, began)
		}
		s.sim.Advance(time.Minute)
		s.must(s.sim.SetType(leg, coaching.TypeCoach))
		if seen := s.legs()[0].(coaching.Attached); !seen.Exact || !seen.At.Equal(s.sim.Now()) {
			t.Errorf("seen %+v, want it exact", seen)
		}
	})
}

func TestLegsFoundMayBeToldLate(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{Mischief: simulator.Mischief{Untold: 1}}, func(s *scene) {
		leg := s.attach(coaching.TypeBarge)
		s.watch()
		found := s.took()[1].(coaching.Snapshot).Legs[0]
		if found.Target != nil || found.Type != coaching.TypeUnknown {
			t.Errorf("found %+v, want its target and type untold", found)
		}
		s.sim.Advance(10 * time.Second)
		told := s.legs()[0].(coaching.Attached)
		if told.Leg != leg || told.Target.Extension != "2001" || told.Type != coaching.TypeBarge || told.Exact {
			t.Errorf("told %+v", told)
		}
	})
}

func TestSilenceIsMadeUpFor(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		s.took()
		s.sim.GoSilent(20 * time.Second)
		s.attach(coaching.TypeMonitor)
		s.sim.Advance(20*time.Second - time.Millisecond)
		if told := s.took(); len(told) != 0 {
			t.Errorf("reported %v while silent", told)
		}
		s.sim.Advance(time.Millisecond)
		told := s.took()
		if _, ok := told[0].(coaching.Attached); !ok || len(told) != 5 { // four signs of life
			t.Errorf("reported %v, want what was held back", told)
		}
	})
}

func TestConnectionLostForAWhile(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		s.sim.LoseConnection(10 * time.Second)
		if ended, err := s.ended(); !ended || err == nil {
			t.Errorf("ended %v with %v", ended, err)
		}
		s.sim.Advance(9 * time.Second)
		if err := s.sim.Watch(s.Context(), func(coaching.Sighting) error { return errors.New("heard") }); err == nil || err.Error() == "heard" {
			t.Errorf("reached: %v", err)
		}
		leg := s.attach(coaching.TypeMonitor) // the world goes on
		s.sim.Advance(time.Second)
		s.took()
		s.watch()
		if snap := s.took()[1].(coaching.Snapshot); len(snap.Legs) != 1 || snap.Legs[0].Leg != leg {
			t.Errorf("found %+v, want %s", snap.Legs, leg)
		}
	})
}

func TestSnapshotsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.sim.FailSnapshots(1)
		s.watch()
		if ended, err := s.ended(); !ended || err == nil {
			t.Errorf("the first: ended %v with %v", ended, err)
		}
		if told := s.took(); len(told) != 0 {
			t.Errorf("reported %v, want nothing rather than an empty snapshot", told)
		}
		s.watches = 0
		s.watch()
		s.sim.FailSnapshots(1)
		s.sim.Advance(59 * time.Second)
		if ended, err := s.ended(); ended {
			t.Fatalf("ended too early: %v", err)
		}
		s.sim.Advance(time.Second)
		if ended, err := s.ended(); !ended || err == nil {
			t.Errorf("a later one: ended %v with %v", ended, err)
		}
	})
}

func TestRestartForgetsEverything(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		first := s.attach(coaching.TypeMonitor)
		_, err := s.sim.StartCall("2001", "+12065550142")
		s.must(err)
		boot := s.sim.Truth().Boot
		s.sim.Restart(0)
		truth := s.sim.Truth()
		if len(truth.Live) != 0 || len(truth.Calls) != 0 || truth.Boot == boot {
			t.Errorf("left are %+v and %+v of %s", truth.Live, truth.Calls, truth.Boot)
		}
		if end := truth.Ended[0]; end.Reason != coaching.EndDialerRestarted || end.Boot != boot {
			t.Errorf("ended as %+v", end)
		}
		if again := s.attach(coaching.TypeMonitor); again != first {
			t.Errorf("the first leg of the next run is %s, want the id %s again", again, first)
		}
	})
}

func TestSlowReaderIsCutOff(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		release := make(chan struct{})
		done := make(chan error)
		go func() {
			done <- s.sim.Watch(s.Context(), func(coaching.Sighting) error { <-release; return nil })
		}()
		synctest.Wait()
		for range 1 << 15 {
			s.must(s.sim.SetStatus("2001", coaching.StatusPaused, ""))
			s.must(s.sim.SetStatus("2001", coaching.StatusAvailable, ""))
		}
		s.must(s.sim.SetStatus("2001", coaching.StatusPaused, ""))
		close(release)
		if err := <-done; err == nil {
			t.Error("a reader that took nothing was kept")
		}
	})
}

// On the machine's clock, Watch makes time pass; while nobody watches, it passes
// all the same.
func TestLifeOnTheMachinesClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Config{Seed: 2})
		count := func(d time.Duration) int {
			reports := 0
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			err := s.Watch(ctx, func(coaching.Sighting) error { reports++; return nil })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Watch: %v", err)
			}
			return reports
		}
		if n := count(time.Minute); n < 60 {
			t.Errorf("%d reports in a minute of 200 agents", n)
		}
		before := len(s.Truth().Ended)
		<-time.After(10 * time.Minute)
		if missed := len(s.Truth().Ended) - before; missed < 10 {
			t.Errorf("%d sessions ended in ten minutes unwatched", missed)
		}
		if n := count(time.Minute); n < 60 {
			t.Errorf("%d reports in a minute after that", n)
		}
	})
}

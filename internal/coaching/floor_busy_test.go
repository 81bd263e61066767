package coaching_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/store"
)

// A whole morning of the invented centre, kept and shown as it was.
func TestFloor_KeepsWhatABusyCentreReports(t *testing.T) {
	t.Parallel()
	for name, mischief := range map[string]simulator.Mischief{
		"a dialer that behaves":        {},
		"a dialer that repeats":        {Repeat: 0.2, Reorder: 0.1, Untold: 0.3},
		"a dialer that comes and goes": {Repeat: 0.1, LoseEvery: 10 * time.Minute, RestartEvery: time.Hour, NoSnapshot: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := simulator.New(simulator.Config{Seed: 7, Manual: true, Agents: 50, Supervisors: 12, Mischief: mischief})
			floor := runFloor(t, sim)
			for range 150 { // in small batches
				sim.Advance(time.Second)
				if mischief == (simulator.Mischief{}) {
					showsTruth(t, floor, sim)
				}
			}
			for range 30 { // in large ones
				sim.Advance(time.Minute)
			}
			sim.SetMischief(simulator.Mischief{})
			showsTruth(t, floor, sim)
		})
	}
}

// showsTruth waits until the live view shows what is alive in truth.
func showsTruth(t *testing.T, floor *coaching.Floor, sim *simulator.Simulator) {
	t.Helper()
	timeout := time.After(patience)
	for {
		changed := floor.Changed()
		diff := cmp.Diff(truly(sim), shown(floor.Live()))
		if diff == "" {
			return
		}
		select {
		case <-changed:
		case <-time.After(time.Second):
			sim.Advance(10 * time.Second) // a lost connection, or a snapshot, wants time
		case <-timeout:
			t.Fatalf("the live view does not show the truth:\n%s", diff)
		}
	}
}

// runFloor runs a floor over a fresh database whose errors fail the test.
func runFloor(t *testing.T, sim *simulator.Simulator) *coaching.Floor {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "floor.db"), store.Options{Log: slog.New(slog.DiscardHandler), Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	dialers := []coaching.WatchedDialer{{Name: "sim", Kind: "simulator", Dialer: sim}}
	floor := coaching.NewFloor(db, "test", dialers, coaching.Timing{Retry: 20 * time.Millisecond}, slog.New(failing{t, slog.DiscardHandler}))
	if err := floor.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { floor.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return floor
}

// failing fails a test for every error in the log.
type failing struct {
	t *testing.T
	slog.Handler
}

func (f failing) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (f failing) WithAttrs([]slog.Attr) slog.Handler           { return f }
func (f failing) WithGroup(string) slog.Handler                { return f }
func (f failing) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	f.t.Error("logged: " + text)
	return nil
}

func truly(sim *simulator.Simulator) []string {
	var legs []string
	for _, a := range sim.Truth().Live {
		legs = append(legs, fmt.Sprint(a.Leg, a.Supervisor, a.Target, a.Types[len(a.Types)-1].Type))
	}
	slices.Sort(legs)
	return legs
}

func shown(l *coaching.Live) []string {
	var legs []string
	for _, s := range l.Sessions() {
		target := "not told yet"
		if s.TargetUser != nil {
			target = s.TargetUser.At("sim")
		}
		legs = append(legs, fmt.Sprint(s.Leg, s.Supervisor.At("sim"), target, s.Type()))
	}
	slices.Sort(legs)
	return legs
}

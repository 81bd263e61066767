package coachingtest

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// watchSuite runs the contract of Watch; sample tells what the dialer can do.
func watchSuite(t *testing.T, sample DialerUnderTest, with func(func(*testing.T, DialerUnderTest)) func(*testing.T)) {
	t.Run("reports a snapshot first", with(snapshotFirst))
	t.Run("a leg attached before is in the snapshot", with(snapshotHasLegs))
	t.Run("reports what happens to a leg in order", with(changesInOrder))
	t.Run("calls report one at a time", with(reportsOneAtATime))
	t.Run("a report's error ends it", with(reportErrorEnds))
	t.Run("the context ends it and nothing is left running", with(contextEnds))
	t.Run("an ended context watches nothing", with(endedContext))
	t.Run("a lost connection ends it with an error", with(lossEnds))
	t.Run("after a loss a new snapshot shows what is alive", with(lossReconciles))
	t.Run("a restart changes the boot and leaves no leg", with(restartChangesBoot))
	if sample.SetType != nil {
		t.Run("reports a change of type", with(typeChanges))
	}
	if sample.Move != nil {
		t.Run("reports a move to another target", with(moves))
	}
}

func snapshotFirst(t *testing.T, d DialerUnderTest) {
	w := watchDialer(t, d.Dialer)
	if _, ok := w.next().(coaching.SnapshotBegun); !ok {
		t.Errorf("the first report is %#v, want SnapshotBegun", w.at(0))
	}
	if s, ok := w.next().(coaching.Snapshot); !ok || len(s.Legs) != 0 || s.At.IsZero() {
		t.Errorf("the second report is %#v, want a Snapshot without legs", w.at(1))
	}
}

func snapshotHasLegs(t *testing.T, d DialerUnderTest) {
	leg := d.Attach(d.Supervisor, d.Agent, coaching.TypeMonitor)
	s := watchDialer(t, d.Dialer).snapshot()
	if len(s.Legs) != 1 || s.Legs[0].Leg != leg || s.Legs[0].Supervisor.Extension != d.Supervisor {
		t.Fatalf("the snapshot has the legs %+v, want %s of %s", s.Legs, leg, d.Supervisor)
	}
	found := s.Legs[0]
	if found.Target != nil && found.Target.Extension != d.Agent {
		t.Errorf("it listens to %+v, want %s or nobody known", found.Target, d.Agent)
	}
	if found.Type != coaching.TypeMonitor && found.Type != coaching.TypeUnknown {
		t.Errorf("its type is %s, want monitor or unknown", found.Type)
	}
	if found.At.IsZero() || found.At.After(s.At) {
		t.Errorf("it listens since %v in a snapshot of %v", found.At, s.At)
	}
}

func changesInOrder(t *testing.T, d DialerUnderTest) {
	w := watchDialer(t, d.Dialer)
	w.snapshot()
	for range 3 { // one leg after another: an id is never used again
		leg := d.Attach(d.Supervisor, d.Agent, coaching.TypeCoach)
		a := w.attached(leg)
		if a.Supervisor.Extension != d.Supervisor || a.Target == nil || a.Target.Extension != d.Agent || a.Type != coaching.TypeCoach || !a.Exact {
			t.Errorf("attached: %+v, want %s coaching %s", a, d.Supervisor, d.Agent)
		}
		d.Leave(leg)
		gone := w.gone(leg)
		if !gone.At.After(a.At) || gone.Reason != coaching.EndSupervisorLeft || !gone.Exact {
			t.Errorf("gone: %+v, want the supervisor to have left after %v", gone, a.At)
		}
	}
}

func typeChanges(t *testing.T, d DialerUnderTest) {
	w := watchDialer(t, d.Dialer)
	w.snapshot()
	leg := d.Attach(d.Supervisor, d.Agent, coaching.TypeMonitor)
	before := w.attached(leg)
	d.SetType(leg, coaching.TypeCoach)
	after := w.attached(leg)
	if after.Type != coaching.TypeCoach || !after.At.After(before.At) || after.Target == nil || after.Target.Extension != d.Agent {
		t.Errorf("after %+v came %+v, want coach on the same target, later", before, after)
	}
}

func moves(t *testing.T, d DialerUnderTest) {
	w := watchDialer(t, d.Dialer)
	w.snapshot()
	leg := d.Attach(d.Supervisor, d.Agent, coaching.TypeMonitor)
	before := w.attached(leg)
	d.Move(leg, d.SecondAgent)
	after := w.attached(leg)
	if !after.At.After(before.At) || after.Target == nil || after.Target.Extension != d.SecondAgent {
		t.Errorf("after %+v came %+v, want the leg on %s, later", before, after, d.SecondAgent)
	}
	d.Leave(leg)
	if gone := w.gone(leg); !gone.At.After(after.At) {
		t.Errorf("gone at %v, want after %v", gone.At, after.At)
	}
}

func reportsOneAtATime(t *testing.T, d DialerUnderTest) {
	w := watchDialer(t, d.Dialer)
	w.snapshot()
	var legs []string
	for range 10 {
		legs = append(legs, d.Attach(d.Supervisor, d.Agent, coaching.TypeMonitor))
	}
	for _, leg := range legs {
		w.attached(leg)
		d.Leave(leg)
		w.gone(leg)
	}
	w.stop()
	if w.overlapped() {
		t.Error("report was called while it was running")
	}
}

func reportErrorEnds(t *testing.T, d DialerUnderTest) {
	enough := errors.New("enough")
	reports := 0
	w := startWatch(t, d.Dialer, func(coaching.Sighting) error {
		reports++
		return enough
	})
	if err := w.ended(); !errors.Is(err, enough) || reports != 1 {
		t.Errorf("Watch ended with %v after %d reports, want the report's error after one", err, reports)
	}
}

func contextEnds(t *testing.T, d DialerUnderTest) {
	before := runtime.NumGoroutine()
	w := watchDialer(t, d.Dialer)
	w.snapshot()
	w.cancel()
	began := time.Now()
	if err := w.ended(); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch ended with %v, want the context's error", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("that took %v", took)
	}
	eventually(t, "the watch's goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}

func endedContext(t *testing.T, d DialerUnderTest) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := d.Dialer.Watch(ctx, func(s coaching.Sighting) error {
		t.Errorf("reported %#v", s)
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Watch ended with %v, want the context's error", err)
	}
}

func lossEnds(t *testing.T, d DialerUnderTest) {
	w := watchDialer(t, d.Dialer)
	w.snapshot()
	leg := d.Attach(d.Supervisor, d.Agent, coaching.TypeMonitor)
	w.attached(leg)
	d.LoseConnection()
	if err := w.ended(); err == nil {
		t.Error("Watch ended without an error")
	}
	if gone := w.reportedGone(leg); gone {
		t.Error("a leg was reported gone because the connection was")
	}
}

func lossReconciles(t *testing.T, d DialerUnderTest) {
	first := watchDialer(t, d.Dialer)
	first.snapshot()
	stays := d.Attach(d.Supervisor, d.Agent, coaching.TypeMonitor)
	leaves := d.Attach(d.Supervisor, d.SecondAgent, coaching.TypeMonitor)
	first.attached(stays)
	first.attached(leaves)
	d.LoseConnection()
	_ = first.ended()
	d.Leave(leaves)
	second := watchDialer(t, d.Dialer)
	if s := second.snapshot(); len(s.Legs) != 1 || s.Legs[0].Leg != stays {
		t.Errorf("the new snapshot has %+v, want %s only", s.Legs, stays)
	}
	if was, is := first.boot(), second.boot(); was != is {
		t.Errorf("the boot changed from %q to %q", was, is)
	}
	d.Leave(stays)
	second.gone(stays)
}

func restartChangesBoot(t *testing.T, d DialerUnderTest) {
	first := watchDialer(t, d.Dialer)
	first.snapshot()
	first.attached(d.Attach(d.Supervisor, d.Agent, coaching.TypeMonitor))
	d.Restart()
	if err := first.ended(); err == nil {
		t.Error("Watch ended without an error")
	}
	second := watchDialer(t, d.Dialer)
	if s := second.snapshot(); len(s.Legs) != 0 {
		t.Errorf("after a restart there are %+v", s.Legs)
	}
	if was, is := first.boot(), second.boot(); was == is {
		t.Errorf("the boot is %q before and after a restart", was)
	}
}

package coachingtest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// patience is far beyond what anything here takes on a busy machine.
const patience = 20 * time.Second

// dialerWatch is a Watch under way and what it reported. Its methods belong to
// the test's goroutine.
type dialerWatch struct {
	t      *testing.T
	cancel context.CancelFunc
	done   chan struct{}
	err    error // valid once done is closed

	mu      sync.Mutex
	reports []coaching.Sighting
	news    chan struct{}  // has a token when there is a new report
	read    map[string]int // how many were read by each of those who wait; see find

	inReport, overlaps atomic.Int32
}

// watchDialer watches and keeps what is reported, until the test ends.
func watchDialer(t *testing.T, d coaching.Dialer) *dialerWatch {
	t.Helper()
	return startWatch(t, d, func(coaching.Sighting) error { return nil })
}

func startWatch(t *testing.T, d coaching.Dialer, also func(coaching.Sighting) error) *dialerWatch {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &dialerWatch{t: t, cancel: cancel, done: make(chan struct{}), news: make(chan struct{}, 1), read: map[string]int{}}
	go func() {
		defer close(w.done)
		w.err = d.Watch(ctx, func(told coaching.Sighting) error {
			if w.inReport.Add(1) > 1 {
				w.overlaps.Add(1)
			}
			defer w.inReport.Add(-1)
			w.keep(told)
			return also(told)
		})
	}()
	t.Cleanup(w.stop)
	return w
}

func (w *dialerWatch) keep(told coaching.Sighting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reports = append(w.reports, told)
	select {
	case w.news <- struct{}{}:
	default:
	}
}

func (w *dialerWatch) stop() {
	w.cancel()
	<-w.done
}

// ended waits for the watch to end and returns its error.
func (w *dialerWatch) ended() error {
	w.t.Helper()
	select {
	case <-w.done:
		return w.err
	case <-time.After(patience):
		w.t.Fatal("the watch does not end")
		return nil
	}
}

func (w *dialerWatch) overlapped() bool { return w.overlaps.Load() > 0 }

// at is the report with a number, nil if there is none.
func (w *dialerWatch) at(i int) coaching.Sighting {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i >= len(w.reports) {
		return nil
	}
	return w.reports[i]
}

// find waits for the next report that matches. Everybody who waits reads the
// reports from the beginning: what one passes over is there for the others.
func (w *dialerWatch) find(who string, match func(coaching.Sighting) bool) coaching.Sighting {
	w.t.Helper()
	deadline := time.After(patience)
	for {
		for told := w.at(w.read[who]); told != nil; told = w.at(w.read[who]) {
			w.read[who]++
			if match(told) {
				return told
			}
		}
		select {
		case <-w.news:
		case <-w.done:
			if w.at(w.read[who]) == nil {
				w.t.Fatalf("%s: not reported before the watch ended: %v", who, w.err)
			}
		case <-deadline:
			w.t.Fatalf("%s: not reported", who)
		}
	}
}

// next waits for the next report.
func (w *dialerWatch) next() coaching.Sighting {
	w.t.Helper()
	return w.find("next report", func(coaching.Sighting) bool { return true })
}

// snapshot waits for the next snapshot.
func (w *dialerWatch) snapshot() coaching.Snapshot {
	w.t.Helper()
	return w.find("snapshot", func(told coaching.Sighting) bool {
		_, ok := told.(coaching.Snapshot)
		return ok
	}).(coaching.Snapshot)
}

// attached waits for the next report that a leg is on a target; it may have
// waited for one before.
func (w *dialerWatch) attached(leg string) coaching.Attached {
	w.t.Helper()
	told := w.find(leg, func(told coaching.Sighting) bool {
		d, detached := told.(coaching.Detached)
		return ofLeg(told, leg) && (!detached || d.Gone)
	})
	a, ok := told.(coaching.Attached)
	if !ok {
		w.t.Fatalf("reported %+v, want %s on a target", told, leg)
	}
	return a
}

// gone waits for the report that a leg is gone.
func (w *dialerWatch) gone(leg string) coaching.Detached {
	w.t.Helper()
	return w.find(leg, func(told coaching.Sighting) bool {
		d, ok := told.(coaching.Detached)
		return ok && d.Leg == leg && d.Gone
	}).(coaching.Detached)
}

func ofLeg(told coaching.Sighting, leg string) bool {
	switch s := told.(type) {
	case coaching.Attached:
		return s.Leg == leg
	case coaching.Detached:
		return s.Leg == leg
	default:
		return false
	}
}

// reportedGone tells whether it was reported so far that a leg is gone.
func (w *dialerWatch) reportedGone(leg string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, told := range w.reports {
		if d, ok := told.(coaching.Detached); ok && d.Leg == leg && d.Gone {
			return true
		}
	}
	return false
}

// boot is the run of the dialer, as the watch's first report told it.
func (w *dialerWatch) boot() string {
	w.t.Helper()
	begun, ok := w.at(0).(coaching.SnapshotBegun)
	if !ok {
		w.t.Fatalf("the first report is %#v, want SnapshotBegun", w.at(0))
	}
	return begun.Boot
}

// eventually looks every few milliseconds whether done.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

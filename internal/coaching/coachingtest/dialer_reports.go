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
	news    chan struct{} // has a token when there is a new report
	read    int           // how many next has returned

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
	w := &dialerWatch{t: t, cancel: cancel, done: make(chan struct{}), news: make(chan struct{}, 1)}
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

// next waits for the next report.
func (w *dialerWatch) next() coaching.Sighting {
	w.t.Helper()
	deadline := time.After(patience)
	for {
		if told := w.at(w.read); told != nil {
			w.read++
			return told
		}
		select {
		case <-w.news:
		case <-w.done:
			if w.at(w.read) == nil {
				w.t.Fatalf("the watch ended: %v", w.err)
			}
		case <-deadline:
			w.t.Fatal("no report comes")
		}
	}
}

// snapshot waits for the next snapshot.
func (w *dialerWatch) snapshot() coaching.Snapshot {
	w.t.Helper()
	for {
		if s, ok := w.next().(coaching.Snapshot); ok {
			return s
		}
	}
}

// attached waits for the next report that a leg is on a target.
func (w *dialerWatch) attached(leg string) coaching.Attached {
	w.t.Helper()
	for {
		switch s := w.next().(type) {
		case coaching.Attached:
			if s.Leg == leg {
				return s
			}
		case coaching.Detached:
			if s.Leg == leg && s.Gone {
				w.t.Fatalf("gone: %+v, before it was reported as attached", s)
			}
		}
	}
}

// gone waits for the report that a leg is gone.
func (w *dialerWatch) gone(leg string) coaching.Detached {
	w.t.Helper()
	for {
		if d, ok := w.next().(coaching.Detached); ok && d.Leg == leg && d.Gone {
			return d
		}
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

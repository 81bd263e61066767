package coaching

import (
	"errors"
	"sync"
	"time"
)

// reportQueue holds a watch's reports, in order, until they are kept. It is
// bounded: when the database is away for too long the watch is given up, and the
// next one reconciles.
type reportQueue struct {
	mu      sync.Mutex
	reports []queued
	seq     int64
	heard   time.Time     // when the dialer was last heard, by this machine's clocks
	clock   time.Time     // what the dialer's clock showed when it last told; zero if it never did
	clockAt time.Time     // when that was, by this machine's clocks
	closed  bool          // nothing more will be reported
	given   bool          // nothing more will be kept
	full    bool          // a report could not be taken in: only a snapshot helps
	filled  chan struct{} // has room for one signal
}

// queued is one report, or a barrier: a channel to close when all before it is
// kept.
type queued struct {
	seq      int64
	sighting Sighting
	barrier  chan struct{}
}

// queueBound is how many reports are held while they cannot be kept.
const queueBound = 20_000

var errQueueFull = errors.New("too many reports wait to be kept")

func newReportQueue() *reportQueue { return &reportQueue{filled: make(chan struct{}, 1)} }

// report takes one report in. An error means that the watch must end.
func (q *reportQueue) report(s Sighting) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.heard = time.Now()
	switch s := s.(type) {
	case Alive:
		q.setClock(s.At)
		return nil
	case Snapshot:
		q.setClock(s.At)
	}
	if len(q.reports) >= queueBound {
		q.full = true
		return errQueueFull
	}
	q.seq++
	if s, ok := clean(s); ok {
		q.reports = append(q.reports, queued{seq: q.seq, sighting: s})
		q.signal()
	}
	return nil
}

func (q *reportQueue) setClock(shows time.Time) {
	if !shows.IsZero() {
		q.clock, q.clockAt = moment(shows), q.heard
	}
}

// barrier returns a channel that is closed when all reports so far are kept, or
// never will be.
func (q *reportQueue) barrier() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	done := make(chan struct{})
	if q.given {
		close(done)
		return done
	}
	q.reports = append(q.reports, queued{seq: q.seq, barrier: done})
	q.signal()
	return done
}

func (q *reportQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// giveUp tells those who wait behind a barrier that nothing more will be kept.
func (q *reportQueue) giveUp() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.given = true
	for _, r := range q.reports {
		if r.barrier != nil {
			close(r.barrier)
		}
	}
	q.reports = nil
}

func (q *reportQueue) signal() {
	select {
	case q.filled <- struct{}{}:
	default:
	}
}

// take returns up to limit reports, and whether more may come.
func (q *reportQueue) take(limit int) (batch []queued, open bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(limit, len(q.reports))
	batch = q.reports[:n:n]
	q.reports = q.reports[n:]
	if len(q.reports) > 0 {
		q.signal()
	}
	return batch, !q.closed || len(q.reports) > 0
}

func (q *reportQueue) overflowed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.full
}

// lastHeard is when the dialer was last heard; nil if it never was.
func (q *reportQueue) lastHeard() *Heard {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.heard.IsZero() {
		return nil
	}
	return &Heard{Ago: time.Since(q.heard), ClockAt: q.dialersClock(q.heard)}
}

// clockNow is what the dialer's clock shows now; nil if it did not tell yet.
func (q *reportQueue) clockNow() *time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dialersClock(time.Now())
}

// dialersClock is what the dialer's clock showed at a moment of this machine's
// clocks: both go equally fast.
func (q *reportQueue) dialersClock(then time.Time) *time.Time {
	if q.clock.IsZero() {
		return nil
	}
	showed := moment(q.clock.Add(then.Sub(q.clockAt)))
	return &showed
}

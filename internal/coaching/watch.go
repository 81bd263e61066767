package coaching

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// watched is a dialer with the watch that is under way.
type watched struct {
	WatchedDialer
	reports atomic.Pointer[reportQueue]             // of the watch under way; nil between two
	stop    atomic.Pointer[context.CancelCauseFunc] // ends the watch under way; nil before the first
}

// watchAnew ends the watch under way, if there is one: the next begins with a
// snapshot.
func (d *watched) watchAnew(why error) {
	if stop := d.stop.Load(); stop != nil {
		(*stop)(why)
	}
}

// errNotKept ends a watch whose reports could not be held any longer: the next
// watch begins with a snapshot, which reconciles.
var errNotKept = errors.New("reports could not be kept")

// watch watches one dialer, again and again, until ctx ends or another process has
// the lease.
func (f *Floor) watch(ctx context.Context, d *watched, t *tenure) {
	log := f.log.With("dialer", d.Name)
	pause := backoff{shortest: 250 * time.Millisecond, longest: f.timing.Retry}
	for ctx.Err() == nil {
		connection, err := f.connect(ctx, d, t)
		if err == nil {
			var reconciled bool
			reconciled, err = f.watchOnce(ctx, d, t, connection)
			if reconciled {
				pause.reset()
			}
		}
		if ctx.Err() != nil || errors.Is(err, ErrSuperseded) {
			return
		}
		wait := pause.next()
		log.Warn("dialer not watched; what is live there is stale until it is again", "error", err, "retry_in", wait.Round(time.Millisecond))
		sleep(ctx, wait)
	}
}

// connect begins a watch in the database: what an earlier one still writes is
// refused from now on.
func (f *Floor) connect(ctx context.Context, d *watched, t *tenure) (connection int64, err error) {
	err = f.change(ctx, Scope{Dialer: d.Name, Kind: d.Kind, Fence: &t.fence}, func(b *Board) error {
		b.Connect(d.Kind)
		connection = b.Dialer().Connection
		return nil
	})
	f.noteKept(d.Name, t, err)
	return connection, err
}

// watchOnce runs one connection from its first report to its loss and keeps what
// was reported, also after ctx has ended. It tells whether a snapshot was kept.
func (f *Floor) watchOnce(ctx context.Context, d *watched, t *tenure, connection int64) (reconciled bool, err error) {
	watchCtx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := newReportQueue()
	d.stop.Store(&stop)
	k := &keeper{
		floor: f, dialer: d, tenure: t, queue: queue, memory: NewMemory(),
		scope: Scope{Dialer: d.Name, Kind: d.Kind, Fence: &t.fence, Connection: connection},
	}
	kept := make(chan error, 1)
	go func() {
		err := k.run(ctx)
		stop(err) // no use in watching what cannot be kept
		kept <- err
	}()
	d.reports.Store(queue)
	err = d.Dialer.Watch(watchCtx, queue.report)
	d.reports.Store(nil)
	queue.close()
	if keepErr := <-kept; keepErr != nil {
		err = errors.Join(keepErr, err)
	}
	return k.reconciled, err
}

// flushed waits until everything reported so far by the dialer is kept. It
// returns at once when the dialer is not watched.
func (d *watched) flushed(ctx context.Context) {
	q := d.reports.Load()
	if q == nil {
		return
	}
	select {
	case <-q.barrier():
	case <-ctx.Done():
	}
}

// backoff is a pause with jitter that doubles from shortest to longest.
type backoff struct {
	shortest, longest time.Duration
	tries             int
}

func (b *backoff) reset() { b.tries = 0 }

func (b *backoff) next() time.Duration {
	pause := min(b.longest, b.shortest<<min(b.tries, 16))
	b.tries++
	return pause/2 + rand.N(pause/2+1)
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

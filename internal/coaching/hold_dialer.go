package coaching

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// tenure is one holding of a dialer's lease by this process.
type tenure struct {
	fence Fence
	// until is the moment from which this process must not ask the dialer for
	// anything: the lease may have expired. It counts from before the lease was
	// asked for, by the machine's own clock, and so is always too early.
	until atomic.Pointer[time.Time]
	// behind is since when there are reports that could not be kept; nil if there are
	// none. Other processes cannot know but by the lease, so it is renewed at once
	// when that changes.
	behind atomic.Pointer[time.Time]
	nudge  chan struct{} // has room for one signal
	// inherited are the requests that were under way when it began.
	inherited map[uuid.UUID]bool
	end       context.CancelFunc // another process has the lease
}

// extend counts from when the lease was asked for. What is left is for an ask that
// is under way.
func (t *tenure) extend(asked time.Time, lease time.Duration) {
	until := asked.Add(lease * 5 / 6)
	t.until.Store(&until)
}

// fallBehind notes whether reports could be kept, by the error of keeping them.
func (t *tenure) fallBehind(err error) {
	if (t.behind.Load() != nil) == (err != nil) {
		return
	}
	t.behind.Store(nil)
	if err != nil {
		now := time.Now()
		t.behind.Store(&now)
	}
	select {
	case t.nudge <- struct{}{}:
	default:
	}
}

// renewal is what there is to say of the lease now.
func (t *tenure) renewal(length time.Duration) Renewal {
	r := Renewal{For: length}
	if since := t.behind.Load(); since != nil {
		r.Behind = max(time.Since(*since), time.Microsecond)
	}
	return r
}

// mayAct tells whether the lease is sure not to have expired. The monotonic clock
// alone would not do: it stands still while a machine is suspended.
func (t *tenure) mayAct() bool {
	until, now := *t.until.Load(), time.Now()
	return now.Before(until) && now.Round(0).Before(until.Round(0))
}

// holdWheneverFree watches a dialer whenever this process gets its lease, until
// ctx ends.
func (f *Floor) holdWheneverFree(ctx context.Context, d *watched) {
	for {
		t := f.takeLease(ctx, d)
		if t == nil {
			return
		}
		f.log.Info("this process watches the dialer", "dialer", d.Name, "holding", t.fence.Number)
		f.hold(ctx, d, t)
		f.release(ctx, d.Name, t.fence)
	}
}

// takeLease waits until the dialer is free and takes its lease. It returns nil when
// ctx ends first.
func (f *Floor) takeLease(ctx context.Context, d *watched) *tenure {
	pause := storeBackoff()
	poll := time.NewTicker(f.timing.Poll)
	defer poll.Stop()
	for ctx.Err() == nil {
		changed := f.view.changed()
		if !f.free(d.Name) {
			select {
			case <-changed:
			case <-poll.C:
			case <-ctx.Done():
			}
			continue
		}
		asked := time.Now()
		fence, err := f.store.TakeLease(ctx, d.Name, f.self, f.timing.Lease)
		f.noteWrite(err)
		if err == nil {
			// What others asked for so far is inherited; what comes later is not.
			err = f.catchUp(ctx)
		}
		if err == nil {
			return f.begin(d.Name, fence, asked)
		}
		if !errors.Is(err, ErrSuperseded) && ctx.Err() == nil {
			f.log.Warn("dialer not watched by this process: its lease cannot be taken", "dialer", d.Name, "error", err)
		}
		sleep(ctx, pause.next())
		_ = f.look(ctx) // who has it; that it fails is noted
	}
	return nil
}

// free tells whether this process may try to take a dialer. Where the database
// comes back after it was away, whoever held the dialer before has the first go:
// what it heard meanwhile is not lost then.
func (f *Floor) free(dialer string) bool {
	l := f.view.lease(dialer)
	switch {
	case l.Holder == "" || l.Fence.Token == f.self.Token:
		return true
	default:
		return !l.Held && f.backFor() > f.timing.Lease/3
	}
}

func (f *Floor) begin(dialer string, fence Fence, asked time.Time) *tenure {
	t := &tenure{fence: fence, nudge: make(chan struct{}, 1), inherited: map[uuid.UUID]bool{}}
	t.extend(asked, f.timing.Lease)
	for _, s := range f.view.now().Sessions() {
		if r := s.Pending(); r != nil && s.Dialer == dialer {
			t.inherited[r.ID] = true
		}
	}
	before := f.view.lease(dialer)
	f.view.hold(Lease{Dialer: dialer, Fence: fence, Holder: f.self.Name, Held: true, HeardAt: before.HeardAt})
	return t
}

// hold watches a dialer and carries out what is asked of it, until ctx ends or
// another process has taken the lease.
func (f *Floor) hold(ctx context.Context, d *watched, t *tenure) {
	f.holding.Add(1)
	defer f.holding.Add(-1)
	acting, end := context.WithCancel(ctx)
	defer end()
	t.end = end
	// The lease is renewed for as long as there are last words to keep.
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var renewal, all sync.WaitGroup
	renewal.Go(func() {
		defer end()
		f.renew(renewing, d, t)
	})
	all.Go(func() {
		defer end()
		f.watch(acting, d, t)
	})
	all.Go(func() { f.carryOut(acting, d, t) })
	all.Wait()
	stop()
	renewal.Wait()
}

// renew renews a lease until ctx ends or another process has it.
func (f *Floor) renew(ctx context.Context, d *watched, t *tenure) {
	log := f.log.With("dialer", d.Name)
	pause := backoff{shortest: 50 * time.Millisecond, longest: f.timing.Lease / 6}
	wait, warned := f.timing.Lease/3, false
	for {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-t.nudge:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return
		}
		asked := time.Now()
		err := f.store.RenewLease(ctx, d.Name, t.fence, t.renewal(f.timing.Lease))
		if ctx.Err() != nil {
			return
		}
		if err != nil || t.behind.Load() == nil { // a renewal needs no room, as reports do
			f.noteWrite(err)
		}
		switch {
		case errors.Is(err, ErrSuperseded):
			log.Warn("another process watches the dialer now")
			return
		case err == nil:
			if warned {
				log.Info("the lease is renewed; nobody else took the dialer meanwhile")
			}
			t.extend(asked, f.timing.Lease)
			pause.reset()
			wait, warned = f.timing.Lease/3, false
		default:
			if !warned && !t.mayAct() {
				log.Warn("the lease cannot be renewed: nothing is asked of the dialer until it is", "error", err)
				warned = true
			}
			wait = pause.next()
		}
	}
}

// release hands a dialer over.
func (f *Floor) release(ctx context.Context, dialer string, fence Fence) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := f.store.ReleaseLease(ctx, dialer, fence); err != nil {
		f.log.Warn("the lease is not given up; it expires", "dialer", dialer, "error", err)
	}
}

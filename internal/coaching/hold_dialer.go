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
	// behind is since when something could not be kept of what the dialer tells; nil
	// if all is. Other processes cannot know but by the lease, so it is renewed at once
	// when that changes.
	behind atomic.Pointer[time.Time]
	nudge  chan struct{} // has room for one signal
	// inherited are the requests that were under way when it began.
	inherited map[uuid.UUID]bool
	asked     time.Time          // when the lease was asked for
	began     time.Time          // by the database's clock
	end       context.CancelFunc // another process has the lease
}

// extend counts from when the lease was asked for. What is left is for an ask that
// is under way.
func (t *tenure) extend(asked time.Time, lease time.Duration) {
	until := asked.Add(lease * 5 / 6)
	t.until.Store(&until)
}

// noteKept takes note of whether what the dialer told, or how the connection to it
// is, could be kept.
func (f *Floor) noteKept(dialer string, t *tenure, err error) {
	f.noteWrite(writer{dialer, "reports"}, err)
	if (t.behind.Load() != nil) == (err != nil) {
		return
	}
	t.behind.Store(nil)
	f.view.showBehind(dialer, nil)
	if err != nil {
		now := time.Now()
		t.behind.Store(&now)
		shown := moment(now)
		f.view.showBehind(dialer, &shown)
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
		f.releaseLease(ctx, d.Name, t.fence)
		f.noteWrite(writer{d.Name, "lease"}, nil)
		f.noteWrite(writer{d.Name, "reports"}, nil)
		f.noteWrite(writer{d.Name, "heard"}, nil)
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
		lease, err := f.store.TakeLease(ctx, d.Name, f.self, f.timing.Lease)
		if err == nil {
			// What others asked for so far is inherited; what comes later is not.
			if err = f.catchUp(ctx); err == nil {
				return f.begin(lease, asked)
			}
			f.releaseLease(ctx, d.Name, lease.Fence)
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

func (f *Floor) begin(lease Lease, asked time.Time) *tenure {
	t := &tenure{
		fence: lease.Fence, nudge: make(chan struct{}, 1), inherited: map[uuid.UUID]bool{},
		asked: asked, began: lease.Until.Add(-f.timing.Lease),
	}
	t.extend(asked, f.timing.Lease)
	t.behind.Store(&asked)
	for _, s := range f.view.now().Sessions() {
		if r := s.Pending(); r != nil && s.Dialer == lease.Dialer {
			t.inherited[r.ID] = true
		}
	}
	f.view.showLease(lease)
	return t
}

// hold watches a dialer and carries out what is asked of it, until ctx ends or
// another process has taken the lease.
func (f *Floor) hold(ctx context.Context, d *watched, t *tenure) {
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
	wait, warned := time.Until(t.asked.Add(f.timing.Lease/3)), false
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
		f.noteWrite(writer{d.Name, "lease"}, err)
		switch {
		case errors.Is(err, ErrSuperseded):
			log.Warn("another process watches the dialer now")
			return
		case err == nil:
			if warned {
				log.Info("the lease is renewed; nobody else took the dialer meanwhile")
				f.view.showHeld(d.Name, true)
			}
			t.extend(asked, f.timing.Lease)
			pause.reset()
			wait, warned = f.timing.Lease/3, false
		default:
			if !warned && !t.mayAct() {
				log.Warn("the lease cannot be renewed: nothing is asked of the dialer until it is", "error", err)
				f.view.showHeld(d.Name, false)
				warned = true
			}
			wait = pause.next()
		}
	}
}

// releaseLease hands a dialer over.
func (f *Floor) releaseLease(ctx context.Context, dialer string, fence Fence) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := f.store.ReleaseLease(ctx, dialer, fence); err != nil {
		f.log.Warn("the lease is not given up; it expires", "dialer", dialer, "error", err)
	}
}

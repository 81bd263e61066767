package coaching

import (
	"context"
	"errors"
	"time"
)

// follow advances the view by what other processes commit, and notices when the
// database goes away and comes back. It is woken by listen; the clock is for what
// nobody tells of.
func (f *Floor) follow(ctx context.Context) {
	tick := time.NewTicker(f.timing.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-f.told:
		}
		err := f.look(ctx)
		if ctx.Err() == nil && err != nil && !errors.Is(err, ErrUnavailable) {
			f.log.Error("read the change log", "error", err)
		}
	}
}

// listen has follow woken when another process commits something.
func (f *Floor) listen(ctx context.Context) {
	pause := backoff{shortest: 50 * time.Millisecond, longest: 5 * time.Second}
	for ctx.Err() == nil {
		err := f.store.Listen(ctx, func(number int64) {
			pause.reset()
			if number != 0 && number <= f.view.standsAt().Number {
				return // most likely our own
			}
			select {
			case f.told <- struct{}{}:
			default:
			}
		})
		if ctx.Err() != nil {
			return
		}
		wait := pause.next()
		f.log.Warn("not told what other processes change; looking from time to time", "error", err, "retry_in", wait.Round(time.Millisecond))
		sleep(ctx, wait)
	}
}

// look takes in what other processes changed, and who holds the dialers.
func (f *Floor) look(ctx context.Context) error {
	err := f.catchUp(ctx)
	if err == nil {
		var leases []Lease
		if leases, err = f.store.Leases(ctx); err == nil {
			f.view.hold(leases...)
		}
	}
	if ctx.Err() != nil {
		return err
	}
	f.noteRead(err)
	if err == nil && f.holding.Load() == 0 && f.writesFail() != nil {
		// Nothing else of this process would notice that it can write again.
		f.noteWrite(f.store.Heard(ctx, "", 0, Heard{}))
	}
	return err
}

// catchUpPage is how many changes are read at a time.
const catchUpPage = 500

// catchUp reads the change log from where the view stands.
func (f *Floor) catchUp(ctx context.Context) error {
	f.pull.Lock()
	defer f.pull.Unlock()
	for {
		changes, err := f.store.Changes(ctx, f.view.standsAt(), catchUpPage)
		if errors.Is(err, ErrNotFound) {
			return f.beginAnew(ctx)
		}
		if err != nil {
			return err
		}
		f.view.advance(changes)
		if len(changes) < catchUpPage {
			return nil
		}
	}
}

// errAnotherHistory ends a watch: what it kept is not what the database holds.
var errAnotherHistory = errors.New("the database's change log is not the one that was followed")

// beginAnew reads the live view when the change log cannot be followed from where
// it stood: this process was away for longer than changes are kept, or the
// database is one that has not got all that was seen, a standby that was promoted
// or a backup. Then the dialers are asked for snapshots, which reconcile.
func (f *Floor) beginAnew(ctx context.Context) error {
	set, err := f.store.LiveSet(ctx)
	if err != nil {
		return err
	}
	f.log.Warn("the change log does not go on from where it was left, so the live view begins anew",
		"from", f.view.standsAt(), "to", set.Revision)
	f.view.reset(set)
	for _, d := range f.dialers {
		d.watchAnew(errAnotherHistory)
	}
	return nil
}

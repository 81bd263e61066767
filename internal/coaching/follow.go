package coaching

import (
	"context"
	"errors"
	"sync"
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
		seen := f.view.leasesSeen()
		var leases []Lease
		if leases, err = f.store.Leases(ctx); err == nil {
			f.view.showLeases(seen, leases)
		}
	}
	if ctx.Err() == nil {
		f.noteRead(err)
	}
	return err
}

// catchUpPage is how many changes are read at a time.
const catchUpPage = 500

// pulls are the readings of the change log, of which there is one at a time.
type pulls struct {
	turn chan struct{} // has room for the one whose turn it is

	mu    sync.Mutex
	begun int64
	ended int64 // the last that ended
	err   error // and how
}

// catchUp reads the change log from where the view stands. Those who wait for their
// turn share the first reading that begins after they asked.
func (f *Floor) catchUp(ctx context.Context) error {
	p := &f.pulls
	p.mu.Lock()
	asked := p.begun
	p.mu.Unlock()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	p.mu.Lock()
	if p.ended > asked {
		defer p.mu.Unlock()
		return p.err
	}
	p.begun++
	p.mu.Unlock()
	err := f.pull(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() == nil { // else it tells about this caller only
		p.ended, p.err = p.begun, err
	}
	return err
}

func (f *Floor) pull(ctx context.Context) error {
	for {
		from := f.view.standsAt()
		changes, err := f.store.Changes(ctx, from, catchUpPage)
		if errors.Is(err, ErrNotFound) {
			return f.beginAnew(ctx, from, err)
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

// errBegunAnew ends a watch: what it kept may not be what the database holds.
var errBegunAnew = errors.New("the database's change log is not the one that was followed")

// beginAnew reads the live view when the change log cannot be followed from where
// it stood: this process was away for longer than changes are kept, or the
// database is one that has not got all that was seen, a standby that was promoted
// or a backup. Then its revisions get a new epoch, since those of the old one named
// other changes, and the dialers are asked for snapshots, which reconcile.
func (f *Floor) beginAnew(ctx context.Context, from Revision, why error) error {
	if errors.Is(why, ErrAnotherHistory) {
		if err := f.store.NewEpoch(ctx, from.Epoch); err != nil {
			return err
		}
	}
	set, err := f.store.LiveSet(ctx)
	if err != nil {
		return err
	}
	f.log.Warn("the change log does not go on from where it was left, so the live view begins anew", "from", from, "to", set.Revision)
	f.view.reset(set)
	for _, d := range f.dialers {
		d.watchAnew(errBegunAnew)
	}
	return nil
}

package coaching

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Floor is the contact centre's floor: it watches the dialers, keeps what they
// report, shows who listens to whom, and ends sessions on request.
//
// Several processes may have a floor over one database. All of them show and take
// requests; each dialer is watched by the one that holds its lease.
//
// Open first, then Run; all other methods are safe for concurrent use from Open
// on.
type Floor struct {
	store   Store
	self    Holder
	dialers []*watched
	timing  Timing
	log     *slog.Logger

	view     *view
	pull     sync.Mutex    // one reader of the change log at a time
	told     chan struct{} // another process changed something; has room for one signal
	database databaseState
	holding  atomic.Int32 // how many leases this process has
}

// WatchedDialer is a dialer under the name it has in answers.
type WatchedDialer struct {
	Name   string
	Kind   string // as in DialerState
	Dialer Dialer
}

// Timing holds the waits of a Floor. Zero fields take the defaults.
type Timing struct {
	Lease    time.Duration // how long a process may act on a dialer without renewing that; 9 s
	Wait     time.Duration // how long Disconnect waits for the leg to go; 3 s
	Deadline time.Duration // after which a request fails and the session is active again; 1 min
	Ask      time.Duration // how long the dialer may take to answer one ask; 2 s
	Poll     time.Duration // how often the change log is looked at without a wake-up; 1 s
	Heard    time.Duration // how often it is kept when a dialer was last heard; 5 s
	Retry    time.Duration // the longest pause between two tries to connect to a dialer; 30 s
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Lease, 9 * time.Second}, {&t.Wait, 3 * time.Second}, {&t.Deadline, time.Minute}, {&t.Ask, 2 * time.Second},
		{&t.Poll, time.Second}, {&t.Heard, 5 * time.Second}, {&t.Retry, 30 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return t
}

// NewFloor returns a floor over a store and its dialers. name is the process's, for
// people.
func NewFloor(store Store, name string, dialers []WatchedDialer, timing Timing, log *slog.Logger) *Floor {
	f := &Floor{
		store: store, self: Holder{Token: rand.Text(), Name: name}, timing: timing.withDefaults(), log: log,
		view: newView(log), told: make(chan struct{}, 1),
	}
	for _, d := range dialers {
		f.dialers = append(f.dialers, &watched{WatchedDialer: d})
	}
	return f
}

// Open reads the live view. The sessions of dialers that nobody watches are stale.
func (f *Floor) Open(ctx context.Context) error {
	set, err := f.store.LiveSet(ctx)
	if err != nil {
		return err
	}
	leases, err := f.store.Leases(ctx)
	if err != nil {
		return err
	}
	f.view.reset(set)
	f.view.hold(leases...)
	f.noteRead(nil)
	return nil
}

// Run follows the change log, and watches the dialers and carries out requests
// where this process gets the lease, until ctx ends. It then keeps what was
// reported so far, hands the dialers over, and leaves nothing running.
func (f *Floor) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { f.follow(ctx) })
	all.Go(func() { f.listen(ctx) })
	all.Go(func() { f.forsake(ctx) })
	for _, d := range f.dialers {
		all.Go(func() { f.holdWheneverFree(ctx, d) })
	}
	all.Wait()
}

// keepTrying makes a change, again and again while the database is away.
func (f *Floor) keepTrying(ctx context.Context, scope Scope, rule func(*Board)) error {
	pause := storeBackoff()
	for {
		err := f.change(ctx, scope, func(b *Board) error { rule(b); return nil })
		switch {
		case err == nil, errors.Is(err, ErrSuperseded): // the next holder sees to it
			return err
		case !errors.Is(err, ErrUnavailable) || ctx.Err() != nil:
			f.log.Error("change a dialer's sessions", "dialer", scope.Dialer, "error", err)
			return err
		}
		sleep(ctx, pause.next())
	}
}

// change makes one change and shows it: the view and whoever waits on it learn of
// it after the commit, and only then.
func (f *Floor) change(ctx context.Context, scope Scope, rule func(*Board) error) error {
	commit, err := f.store.Change(ctx, scope, rule)
	f.noteWrite(err)
	if err != nil {
		return err
	}
	if f.view.advance(commit.Changes) {
		f.noteRead(f.catchUp(ctx)) // what is committed stays so; follow tries again
	}
	return nil
}

// unavailable turns a store's error into one for callers.
func unavailable(err error) error {
	if !errors.Is(err, ErrUnavailable) {
		return err
	}
	return &Error{
		Code:    DatabaseUnavailable,
		Message: "The database cannot be reached right now, so this cannot be answered. The live list goes on; try again shortly.",
		Cause:   err,
	}
}

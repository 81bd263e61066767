package coaching

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Floor is the contact centre's floor: it watches the dialers, keeps what they
// report, shows who listens to whom, and ends sessions on request.
//
// Open first, then Run; all other methods are safe for concurrent use from Open
// on.
type Floor struct {
	store   Store
	dialers []*watched
	timing  Timing
	log     *slog.Logger

	view     *view
	pull     sync.Mutex                // one reader of the change log at a time
	lastSeen atomic.Pointer[time.Time] // when the database was there
	// inherited holds the requests that an earlier process left behind. It does
	// not change after Open.
	inherited map[uuid.UUID]bool
}

// WatchedDialer is a dialer under the name it has in answers.
type WatchedDialer struct {
	Name   string
	Kind   string // as in DialerState
	Dialer Dialer
}

// Timing holds the waits of a Floor. Zero fields take the defaults.
type Timing struct {
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
		{&t.Wait, 3 * time.Second}, {&t.Deadline, time.Minute}, {&t.Ask, 2 * time.Second},
		{&t.Poll, time.Second}, {&t.Heard, 5 * time.Second}, {&t.Retry, 30 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return t
}

// NewFloor returns a floor over a store and its dialers.
func NewFloor(store Store, dialers []WatchedDialer, timing Timing, log *slog.Logger) *Floor {
	f := &Floor{store: store, timing: timing.withDefaults(), log: log, view: newView()}
	for _, d := range dialers {
		f.dialers = append(f.dialers, newWatched(d))
	}
	return f
}

// Open reads the live view. Until the dialers are heard its sessions are stale.
func (f *Floor) Open(ctx context.Context) error {
	set, err := f.store.LiveSet(ctx)
	if err != nil {
		return err
	}
	f.view.reset(set)
	f.answered()
	f.inherited = map[uuid.UUID]bool{}
	for _, s := range set.Sessions {
		if r := s.Pending(); r != nil {
			f.inherited[r.ID] = true
		}
	}
	return nil
}

// Run watches the dialers, follows the change log and carries out requests until
// ctx ends. It then keeps what was reported so far, and leaves nothing running.
func (f *Floor) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { f.follow(ctx) })
	all.Go(func() { f.forsake(ctx) })
	for _, d := range f.dialers {
		all.Go(func() { f.watch(ctx, d) })
		all.Go(func() { f.carryOut(ctx, d) })
	}
	all.Wait()
}

// forsake notes that dialers which are not watched any more, since they were taken
// out of the configuration, are not connected: their sessions are stale.
func (f *Floor) forsake(ctx context.Context) {
	for _, d := range f.Live().Dialers() {
		if f.watches(d.Name) || !d.Connected {
			continue
		}
		err := f.change(ctx, Scope{Dialer: d.Name, Kind: d.Kind}, func(b *Board) error { b.Lose(time.Time{}); return nil })
		if err != nil {
			f.log.Error("note that a dialer is not watched any more", "dialer", d.Name, "error", err)
		}
	}
}

// change makes one change and shows it: the view and whoever waits on it learn of
// it after the commit, and only then.
func (f *Floor) change(ctx context.Context, scope Scope, rule func(*Board) error) error {
	commit, err := f.store.Change(ctx, scope, rule)
	if err != nil {
		f.noteAway(err)
		return err
	}
	if f.view.advance(commit.Changes) {
		return f.catchUp(ctx)
	}
	return nil
}

// follow advances the view by what other processes commit, and notices when the
// database goes away and comes back.
func (f *Floor) follow(ctx context.Context) {
	tick := time.NewTicker(f.timing.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := f.catchUp(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			f.answered()
		case errors.Is(err, ErrUnavailable):
			f.noteAway(err)
		default:
			f.log.Error("read the change log", "error", err)
		}
	}
}

// noteAway shows everything as stale when an error says that the database is
// away.
func (f *Floor) noteAway(err error) {
	if errors.Is(err, ErrUnavailable) && f.view.databaseAway(f.lastSeen.Load()) {
		f.log.Error("the database is away; the live list goes on from memory", "error", err)
	}
}

// answered notes that the database was there just now.
func (f *Floor) answered() {
	now := time.Now().UTC()
	f.lastSeen.Store(&now)
	if f.view.databaseAway(nil) {
		f.log.Info("the database is back")
	}
}

// catchUpPage is how many changes are read at a time.
const catchUpPage = 500

// catchUp reads the change log from where the view stands. When that is no
// longer kept, the view begins again.
func (f *Floor) catchUp(ctx context.Context) error {
	f.pull.Lock()
	defer f.pull.Unlock()
	for {
		changes, err := f.store.Changes(ctx, f.view.standsAt(), catchUpPage)
		if errors.Is(err, ErrNotFound) {
			set, err := f.store.LiveSet(ctx)
			if err != nil {
				return err
			}
			f.view.reset(set)
			return nil
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

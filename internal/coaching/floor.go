package coaching

import (
	"context"
	"errors"
	"log/slog"
	"sync"
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
	pull     sync.Mutex // one reader of the change log at a time
	database databaseState
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
		f.dialers = append(f.dialers, &watched{WatchedDialer: d})
	}
	return f
}

// Open reads the live view. Until the dialers are heard its sessions are stale.
func (f *Floor) Open(ctx context.Context) error {
	set, err := f.store.LiveSet(ctx)
	if err != nil {
		return err
	}
	for i := range set.Dialers {
		set.Dialers[i].Connected = false // by this process, not yet
	}
	f.view.reset(set)
	f.noteRead(nil)
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

// forsake sees to dialers that are not watched any more, since they were taken out
// of the configuration: they are not connected, and nobody carries out what is
// asked of them.
func (f *Floor) forsake(ctx context.Context) {
	for _, d := range f.Live().Dialers() {
		if f.watches(d.Name) {
			continue
		}
		f.keepTrying(ctx, Scope{Dialer: d.Name, Kind: d.Kind, AllLive: true}, (*Board).Forsake)
	}
}

// keepTrying makes a change, again and again while the database is away. It tells
// whether that worked.
func (f *Floor) keepTrying(ctx context.Context, scope Scope, rule func(*Board)) bool {
	pause := storeBackoff()
	for {
		err := f.change(ctx, scope, func(b *Board) error { rule(b); return nil })
		if err == nil {
			return true
		}
		if !errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			f.log.Error("change a dialer's sessions", "dialer", scope.Dialer, "error", err)
			return false
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
		if ctx.Err() != nil {
			return
		}
		f.noteRead(err)
		if err != nil && !errors.Is(err, ErrUnavailable) {
			f.log.Error("read the change log", "error", err)
		}
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

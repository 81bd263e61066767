package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/store"
)

// database is an open store that this process may serve.
type database struct {
	*store.Store
	release func() // gives up the right to serve it
}

// openDatabase opens and claims a database. A database that does not answer at
// the start is an error: most likely its address is wrong. Nothing may take longer
// there than a part of the lease, so that a transaction of a process that stands
// still is over when the lease is, nor longer than callers wait.
func openDatabase(ctx context.Context, c config.Database, lease time.Duration, log *slog.Logger) (*database, error) {
	opened, err := store.Open(ctx, c.URL.Reveal(), store.Options{Log: log, Patience: min(lease/3, 10*time.Second)})
	if err != nil {
		return nil, databaseError(c, err)
	}
	release, err := opened.Claim(ctx)
	if err != nil {
		return nil, databaseError(c, errors.Join(err, opened.Close()))
	}
	return &database{opened, release}, nil
}

func (d *database) close() error {
	d.release()
	return d.Close()
}

// databaseError says which database it is about and what to do.
func databaseError(c config.Database, err error) error {
	switch {
	case errors.Is(err, store.ErrClaimed):
		return fmt.Errorf("%s: %w", c.Shown, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no such database; see that its name is right, or make it with coach-manager migrate", c.Shown)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w; choose another place, or let this user write there", c.Shown, err)
	case errors.Is(err, coaching.ErrUnavailable) && strings.HasPrefix(c.Shown, "sqlite:"):
		return fmt.Errorf("%s: %w; see that the file is a database of Coach Manager and that its disk has room, or name another", c.Shown, err)
	case errors.Is(err, coaching.ErrUnavailable):
		return fmt.Errorf("%s: %w; see that the database runs and that its address, user and password are right, and start again", c.Shown, err)
	default:
		return fmt.Errorf("%s: %w", c.Shown, err)
	}
}

// openForCommand opens a database for a command that ends by itself, beside those
// that serve it, with as few connections as there may be. If it has to exist, none is
// made: most likely its name is mistyped.
func openForCommand(ctx context.Context, c config.Database, existing bool, log *slog.Logger) (*store.Store, error) {
	opened, err := store.Open(ctx, c.URL.Reveal(), store.Options{Log: log, MaxConns: 1, Existing: existing})
	if err != nil {
		return nil, databaseError(c, err)
	}
	return opened, nil
}

// pollEvery is how often a process looks for what others did and nobody told it of,
// such as a command beside an SQLite database: often enough to act within a second.
const pollEvery = 500 * time.Millisecond

const (
	// changesKept is how far back a reader of the change log may have stopped and
	// still go on without a gap.
	changesKept = 24 * time.Hour
	pruneEvery  = time.Hour
)

// prune forgets old changes, again and again, until ctx ends.
func (d *database) prune(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if _, err := d.Prune(ctx, changesKept); err != nil && ctx.Err() == nil {
			log.Warn("old changes not forgotten; tried again in an hour", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

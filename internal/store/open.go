package store

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Options of a store. The zero value is what a service wants.
type Options struct {
	Log *slog.Logger // nil: slog.Default
	// Patience is how long any call may take; 3 s if zero. It is also the
	// statement timeout of Postgres. Reading the live set may take three times as long;
	// bringing the schema up to date and importing longer.
	Patience time.Duration
	// MaxConns is how many connections there are at most to Postgres; 16 if zero, and
	// not below 6.
	MaxConns int
	// Existing has Open refuse an SQLite file that is not there (fs.ErrNotExist).
	Existing bool
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Patience <= 0 {
		o.Patience = 3 * time.Second
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 16
	}
	return o
}

// Store is a coaching.Store. Its methods are safe for concurrent use.
type Store struct {
	// Ways to the database, so that nobody waits for a connection that others use up:
	// not writers for readers, and neither the live view nor leases for either.
	writing   *gorm.DB
	reading   *gorm.DB
	following *gorm.DB // the change log; on SQLite the same as reading
	leasing   *gorm.DB // on SQLite the same as writing
	engine    engine
	patience  time.Duration

	mostEntries int // see Sessions
}

var _ coaching.Store = (*Store)(nil)

// Open opens the database that url names, "sqlite:PATH", a bare path, or
// "postgres://...", and brings its schema up to date. An SQLite file is created
// if need be, unless the options forbid it; its folder is not. Close closes the store.
func Open(ctx context.Context, url string, options Options) (*Store, error) {
	options = options.withDefaults()
	address, err := parseAddress(url)
	if err != nil {
		return nil, err
	}
	if options.Existing && address.path != "" {
		if _, err := os.Stat(address.path); err != nil {
			return nil, fmt.Errorf("look for the database: %w", err)
		}
	}
	if _, err := migrate(ctx, address, options.Log); err != nil {
		return nil, err
	}
	if address.postgres != "" {
		return openPostgres(ctx, address, options)
	}
	return openSQLite(ctx, address, options)
}

// Close closes the database. Calls under way end with an error; a database that
// hangs is waited for no longer than any call would.
func (s *Store) Close() error { return s.engine.close() }

// Ping tells whether the database answers: nil or ErrUnavailable.
func (s *Store) Ping(ctx context.Context) error {
	return s.bounded(ctx, "look at the database", func(ctx context.Context) error {
		_, err := counter(s.reading.WithContext(ctx))
		return err
	})
}

// counter reads the change log's head.
func counter(tx *gorm.DB) (counterRow, error) {
	var row counterRow
	err := tx.Where("id = 1").Take(&row).Error
	return row, err
}

// gormConfig leaves transactions and statements to us, and keeps GORM from
// logging: what it logs holds phone numbers. It names the columns it reads: a
// newer program may add some while this one runs, and Postgres refuses to go on
// with a prepared "SELECT *" then (0A000).
func gormConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		QueryFields:            true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,
	}
}

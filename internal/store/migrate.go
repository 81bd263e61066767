package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

//go:embed migrations
var migrations embed.FS

// Migration tells what bringing a schema up to date came to.
type Migration struct {
	From, To int64 // versions of the schema; 0 is an empty database
}

// Migrate brings the schema of a database up to date; Open does so too. Any
// number of processes may do it at once. A schema that is newer than this
// program is left as it is, and refused unless it says that this one may work on it.
func Migrate(ctx context.Context, url string, log *slog.Logger) (Migration, error) {
	address, err := parseAddress(url)
	if err != nil {
		return Migration{}, err
	}
	return migrate(ctx, address, Options{Log: log}.withDefaults().Log)
}

func migrate(ctx context.Context, a address, log *slog.Logger) (_ Migration, err error) {
	var db *sql.DB
	var provider *goose.Provider
	claim := func() (release func(), err error) { return func() {}, nil } // the migrations see to it
	if a.postgres != "" {
		db, provider, err = postgresMigrations(a)
	} else {
		claim = func() (func(), error) { return claimFile(a.path) }
		unlock, locked := lockFile(ctx, a.path+".migrate.lock")
		if locked != nil {
			return Migration{}, fmt.Errorf("lock the database while its schema is brought up to date: %w", locked)
		}
		defer unlock()
		if err := createPrivate(a.path); err != nil {
			return Migration{}, err
		}
		db, provider, err = sqliteMigrations(a)
	}
	if err != nil {
		return Migration{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return up(ctx, db, provider, claim, log)
}

// createPrivate creates a database file that nobody else may read, if there is none:
// it will hold names and phone numbers. SQLite gives the files beside it its mode.
func createPrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the database's file: %w", err)
	}
	return file.Close()
}

// lockNotAvailable is Postgres's code for it.
const lockNotAvailable = "55P03"

// up asks for what is to be done before it takes any lock: as a rule there is
// nothing. Else claim sees to it that no older program serves meanwhile. What was
// made beside one another comes in any order.
func up(
	ctx context.Context, db *sql.DB, provider *goose.Provider, claim func() (release func(), err error), log *slog.Logger,
) (Migration, error) {
	from, known, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return Migration{}, cannotMigrate(ctx, err)
	case from > known:
		return Migration{From: from, To: from}, checkNewer(ctx, db, from, known)
	}
	if pending, err := provider.HasPending(ctx); err != nil || !pending {
		return Migration{From: from, To: known}, cannotMigrate(ctx, err)
	}
	release, err := claim()
	if err != nil {
		return Migration{}, err
	}
	defer release()
	var total []*goose.MigrationResult
	for {
		applied, err := provider.Up(ctx)
		var partly *goose.PartialError
		if errors.As(err, &partly) {
			applied = partly.Applied
		}
		total = append(total, applied...)
		for _, m := range applied {
			log.Info("schema brought up to date", "version", m.Source.Version, "took", m.Duration)
		}
		var refused *pgconn.PgError
		switch {
		case err == nil:
			return Migration{From: before(provider, total, known), To: known}, nil
		case !errors.As(err, &refused) || refused.Code != lockNotAvailable:
			return Migration{}, cannotMigrate(ctx, err)
		}
		log.Warn("the schema is not brought up to date yet: somebody else uses a table, most likely a backup; tried again")
		if !pause(ctx, time.Second) {
			return Migration{}, context.Cause(ctx)
		}
	}
}

// before is the version that a schema had before these migrations.
func before(provider *goose.Provider, applied []*goose.MigrationResult, known int64) int64 {
	if len(applied) == 0 {
		return known // another process was faster
	}
	var from int64
	for _, source := range provider.ListSources() {
		if source.Version < applied[0].Source.Version {
			from = source.Version
		}
	}
	return from
}

// checkNewer tells whether this program may work on a schema that a newer one made:
// within a release schemas only grow, so that two versions may serve side by side
// and the older one may come back.
func checkNewer(ctx context.Context, db *sql.DB, schema, known int64) error {
	var oldest int64
	if err := db.QueryRowContext(ctx, "SELECT oldest FROM compatibility WHERE id = 1").Scan(&oldest); err != nil {
		return cannotMigrate(ctx, err)
	}
	if oldest <= known {
		return nil
	}
	return fmt.Errorf("the database has schema %d, made by a newer Coach Manager; this one knows schemas up to %d, and that one works with %d or newer. "+
		"Use the newer program, or restore a backup made before it", schema, known, oldest)
}

// cannotMigrate: either engine's verdict will do, they know different errors.
func cannotMigrate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	unreachable := (&postgresEngine{}).verdict(err) == away || (&sqliteEngine{}).verdict(err) == away
	if unreachable && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", coaching.ErrUnavailable, err)
	}
	return fmt.Errorf("bring the database's schema up to date: %w", inWords(err))
}

// postgresMigrations uses connections of its own, without the pool's limits: an
// index may take its time.
func postgresMigrations(a address) (*sql.DB, *goose.Provider, error) {
	pool, err := connections(a)
	if err != nil {
		return nil, nil, err
	}
	config := pool.ConnConfig
	config.ConnectTimeout = Options{}.withDefaults().Patience
	// Whoever waits for a table, of which a backup may be under way, has all others
	// wait behind it.
	config.RuntimeParams["lock_timeout"] = "1000"
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, math.MaxUint32))
	if err != nil {
		return nil, nil, fmt.Errorf("set up the migrations: %w", err)
	}
	return provider(stdlib.OpenDB(*config), goose.DialectPostgres, "postgres", goose.WithSessionLocker(locker))
}

func sqliteMigrations(a address) (*sql.DB, *goose.Provider, error) {
	db, err := sqliteDB(a.path, Options{}.withDefaults().Patience, false)
	if err != nil {
		return nil, nil, err
	}
	return provider(db, goose.DialectSQLite3, "sqlite")
}

func provider(db *sql.DB, dialect goose.Dialect, folder string, options ...goose.ProviderOption) (*sql.DB, *goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err == nil {
		var p *goose.Provider
		if p, err = goose.NewProvider(dialect, db, files, append(options, goose.WithTableName("schema_versions"), goose.WithAllowOutofOrder(true))...); err == nil {
			return db, p, nil
		}
	}
	return nil, nil, errors.Join(fmt.Errorf("set up the migrations: %w", err), db.Close())
}

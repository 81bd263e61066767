package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// postgresEngine has one pgx pool, which GORM uses through database/sql and listen
// takes its connection from.
type postgresEngine struct {
	config *pgxpool.Config
	pool   *pgxpool.Pool
	dbs    []*sql.DB // views of the pool, each with its share of the connections
}

func openPostgres(ctx context.Context, a address, o Options) (*Store, error) {
	config, err := poolConfig(a, o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("set up the connections to the database: %w", err)
	}
	e := &postgresEngine{config: config, pool: pool}
	s := &Store{engine: e, patience: o.Patience, mostEntries: mostEntries}
	// One connection is for listen, one for the change log, one for leases.
	writers := max(2, int(config.MaxConns)/3)
	readers := int(config.MaxConns) - 3 - writers
	for _, way := range []struct {
		db    **gorm.DB
		conns int
	}{{&s.writing, writers}, {&s.reading, readers}, {&s.following, 1}, {&s.leasing, 1}} {
		if err == nil {
			*way.db, err = e.share(way.conns)
		}
	}
	if err == nil {
		err = s.Ping(ctx)
	}
	if err != nil {
		return nil, errors.Join(inWords(err), s.Close())
	}
	return s, nil
}

// share opens a way to the database that uses so many connections of the pool at
// most.
func (e *postgresEngine) share(conns int) (*gorm.DB, error) {
	db := stdlib.OpenDBFromPool(e.pool)
	db.SetMaxOpenConns(conns)
	e.dbs = append(e.dbs, db)
	return gorm.Open(gormpostgres.New(gormpostgres.Config{Conn: db}), gormConfig())
}

// planner settings: each query of the store has one good plan, a walk of an
// index, and 10,000 entries of it at most. The planner must not leave it for a
// scan or a sort because statistics are old or a history is long.
var planner = map[string]string{
	"enable_seqscan":    "off",
	"enable_bitmapscan": "off",
	"enable_hashjoin":   "off",
	"enable_mergejoin":  "off",
	"jit":               "off",
}

// fewestConns: one to listen, one for the change log, one for leases, two to
// write, one to read.
const fewestConns = 6

func poolConfig(a address, o Options) (*pgxpool.Config, error) {
	config, err := connections(a)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(a.postgres, "pool_max_conns") {
		config.MaxConns = int32(min(max(o.MaxConns, fewestConns), 1000))
	}
	if config.MaxConns < fewestConns {
		return nil, fmt.Errorf("pool_max_conns in the database address is %d; it has to be %d at least", config.MaxConns, fewestConns)
	}
	config.MinIdleConns = 2
	config.MaxConnLifetime, config.MaxConnLifetimeJitter = 30*time.Minute, 5*time.Minute
	config.HealthCheckPeriod = 30 * time.Second
	config.ConnConfig.ConnectTimeout = o.Patience
	config.ConnConfig.DialFunc = (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext
	limit := func(d time.Duration) string { return strconv.FormatInt(max(1, d.Milliseconds()), 10) }
	params := config.ConnConfig.RuntimeParams
	for name, value := range planner {
		params[name] = value
	}
	params["statement_timeout"] = limit(o.Patience)
	// A process that stands still in a transaction must not hold up others for as
	// long as they wait.
	params["idle_in_transaction_session_timeout"] = limit(o.Patience * 2 / 3)
	if params["application_name"] == "" {
		params["application_name"] = "coach-manager"
	}
	return config, nil
}

// connections reads how to connect to an address.
func connections(a address) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(a.postgres)
	if err != nil {
		return nil, badAddress(a, err)
	}
	if severalHosts(config.ConnConfig) && config.ConnConfig.ValidateConnect == nil {
		// The one that takes writes: a standby may lag, and then lets in tokens that are
		// revoked.
		config.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	return config, nil
}

// severalHosts tells whether there is more than one server to connect to, not only
// more than one way to one (with TLS and without).
func severalHosts(c *pgx.ConnConfig) bool {
	return slices.ContainsFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.Host != c.Host || f.Port != c.Port })
}

// badAddress gives the reason why pgx refused an address. The whole error would
// repeat the address; the cause alone does not, and is left out where it does.
func badAddress(a address, err error) error {
	const hint = "the database address cannot be used; write it as postgres://user:password@host:5432/name"
	var refused *pgconn.ParseConfigError
	if !errors.As(err, &refused) || refused.Unwrap() == nil {
		return errors.New(hint)
	}
	cause := refused.Unwrap().Error()
	if u, bad := url.Parse(a.postgres); bad == nil {
		if password, has := u.User.Password(); has && password != "" && strings.Contains(cause, password) ||
			strings.Contains(cause, u.Host) && u.Host != "" || strings.Contains(cause, "://") {
			return errors.New(hint)
		}
	}
	return fmt.Errorf("%s (%s)", hint, cause)
}

// inWords says what a stranger can do about a database that could not be opened.
func inWords(err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code {
	case "28P01", "28000":
		return fmt.Errorf("the database server does not let this user in; check user, password and pg_hba.conf: %w", err)
	case "3D000":
		return fmt.Errorf("there is no such database on the server; create it first: %w", err)
	case "42501":
		return fmt.Errorf("the database user may not do what is needed; it has to own the schema: %w", err)
	default:
		return err
	}
}

func (e *postgresEngine) now(tx *gorm.DB) (time.Time, error) {
	var now instant
	err := tx.Raw("SELECT clock_timestamp()").Row().Scan(&now)
	return now.time(), err
}

func (e *postgresEngine) raise(tx *gorm.DB, by int) (counterRow, error) {
	var row counterRow
	err := tx.Raw(`WITH raised AS (
			UPDATE counter SET revision = revision + ?, prior = as_of, as_of = greatest(as_of + interval '1 microsecond', clock_timestamp()) WHERE id = 1
			RETURNING id, epoch, revision, as_of, prior)
		SELECT raised.* FROM raised, pg_notify('`+channel+`', raised.revision::text)`, by).Scan(&row).Error
	return row, err
}

func (e *postgresEngine) unhurried(tx *gorm.DB, d time.Duration) error {
	return tx.Exec("SET LOCAL statement_timeout = " + strconv.FormatInt(d.Milliseconds(), 10)).Error
}

// claim: any number of processes may serve a Postgres database.
func (e *postgresEngine) claim() (release func(), alone bool, err error) {
	return func() {}, false, nil
}

// verdict: whatever the server did not say itself came from the way to it.
func (e *postgresEngine) verdict(err error) verdict {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return verdictOfCode(said.Code)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	var call syscall.Errno
	switch {
	case errors.As(err, &connect), errors.As(err, &network), errors.As(err, &call),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone),
		pgconn.SafeToRetry(err), pgconn.Timeout(err), isClosed(err):
		return away
	default:
		return broken
	}
}

func verdictOfCode(code string) verdict {
	switch code {
	case "40001", "40P01": // serialization failure, deadlock
		return raced
	case "23505": // unique
		return clashed
	case "57014", // statement timeout
		"25006", // read only: a standby
		"25P03", // idle in transaction too long
		"55P03", // lock not available
		"3D000": // no such database
		return away
	}
	switch code[:min(2, len(code))] {
	case "08", // connection
		"28", // no longer let in
		"53", // too many connections, disk or memory full
		"57", // shutdown, crash, starting up
		"58", // the system below
		"XX": // damaged
		return away
	}
	return broken
}

// close does not wait long for a server that hangs: pgx would say goodbye to it for
// 15 s.
func (e *postgresEngine) close() error {
	var err error
	for _, db := range e.dbs {
		err = errors.Join(err, db.Close())
	}
	closed := make(chan struct{})
	go func() { defer close(closed); e.pool.Close() }()
	patience := time.NewTimer(e.config.ConnConfig.ConnectTimeout)
	defer patience.Stop()
	select {
	case <-closed:
	case <-patience.C:
	}
	return err
}

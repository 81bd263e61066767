package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strconv"
	"time"

	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// sqliteEngine has one connection that writes, so that writers of this process
// queue in Go, where waiting can be cancelled, and several that only read. Other
// processes' writers are waited for by SQLite itself.
type sqliteEngine struct {
	path    string
	writing *sql.DB
	reading *sql.DB
}

func openSQLite(ctx context.Context, a address, o Options) (*Store, error) {
	e := &sqliteEngine{path: a.path}
	var err error
	if e.writing, err = sqliteDB(a.path, o.Patience, false); err != nil {
		return nil, err
	}
	if e.reading, err = sqliteDB(a.path, o.Patience, true); err != nil {
		return nil, errors.Join(err, e.writing.Close())
	}
	s := &Store{engine: e, patience: o.Patience, mostEntries: mostEntries}
	if s.writing, err = gorm.Open(sqliteDialect{e.writing}, gormConfig()); err == nil {
		s.leasing = s.writing
		s.reading, err = gorm.Open(sqliteDialect{e.reading}, gormConfig())
		s.following = s.reading
	}
	if err == nil {
		err = s.Ping(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", a.path, err), s.Close())
	}
	return s, nil
}

// sqliteDB opens a file. Without _txlock=immediate a transaction that reads
// first and then writes fails at once when another one is writing: the busy
// timeout does not help there. NORMAL in WAL mode keeps what was committed
// through kill -9; a power cut may take the last moments, and breaks nothing.
func sqliteDB(path string, patience time.Duration, readOnly bool) (*sql.DB, error) {
	settings := url.Values{}
	settings.Add("_pragma", "busy_timeout("+strconv.FormatInt(patience.Milliseconds(), 10)+")")
	settings.Add("_pragma", "synchronous(NORMAL)")
	settings.Add("_pragma", "foreign_keys(1)")
	settings.Add("_pragma", "temp_store(MEMORY)")
	settings.Add("_time_integer_format", "unix_micro")
	conns := 1
	if readOnly {
		settings.Add("_pragma", "cache_size(-8192)") // KiB, of each
		settings.Add("_pragma", "query_only(1)")
		conns = max(4, runtime.NumCPU())
	} else {
		settings.Add("_pragma", "journal_mode(WAL)")
		settings.Add("_pragma", "cache_size(-32768)") // KiB
		settings.Add("_pragma", "secure_delete(1)")   // zeroes over what is deleted: it may be a customer's number
		settings.Add("_txlock", "immediate")
	}
	file := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: settings.Encode()}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func (e *sqliteEngine) now(*gorm.DB) (time.Time, error) { return at(time.Now()).time(), nil }

func (e *sqliteEngine) raise(tx *gorm.DB, by int) (counterRow, error) {
	var row counterRow
	err := tx.Raw(`UPDATE counter SET revision = revision + ?, prior = as_of, as_of = max(as_of + 1, ?) WHERE id = 1
		RETURNING id, epoch, revision, as_of, prior`, by, at(time.Now())).Scan(&row).Error
	return row, err
}

// verdict: a file that cannot be opened, read or written is a database that is
// away; a damaged one, too, does not answer.
func (e *sqliteEngine) verdict(err error) verdict {
	var s *sqlite.Error
	switch {
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone), isClosed(err):
		return away
	case !errors.As(err, &s):
		return broken
	}
	switch s.Code() & 0xff { // without the extended part
	case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED, sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR,
		sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_NOTADB, sqlitelib.SQLITE_CORRUPT,
		sqlitelib.SQLITE_PERM, sqlitelib.SQLITE_NOMEM, sqlitelib.SQLITE_INTERRUPT, sqlitelib.SQLITE_PROTOCOL:
		return away
	default:
		return broken
	}
}

func (e *sqliteEngine) claim() (release func(), alone bool, err error) {
	release, err = claimFile(e.path)
	return release, true, err
}

// listen has nothing to tell: no other process serves the database, and short
// commands beside it are noticed by looking.
func (e *sqliteEngine) listen(ctx context.Context, heard func(int64)) error {
	heard(0)
	<-ctx.Done()
	return ctx.Err()
}

func (e *sqliteEngine) tellRelease(*gorm.DB) error { return nil }

func (e *sqliteEngine) unhurried(*gorm.DB, time.Duration) error { return nil }

func (e *sqliteEngine) close() error { return errors.Join(e.reading.Close(), e.writing.Close()) }

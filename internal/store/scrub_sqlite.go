package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// scrubLimit is how long writing a file anew may take.
const scrubLimit = 30 * time.Minute

// scrub looks for the number in the file itself. Rows that are deleted or changed are
// overwritten (secure_delete), yet SQLite leaves copies of rows behind where it moves
// them from page to page, and programs before this one did not overwrite. So where
// anything is found the file is written anew, which takes the time of a copy, and as
// much room on the disk; others read meanwhile, and wait for it to write.
func (e *sqliteEngine) scrub(ctx context.Context, number coaching.PhoneNumber) (Scrubbed, error) {
	ctx, cancel := context.WithTimeout(ctx, scrubLimit)
	defer cancel()
	did := ScrubbedClean
	emptied, err := e.emptyLog(ctx)
	if err != nil {
		return "", err
	}
	found, err := e.holds(number)
	if err != nil {
		return "", err
	}
	if found && emptied {
		// Its working copy is a file of its own, which has no name: not in memory.
		if err := onOne(ctx, e.writing, "PRAGMA temp_store = FILE", "VACUUM", "PRAGMA temp_store = MEMORY"); err != nil {
			return "", fmt.Errorf("write the file anew: %w", err)
		}
		did = ScrubbedRewritten
		emptied, err = e.emptyLog(ctx)
	}
	if !emptied {
		did = ScrubbedBusy
	}
	return did, err
}

// onOne runs statements on one connection.
func onOne(ctx context.Context, db *sql.DB, statements ...string) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// emptyTries is how often it is tried to empty the write-ahead log, each time for as
// long as a statement waits for others.
const emptyTries = 5

// emptyLog takes all that is in the write-ahead log into the file and empties it. It
// tells whether that was possible: somebody may be reading what was there before.
func (e *sqliteEngine) emptyLog(ctx context.Context) (bool, error) {
	for range emptyTries {
		var busy, frames, done int
		if err := e.writing.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done); err != nil {
			return false, fmt.Errorf("empty the write-ahead log: %w", err)
		}
		if busy == 0 {
			return true, nil
		}
		if !pause(ctx, 100*time.Millisecond) {
			return false, context.Cause(ctx)
		}
	}
	return false, nil
}

// holds tells whether the file holds the number anywhere.
func (e *sqliteEngine) holds(number coaching.PhoneNumber) (bool, error) {
	file, err := os.Open(e.path)
	if err != nil {
		return false, fmt.Errorf("look at the file: %w", err)
	}
	defer func() { _ = file.Close() }()
	const longest = 4096 // of a number: what a dialer tells is cut far below
	piece := make([]byte, 1<<20)
	kept := 0 // the end of the piece before
	for {
		n, err := io.ReadFull(file, piece[kept:])
		switch {
		case number.TracedIn(piece[:kept+n]):
			return true, nil
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("look at the file: %w", err)
		}
		kept = copy(piece, piece[kept+n-longest:])
	}
}

package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// engine is what the databases do not have in common.
type engine interface {
	// now is the database's clock.
	now(tx *gorm.DB) (time.Time, error)
	// raise moves the counter on and returns it. Its time always goes on, whatever the
	// clock does: two histories would else look alike.
	raise(tx *gorm.DB, by int) (counterRow, error)
	// verdict tells what an error of the driver means.
	verdict(err error) verdict
	// claim makes this process the only one that serves the database, until release;
	// alone is false where the engine needs no such thing.
	claim() (release func(), alone bool, err error)
	// listen is Store.Listen.
	listen(ctx context.Context, heard func(number int64)) error
	// tellRelease has other processes told, after the commit, that a lease is free.
	tellRelease(tx *gorm.DB) error
	// unhurried gives the statements of a transaction more time.
	unhurried(tx *gorm.DB, d time.Duration) error
	// scrub takes a number that is in no row any more out of the database's files, as
	// far as it can.
	scrub(ctx context.Context, number coaching.PhoneNumber) (Scrubbed, error)
	close() error
}

// Scrubbed tells what became of the files that a database is kept in, in which bytes
// of erased rows may lie about.
type Scrubbed string

// What scrub came to.
const (
	ScrubbedClean     Scrubbed = "clean"     // an SQLite file that had nothing left
	ScrubbedRewritten Scrubbed = "rewritten" // an SQLite file that had, and was written anew
	ScrubbedBusy      Scrubbed = "busy"      // an SQLite file that others use too much for that
	ScrubbedVacuumed  Scrubbed = "vacuumed"  // tables of Postgres, whose server does the rest in time
)

// verdict is what an error of a driver means.
type verdict int

const (
	broken  verdict = iota // the statement or the data: a fault of ours
	away                   // the database is away, hangs, or is full
	raced                  // another transaction was faster: do it again
	clashed                // a row like this one exists: do it again, it may be on the board then
)

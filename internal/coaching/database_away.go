package coaching

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// databaseState is whether the database answers. It may be there for reading and
// not for writing: a full disk, a standby, a lock that somebody holds. What cannot
// be written is not known to be kept, so either makes the live view stale.
type databaseState struct {
	mu          sync.Mutex
	readsFail   bool
	writesFail  bool
	lastAnswers time.Time // when it was last there for both
	lastRead    time.Time // when it could last be read, by the monotonic clock
	backSince   time.Time // when it was first there again; zero if it never was away
}

// noteRead takes note of how reading from the database went.
func (f *Floor) noteRead(err error) {
	if err == nil {
		f.database.mu.Lock()
		f.database.lastRead = time.Now()
		f.database.mu.Unlock()
	}
	f.note(&f.database.readsFail, err)
}

// errNotRead is why a database that did not fail is not known to be there.
var errNotRead = fmt.Errorf("it was not read for longer than a lease lasts: %w", ErrUnavailable)

// noteSilence shows the view as stale when the database has not been read for
// longer than a lease lasts: this process was paused, and the world went on.
func (f *Floor) noteSilence() {
	f.database.mu.Lock()
	silent := !f.database.lastRead.IsZero() && time.Since(f.database.lastRead) > f.timing.Lease
	f.database.mu.Unlock()
	if silent {
		f.noteRead(errNotRead)
	}
}

func (f *Floor) lastRead() time.Time {
	f.database.mu.Lock()
	defer f.database.mu.Unlock()
	return f.database.lastRead
}

// backFor is how long the database has been there again after it was away.
func (f *Floor) backFor() time.Duration {
	f.database.mu.Lock()
	defer f.database.mu.Unlock()
	return time.Since(f.database.backSince)
}

// noteWrite takes note of how writing to the database went.
func (f *Floor) noteWrite(err error) { f.note(&f.database.writesFail, err) }

// note keeps whether an operation failed for want of a database, and shows it. An
// error of another kind tells nothing.
func (f *Floor) note(fails *bool, err error) {
	if err != nil && !errors.Is(err, ErrUnavailable) {
		return
	}
	d := &f.database
	d.mu.Lock()
	defer d.mu.Unlock()
	*fails = err != nil
	if d.readsFail || d.writesFail {
		since := d.lastAnswers
		if f.view.databaseAway(&since) {
			f.log.Error("the database is away; the live list goes on from memory", "error", err)
		}
		return
	}
	d.lastAnswers = moment(time.Now())
	if f.view.databaseAway(nil) {
		d.backSince = time.Now()
		f.log.Info("the database is back")
	}
}

// errWritesFail is why a database that can be read is not well.
var errWritesFail = errors.New("the last write failed")

func (f *Floor) writesFail() error {
	f.database.mu.Lock()
	defer f.database.mu.Unlock()
	if f.database.writesFail {
		return errWritesFail
	}
	return nil
}

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
	failing     map[writer]bool // whoever could not write the last time
	lastAnswers time.Time       // when it was last there for both
	lastRead    time.Time       // when it could last be read, by the monotonic clock
	backSince   time.Time       // when it was first there again; zero if it never was away
}

// writer is what writes for a dialer. Each is noted by itself: one may find room
// where another does not.
type writer struct{ dialer, what string }

// noteRead takes note of how reading from the database went.
func (f *Floor) noteRead(err error) {
	f.note(err, func(d *databaseState) {
		d.readsFail = err != nil
		if err == nil {
			d.lastRead = time.Now()
		}
	})
}

// errNotRead is why a database that did not fail is not known to be there.
var errNotRead = fmt.Errorf("this process stood still, and does not know yet what happened: %w", ErrUnavailable)

// noteSilence shows the view as stale when the database has not been read for
// much longer than it is looked at: this process was paused, and the world went on.
func (f *Floor) noteSilence() {
	f.database.mu.Lock()
	silent := !f.database.lastRead.IsZero() && time.Since(f.database.lastRead) > 2*f.timing.Lease
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
func (f *Floor) noteWrite(who writer, err error) {
	f.note(err, func(d *databaseState) {
		if d.failing == nil {
			d.failing = map[writer]bool{}
		}
		delete(d.failing, who)
		if err != nil {
			d.failing[who] = true
		}
	})
}

// note keeps whether an operation failed for want of a database, and shows it. An
// error of another kind tells nothing.
func (f *Floor) note(err error, keep func(*databaseState)) {
	if err != nil && !errors.Is(err, ErrUnavailable) {
		return
	}
	d := &f.database
	d.mu.Lock()
	defer d.mu.Unlock()
	keep(d)
	if d.readsFail || len(d.failing) > 0 {
		since := d.lastAnswers
		switch isNew := f.view.databaseAway(&since); {
		case isNew && errors.Is(err, errNotRead):
			f.log.Warn("this process stood still; its live list is stale until it has looked what happened")
		case isNew:
			f.log.Error("the database is away; the live list goes on from memory", "error", err)
		}
		return
	}
	d.lastAnswers = moment(time.Now())
	if f.view.databaseAway(nil) {
		d.backSince = time.Now()
		f.log.Info("the database answers again, and the live list is as it is")
	}
}

// errWritesFail is why a database that can be read is not well.
var errWritesFail = errors.New("the last write failed")

func (f *Floor) writesFail() error {
	f.database.mu.Lock()
	defer f.database.mu.Unlock()
	if len(f.database.failing) > 0 {
		return errWritesFail
	}
	return nil
}

package coaching

import (
	"errors"
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
}

// noteRead takes note of how reading from the database went.
func (f *Floor) noteRead(err error) { f.note(&f.database.readsFail, err) }

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

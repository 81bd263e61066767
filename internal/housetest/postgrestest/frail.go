package postgrestest

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/child"
)

// Frail is a private server whose disk can be full and whose clock can be wrong.
// Both hold at once, for connections that are open too, and through a Stop and a
// Start.
type Frail struct {
	*Instance
}

//go:embed testdata/frail.c
var frailSource []byte

// Where frail.c looks for what, in the file that it maps.
const (
	frailAhead = 0
	frailFull  = 8
	frailSize  = 16
)

// FrailServer starts a frail server for this test alone, as Server does. Its disk
// has room, and its clock is right.
func FrailServer(t testing.TB) *Frail {
	t.Helper()
	f := &Frail{newInstance(t, (*cluster).weaken)}
	f.SetClock(time.Hour)
	if now, err := ask[time.Time](f.c, "select clock_timestamp()"); err != nil || time.Until(now) < time.Minute {
		t.Fatalf("the server's clock is not to be moved: got %v, %v (may libraries of %s be run?)", now, err, f.c.dir)
	}
	f.SetClock(0)
	return f
}

// FillDisk has none of the server's files grow from now on. Reading goes on, and so
// does what finds room in what there is; the rest fails with 53100.
func (f *Frail) FillDisk() {
	f.t.Helper()
	f.set(frailFull, 1)
}

// FillLog fills the disk, and then all that is left of the log of transactions:
// the server crashes, wants room to come up again, and ends.
func (f *Frail) FillLog() {
	f.t.Helper()
	f.FillDisk()
	housetest.WaitFor(f.t, "the server's end", func() bool {
		_ = f.c.exec("select pg_logical_emit_message(false, '', repeat('x', 1000000))") // also where it has come up once more
		return f.c.process.Ended(time.Millisecond)
	})
}

// MakeRoom has the disk have room again, and waits until the server answers. One
// that has ended for want of room is started, as whoever made the room would.
func (f *Frail) MakeRoom() {
	f.t.Helper()
	f.set(frailFull, 0)
	housetest.WaitFor(f.t, "the server's recovery", func() bool {
		switch {
		case f.c.process == nil || f.c.ready(f.c.port, f.c.data()) == nil:
			return true
		case f.c.process.Ended(time.Millisecond):
			f.Stop() // it has: this takes note
			f.Start()
		}
		return false
	})
}

// SetClock has the server's clock be so much ahead of this machine's, or behind it,
// from now on.
func (f *Frail) SetClock(ahead time.Duration) {
	f.t.Helper()
	f.set(frailAhead, int64(ahead))
}

func (f *Frail) set(at int64, value int64) {
	f.t.Helper()
	state, err := os.OpenFile(f.c.frail+".state", os.O_WRONLY, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = state.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(value)), at)
	if err := errors.Join(err, state.Close()); err != nil {
		f.t.Fatal(err)
	}
}

// weaken makes the files that make a server frail.
func (c *cluster) weaken() error {
	library, err := frailLibrary()
	if err != nil {
		return err
	}
	c.frail = filepath.Join(c.dir, "frail")
	return errors.Join(
		os.WriteFile(c.frail+".so", library, 0o600),
		os.WriteFile(c.frail+".state", make([]byte, frailSize), 0o600),
		os.Chmod(c.frail+".so", 0o755), // the server may be another user's, whatever the umask
		os.Chmod(c.frail+".state", 0o644),
	)
}

// frailLibrary is frail.c, compiled once for the whole test binary.
var frailLibrary = sync.OnceValues(func() ([]byte, error) {
	library, err := child.Compile(frailSource, "-ldl")
	if errors.Is(err, child.ErrNoCompiler) {
		return nil, missing("a server's disk cannot be full here, nor its clock wrong: " + err.Error())
	}
	return library, err
})

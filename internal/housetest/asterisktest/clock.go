package asterisktest

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

// Clocked is an Instance whose clock can be wrong.
type Clocked struct{ *Instance }

//go:embed testdata/clock.c
var clockSource []byte

// clockLibrary is clock.c, compiled once for the whole test binary.
var clockLibrary = sync.OnceValues(func() ([]byte, error) {
	return child.Compile(clockSource, "-nostdlib", "-fno-stack-protector")
})

// StartClocked is Start of an Asterisk whose clock is right at first.
func StartClocked(t testing.TB, conf map[string]string) *Clocked {
	t.Helper()
	library, err := clockLibrary()
	if errors.Is(err, child.ErrNoCompiler) {
		housetest.Missing(t, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	c := &Clocked{}
	c.Instance = start(t, conf, func(a *Instance) error {
		lib, ahead := filepath.Join(a.Dir, "clock.so"), filepath.Join(a.Dir, "ahead")
		a.wrapper = []string{"env", "LD_PRELOAD=" + lib, "COACH_CLOCK=" + ahead}
		return errors.Join(os.WriteFile(lib, library, 0o600), os.WriteFile(ahead, make([]byte, 8), 0o600))
	})
	return c
}

// SetClock has its clock be so much ahead of this machine's, or behind it, from now
// on, and after a Stop and a Start as well.
func (c *Clocked) SetClock(ahead time.Duration) {
	c.t.Helper()
	file, err := os.OpenFile(filepath.Join(c.Dir, "ahead"), os.O_WRONLY, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(ahead)), 0)
	if err := errors.Join(err, file.Close()); err != nil {
		c.t.Fatal(err)
	}
}

package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// errLocked tells that another process, or another place in this one, holds a
// lock file.
var errLocked = errors.New("locked")

// lockFile waits for a lock file and holds it until unlock is called or the
// process is gone, however it goes. The file itself stays.
//
// It is never the database's own file: closing any handle of that one would drop
// SQLite's locks on it.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		unlock, err = tryLockFile(path)
		if !errors.Is(err, errLocked) {
			return unlock, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// tryLockFile does not wait: errLocked names the process that holds the file,
// where it is known.
func tryLockFile(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := flock(file); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(file, 32)) // only for the message
		_ = file.Close()
		if pid, bad := strconv.Atoi(strings.TrimSpace(string(holder))); bad == nil && errors.Is(err, errLocked) {
			return nil, fmt.Errorf("%w by process %d", err, pid)
		}
		return nil, err
	}
	// Whose lock it is helps people only: nothing depends on it.
	if file.Truncate(0) == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return func() { funlock(file); _ = file.Close() }, nil
}

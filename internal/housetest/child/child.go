package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// guard is what the shell does: $1 the log, $2 the folder, $3 the last signal,
// then the server's command. The folder is removed only when the pipe was
// closed, that is when nobody is left to restart the server in it.
const guard = `
log=$1 dir=$2 last=$3
shift 3
exec 3<&0
: >"$log"
"$@" </dev/null >>"$log" 2>&1 3<&- &
server=$!
{
	while read -r signal <&3; do kill -s "$signal" "$server"; done
	trap '' TERM
	kill -s "$last" "$server"
} >/dev/null 2>&1 &
watcher=$!
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
if wait "$watcher" 2>/dev/null; then rm -rf -- "$dir"; fi
exit "$status"
`

// Server says what to run and how.
type Server struct {
	Command    []string            // the program and its arguments
	Dir        string              // its working folder, removed with all in it if the test binary dies
	Log        string              // the file that takes its output; emptied at the start
	LastSignal string              // what ends it when the test binary is gone, e.g. "KILL"
	Credential *syscall.Credential // whom to run as; nil for the same user
}

// Process is a server that was started. It is not safe for concurrent use.
type Process struct {
	guard  *exec.Cmd
	orders *os.File // signal names, a line each
	end    *os.File // carries nothing but its end: the server's
	over   bool     // the end was seen
}

// Start starts the server and returns at once; it says nothing about whether
// the server came up.
func Start(s Server) (*Process, error) {
	toGuard, orders, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = toGuard.Close() }()
	end, fromGuard, err := os.Pipe()
	if err != nil {
		_ = orders.Close()
		return nil, err
	}
	defer func() { _ = fromGuard.Close() }()

	// Not CommandContext: the pipe ends it, and a context would cost a goroutine.
	cmd := exec.Command("/bin/sh", append([]string{"-c", guard, "guard", s.Log, s.Dir, s.LastSignal}, s.Command...)...) //nolint:noctx // see above
	cmd.Dir = s.Dir
	cmd.Stdin, cmd.Stdout = toGuard, fromGuard
	// A session of its own: Ctrl-C goes to the test binary only, and the guard
	// tidies up after it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: s.Credential}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", s.Command[0], err), orders.Close(), end.Close())
	}
	return &Process{guard: cmd, orders: orders, end: end}, nil
}

// Ended waits for the server's end, but not longer than the given time, and
// says whether it came.
func (p *Process) Ended(within time.Duration) bool {
	if p.over {
		return true
	}
	if err := p.end.SetReadDeadline(time.Now().Add(within)); err != nil {
		return false
	}
	_, err := p.end.Read(make([]byte, 1))
	p.over = !errors.Is(err, os.ErrDeadlineExceeded)
	return p.over
}

// Stop sends the signal ("TERM", "KILL" ...) and waits for the server's end,
// whose exit status is the error. A server that has not ended in time is an
// error too, and lives on until Stop is called again or the test binary ends.
func (p *Process) Stop(signal string, within time.Duration) error {
	if !p.over {
		// A guard that has just gone takes no order, and needs none.
		if _, err := fmt.Fprintln(p.orders, signal); err != nil && !errors.Is(err, syscall.EPIPE) {
			return fmt.Errorf("send %s: %w", signal, err)
		}
	}
	if !p.Ended(within) {
		return fmt.Errorf("no end within %v of %s", within, signal)
	}
	return errors.Join(p.guard.Wait(), p.orders.Close(), p.end.Close())
}

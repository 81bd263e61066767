package child_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/child"
)

const patience = 10 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a shell command as the server, in a folder of its own.
func start(t *testing.T, command string) (p *child.Process, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "server")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := child.Start(child.Server{
		Command:    []string{"/bin/sh", "-c", command},
		Dir:        dir,
		Log:        filepath.Join(dir, "log"),
		LastSignal: "KILL",
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, dir
}

func TestStopEndsTheServerAndKeepsItsFolder(t *testing.T) {
	t.Parallel()
	p, dir := start(t, "exec sleep 60")
	if p.Ended(time.Millisecond) {
		t.Fatal("it ended by itself")
	}
	var exit *exec.ExitError
	if err := p.Stop("TERM", patience); !errors.As(err, &exit) || exit.ExitCode() != 128+15 {
		t.Errorf("got %v, want the exit status of SIGTERM", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "log")); err != nil {
		t.Errorf("the folder of a stopped server: %v", err)
	}
}

func TestAServerThatEndsByItselfIsSeen(t *testing.T) {
	t.Parallel()
	p, dir := start(t, "echo no port; exit 3")
	if !p.Ended(patience) {
		t.Fatal("its end was not seen")
	}
	var exit *exec.ExitError
	if err := p.Stop("TERM", patience); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("got %v, want exit status 3", err)
	}
	if log, err := os.ReadFile(filepath.Join(dir, "log")); err != nil || string(log) != "no port\n" {
		t.Errorf("log: got %q, %v", log, err)
	}
}

func TestAStubbornServerIsAnErrorAndCanBeKilled(t *testing.T) {
	t.Parallel()
	p, dir := start(t, "trap '' TERM; echo up; while :; do sleep 0.02; done")
	housetest.WaitFor(t, "the server's trap", func() bool {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return string(log) == "up\n"
	})
	if err := p.Stop("TERM", 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "no end within") {
		t.Errorf("got %v, want that it did not end", err)
	}
	var exit *exec.ExitError
	if err := p.Stop("KILL", patience); !errors.As(err, &exit) || exit.ExitCode() != 128+9 {
		t.Errorf("got %v, want the exit status of SIGKILL", err)
	}
}

// The test binary is run once more as the victim; it starts a server and is
// killed.
func TestAKilledTestBinaryTakesItsServerAlong(t *testing.T) {
	const victim = "COACH_CHILD_VICTIM"
	if os.Getenv(victim) != "" {
		_, dir := start(t, "echo $$ >pid; exec sleep 60")
		housetest.WaitFor(t, "the server's pid", func() bool {
			pid, _ := os.ReadFile(filepath.Join(dir, "pid"))
			return len(pid) > 0
		})
		fmt.Println("dir", dir)
		_, _ = io.Copy(io.Discard, os.Stdin) // until killed
		return
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), victim+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSpace(strings.TrimPrefix(line, "dir "))
	pid, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	housetest.WaitFor(t, "the folder's removal", func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) })
	// The folder goes after the server, so this needs no more waiting.
	if err := exec.CommandContext(t.Context(), "kill", "-0", strings.TrimSpace(string(pid))).Run(); err == nil {
		t.Errorf("the server, process %s, is still there", pid)
	}
}

package asterisktest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/child"
)

const (
	startLimit = 60 * time.Second // it takes half a second on a quiet machine
	stopLimit  = 60 * time.Second // it takes 30 ms, with calls about a second
	ports      = 5                // how many ports a start tries
)

// Instance is one Asterisk. Its methods end the test when they fail, and are for
// the test's own goroutine only.
type Instance struct {
	AMI string // host:port of the manager interface, the same after a restart
	Dir string // all its files; STATEDIR is Dir/s

	t       testing.TB
	program string
	conf    map[string]string
	wrapper []string // what runs the program, if anything
	port    int
	process *child.Process // nil while it does not run
}

// errPortTaken: another process was faster to bind the port we were given.
var errPortTaken = errors.New("the port was taken meanwhile")

// Start runs an Asterisk with the given configuration and returns when it is
// fully booted and its manager interface answers. It ends with the test.
//
// conf maps file names to contents; "{ami}" in them becomes the manager's port,
// which manager.conf has to use. What conf lacks comes from the wrapper: no SIP,
// no HTTP. ContactCentre is a configuration to start from.
func Start(t testing.TB, conf map[string]string) *Instance {
	t.Helper()
	return start(t, conf, func(*Instance) error { return nil })
}

// start is Start of one that is prepared first, once its folder is there.
func start(t testing.TB, conf map[string]string, prepare func(*Instance) error) *Instance {
	t.Helper()
	program, err := find()
	if err != nil {
		housetest.Missing(t, err.Error())
	}
	// Not t.TempDir, whose path is long: the control socket's has to fit into
	// 107 bytes.
	dir, err := os.MkdirTemp("", "ast")
	if err != nil {
		t.Fatal(err)
	}
	a := &Instance{Dir: dir, t: t, program: program, conf: conf}
	t.Cleanup(a.cleanUp)
	if err := prepare(a); err != nil {
		t.Fatal(err)
	}
	for range ports {
		if a.port, err = child.FreePort(); err != nil {
			t.Fatal(err)
		}
		if err = a.start(); !errors.Is(err, errPortTaken) {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func find() (string, error) {
	const install = "install it by install-asterisk, or set ASTERISK to the wrapper it made"
	name := os.Getenv("ASTERISK")
	if name == "" {
		name = "asterisk-private"
	}
	program, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("no Asterisk here (%w): %s", err, install)
	}
	return filepath.Abs(program)
}

// Start starts it again after Stop or Kill: same port, same configuration, and
// no call of the one before.
func (a *Instance) Start() {
	a.t.Helper()
	if a.process != nil {
		a.t.Fatal("Asterisk runs already")
	}
	if err := a.start(); err != nil {
		a.t.Fatal(err)
	}
}

// Stop ends it as a service manager does: it hangs up its calls, tells its
// manager connections and exits. Stopping it twice is fine.
func (a *Instance) Stop() {
	a.t.Helper()
	if a.process == nil {
		return
	}
	if err := a.process.Stop("TERM", stopLimit); err != nil {
		a.t.Fatalf("stop Asterisk: %v", err)
	}
	a.process = nil
}

// Kill ends it without a word, as a crash does. Killing it twice is fine.
func (a *Instance) Kill() {
	a.t.Helper()
	if err := a.kill(); err != nil {
		a.t.Fatal(err)
	}
}

// CLI runs one console command and returns what it prints.
func (a *Instance) CLI(command string) string {
	a.t.Helper()
	// Not the test's own context: it is over when its clean-up runs.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, a.program, "-rx", command, "-C", filepath.Join(a.Dir, "s", "asterisk.conf"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		a.t.Fatalf("asterisk -rx %q: %v\n%s", command, err, out)
	}
	return string(out)
}

// Major is its version, as in 22.
func (a *Instance) Major() int {
	a.t.Helper()
	_, version, _ := strings.Cut(a.CLI("core show version"), "Asterisk ")
	major, err := strconv.Atoi(version[:max(strings.Index(version, "."), 0)])
	if err != nil {
		a.t.Fatalf("the version %q: %v", version, err)
	}
	return major
}

// Restarts tells whether it can start itself again, as by core restart now: one whose
// ld.so is too old to be told the program's name ends instead.
func (a *Instance) Restarts() bool {
	_, err := os.Stat(filepath.Join(filepath.Dir(a.program), "lib", "old-ld.so"))
	return errors.Is(err, fs.ErrNotExist)
}

func (a *Instance) cleanUp() {
	if err := a.kill(); err != nil {
		a.t.Error(err)
	}
	if a.t.Failed() {
		a.t.Logf("Asterisk said:\n%s", a.console())
	}
	if err := os.RemoveAll(a.Dir); err != nil {
		a.t.Error(err)
	}
}

func (a *Instance) kill() error {
	if a.process == nil {
		return nil
	}
	err := a.process.Stop("KILL", stopLimit)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // the exit status of a killed process is no news
		return fmt.Errorf("kill Asterisk: %w", err)
	}
	a.process = nil
	return nil
}

func (a *Instance) start() error {
	confDir := filepath.Join(a.Dir, "c")
	if err := os.MkdirAll(confDir, 0o755); err != nil {
		return err
	}
	for name, text := range a.conf {
		text = strings.ReplaceAll(text, "{ami}", strconv.Itoa(a.port))
		if err := os.WriteFile(filepath.Join(confDir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	process, err := child.Start(child.Server{
		Command:    append(slices.Clone(a.wrapper), a.program, confDir, filepath.Join(a.Dir, "s")),
		Dir:        a.Dir,
		Log:        a.log(),
		LastSignal: "KILL",
	})
	if err != nil {
		return err
	}
	a.AMI, a.process = net.JoinHostPort("127.0.0.1", strconv.Itoa(a.port)), process
	return a.booted()
}

// booted waits until Asterisk has said that it is ready and its manager
// interface answers. Where it could not bind the port Asterisk says so and goes
// on without, and whoever has the port may be another Asterisk: so what it says
// counts, and it is said before the ready.
func (a *Instance) booted() error {
	for deadline := time.Now().Add(startLimit); ; {
		ended := a.process.Ended(10 * time.Millisecond)
		console := a.console()
		switch {
		case strings.Contains(console, "Unable to bind AMI"), strings.Contains(console, "Unable to bind Asterisk Manager"):
			return errors.Join(errPortTaken, a.kill())
		case ended, time.Now().After(deadline):
			return errors.Join(fmt.Errorf("Asterisk did not come up:\n%s", console), a.kill()) //nolint:staticcheck // Asterisk is a name
		case strings.Contains(console, "Asterisk Ready.") && a.answers():
			return nil
		}
	}
}

func (a *Instance) answers() bool {
	conn, err := net.DialTimeout("tcp", a.AMI, time.Second) //nolint:noctx // it has a timeout
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return false
	}
	banner, _ := bufio.NewReader(conn).ReadString('\n')
	return strings.HasPrefix(banner, "Asterisk Call Manager/")
}

func (a *Instance) log() string { return filepath.Join(a.Dir, "log") }

func (a *Instance) console() string {
	text, _ := os.ReadFile(a.log()) // not there yet: nothing was said
	return string(text)
}

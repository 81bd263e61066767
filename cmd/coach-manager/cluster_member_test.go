package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/housetest/child"
	"github.com/coachmanager/coachmanager/internal/housetest/proxytest"
)

// asMember makes the test binary a member: the program with the arguments, but
// that its dialer is served by the test, at the address that this holds.
const asMember = "COACH_MANAGER_TEST_AS_MEMBER"

func serveAsMember(address string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	command, err := config.Parse(os.Args[1:], nil, os.Stdout)
	if err == nil {
		c := command.(config.Serve)
		dialer := coachingtest.FarDialer(address, c.Name)
		err = serveDialers(ctx, c, []coaching.WatchedDialer{{Name: c.Dialers[0].Name, Kind: "simulator", Dialer: dialer}}, newLog(c.Log, os.Stderr))
	}
	if err != nil {
		complain(os.Stderr, err)
		os.Exit(exitFailed)
	}
}

// member is one of several processes that serve one database, each by a way of its
// own. Its methods belong to the test's goroutine, but for those that say
// otherwise.
type member struct {
	t       *testing.T
	name    string
	way     *proxytest.Proxy // to the database
	command []string
	folder  string // where it runs
	logs    string // where its logs are, one a run

	process *child.Process // nil while it does not run
	paused  bool

	mu   sync.Mutex
	runs int
	url  string // "" until it is known where this run listens
}

// start runs it, and does not wait until it serves.
func (m *member) start() {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs++
	process, err := child.Start(child.Server{Command: m.command, Dir: m.folder, Log: m.log(m.runs), LastSignal: "KILL"})
	if err != nil {
		m.t.Fatal(err)
	}
	m.process, m.url = process, ""
}

func (m *member) log(run int) string {
	return filepath.Join(m.logs, fmt.Sprintf("%s-%d.log", m.name, run))
}

// said is what its runs logged, one after another.
func (m *member) said() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for run := range m.runs {
		raw, _ := os.ReadFile(m.log(run + 1)) // not there yet: nothing was said
		all = append(all, string(raw))
	}
	return all
}

// address is where it listens; "" while that is not known. Any goroutine may ask.
func (m *member) address() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.url == "" && m.runs > 0 {
		raw, _ := os.ReadFile(m.log(m.runs))
		if found := listening.FindSubmatch(raw); found != nil {
			m.url = string(found[1])
		}
	}
	return m.url
}

// signal tells it something that does not have to end it.
func (m *member) signal(name string) { _ = m.process.Stop(name, 0) }

func (m *member) pause() { m.signal("STOP"); m.paused = true }

func (m *member) wake() {
	if m.paused {
		m.signal("CONT")
		m.paused = false
	}
}

// kill ends it at once, if it runs.
func (m *member) kill() {
	m.t.Helper()
	if m.process == nil {
		return
	}
	_ = m.process.Stop("KILL", patience)
	if !m.process.Ended(0) {
		m.t.Fatalf("%s does not end", m.name)
	}
	m.process, m.paused = nil, false
}

// terminate tells it to stop, and does not wait for that.
func (m *member) terminate() { m.signal("TERM") }

// stop ends it as a service manager does, and returns how it ended.
func (m *member) stop() error {
	m.t.Helper()
	err := m.process.Stop("TERM", patience)
	m.process = nil
	return err
}

// revive starts it if it does not run, and tells whether it did. A process that
// could not start is started again, as a service manager does.
func (m *member) revive() bool {
	m.t.Helper()
	if m.process != nil && !m.process.Ended(time.Millisecond) {
		return false
	}
	m.kill()
	m.start()
	return true
}

// serve has it serve, whatever befell it before.
func (m *member) serve() *program {
	m.t.Helper()
	m.wake()
	waitFor(m.t, m.name+" to serve", func() bool {
		m.revive()
		status, _, err := m.ask(m.t.Context(), http.MethodGet, "/healthz", nil)
		return err == nil && status == http.StatusOK
	})
	said := func() string { all := m.said(); return all[len(all)-1] }
	return &program{t: m.t, url: m.address(), out: said, logs: said}
}

// ask sends one request. Any goroutine may do so, whatever befalls the process.
func (m *member) ask(ctx context.Context, method, path string, header http.Header) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, m.address()+path, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	request.Header = header
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err = io.ReadAll(answer.Body)
	return answer.StatusCode, body, err
}

// cluster is several members on one database.
type cluster struct {
	t        *testing.T
	database string // the server's own address, which no fault of a way is in
	members  []*member
}

// newCluster prepares members, which do not run yet. role is the variable that makes
// the test binary what they are.
func newCluster(t *testing.T, database, role string, lease time.Duration, dialer string, names ...string) *cluster {
	t.Helper()
	if code, _, logs := runOnce(t, nil, "migrate", "--database", database); code != 0 {
		t.Fatal(logs)
	}
	c := &cluster{t: t, database: database}
	logs := t.ArtifactDir()
	for _, name := range names {
		way := proxytest.New(t, database)
		folder := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		m := &member{t: t, name: name, way: way, folder: folder, logs: logs}
		m.command = append([]string{"env", role, os.Args[0]}, openly([]string{
			"serve", "--name", name, "--lease", lease.String(), "--log-level", "debug",
			"--database", way.URL + "&application_name=" + name, "--dialer", dialer,
		})...)
		t.Cleanup(m.kill)
		c.members = append(c.members, m)
	}
	t.Cleanup(c.tell)
	return c
}

// mishap is what no process may ever say: these are mistakes of ours.
var mishap = regexp.MustCompile(`(?m)^(panic: |fatal error: |WARNING: DATA RACE)|a report cannot be kept`)

// tell wants no mishaps, and shows what the members said last where the test failed.
func (c *cluster) tell() {
	for _, m := range c.members {
		for run, said := range m.said() {
			if found := mishap.FindString(said); found != "" {
				c.t.Errorf("%s, run %d, said: %s", m.name, run+1, found)
			}
		}
	}
	if !c.t.Failed() {
		return
	}
	for _, m := range c.members {
		for run, said := range m.said() {
			lines := strings.Split(strings.TrimSpace(said), "\n")
			lines = slices.DeleteFunc(lines, func(l string) bool {
				return strings.Contains(l, `msg="change seen"`) || strings.Contains(l, "msg=request method=GET")
			})
			c.t.Logf("%s, run %d:\n%s", m.name, run+1, strings.Join(lines[max(0, len(lines)-40):], "\n"))
		}
	}
}

// serve has all members serve, one after another: the first one watches.
func (c *cluster) serve() (programs []*program) {
	c.t.Helper()
	for i, m := range c.members {
		p := m.serve()
		if i == 0 {
			waitFor(c.t, m.name+" to watch", func() bool { return watches(p, m.name) })
		}
		programs = append(programs, p)
	}
	return programs
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/housetest/child"
)

// asProgram makes the test binary the program itself: main with the arguments.
const asProgram = "COACH_MANAGER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asProgram) != "":
		main()
		return
	case os.Getenv(asMember) != "":
		serveAsMember(os.Getenv(asMember))
		return
	}
	goleak.VerifyTestMain(m)
}

// patience is for a demo that fills its database under the race detector, on a
// machine that does much else.
const patience = 2 * time.Minute

// waitFor looks every few milliseconds whether done.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// text is a buffer that may be read while it is written.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

var listening = regexp.MustCompile(`msg=listening url=(\S+)`)

// program is a run of the whole program that serves.
type program struct {
	t         *testing.T
	url       string
	out, logs func() string
	stop      func() int    // as SIGTERM does; returns the exit code
	set       time.Duration // by how much the clock that facts go by was set forward
}

// openly adds what a program that serves needs in tests that are not about access:
// a port that is chosen, nobody is asked for a token, and a busy machine has time.
func openly(args []string) []string {
	args = append(slices.Clone(args), "--listen", "127.0.0.1:0")
	if args[0] == "serve" && !slices.Contains(args, "--auth") {
		args = append(args, "--auth", "none")
	}
	if args[0] == "serve" && !slices.Contains(args, "--lease") {
		args = append(args, "--lease", "1m")
	}
	return args
}

// start runs the program in this process until it serves. A port is chosen.
func start(t *testing.T, environ []string, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out, logs text
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, openly(args), environ, &out, &logs)
	}()
	p := &program{t: t, out: out.String, logs: logs.String}
	p.stop = sync.OnceValue(func() int { cancel(); return <-exit })
	t.Cleanup(func() { p.stop() })
	p.waitToServe()
	return p
}

// startChild runs the program as a process of its own, which can be killed. Kill
// and Stop of the process are up to the caller.
func startChild(t *testing.T, folder string, args ...string) (*program, *child.Process) {
	t.Helper()
	log := filepath.Join(folder, "log")
	process, err := child.Start(child.Server{
		Command: slices.Concat([]string{"env", asProgram + "=1", "TMPDIR=" + folder, os.Args[0]}, openly(args)),
		Dir:     folder, Log: log, LastSignal: "KILL",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !process.Ended(0) {
			_ = process.Stop("KILL", patience)
		}
	})
	read := func() string {
		raw, _ := os.ReadFile(log)
		return string(raw)
	}
	p := &program{t: t, out: read, logs: read}
	p.waitToServe()
	return p, process
}

func (p *program) waitToServe() {
	p.t.Helper()
	waitFor(p.t, "the program to listen", func() bool {
		found := listening.FindStringSubmatch(p.logs())
		if found == nil {
			if strings.Contains(p.logs(), "coach-manager:") {
				p.t.Fatal(p.logs())
			}
			return false
		}
		p.url = found[1]
		return true
	})
}

// runOnce runs a command that ends by itself.
func runOnce(t *testing.T, environ []string, args ...string) (code int, out, logs string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var o, l text
	code = run(ctx, args, environ, &o, &l)
	if ctx.Err() != nil {
		t.Fatal("it did not end by itself")
	}
	return code, o.String(), l.String()
}

// client leaves no connection behind.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}

// ask sends a request and returns the answer's status and body.
func (p *program) ask(method, path string) (int, []byte) {
	p.t.Helper()
	return p.askAs(method, path, "")
}

// askAs is ask with a token; "" is none.
func (p *program) askAs(method, path, token string) (int, []byte) {
	p.t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	return p.askWith(method, path, header)
}

func (p *program) askWith(method, path string, header http.Header) (int, []byte) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header = header
	answer, err := client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode, body
}

// get reads what a path of the API answers with 200.
func get[T any](p *program, path string) (into T) {
	p.t.Helper()
	status, body := p.ask(http.MethodGet, "/api/v1"+path)
	if status != http.StatusOK {
		p.t.Fatalf("%s: got %d %s", path, status, body)
	}
	if err := json.Unmarshal(body, &into); err != nil {
		p.t.Fatalf("%s: %v in %s", path, err, body)
	}
	return into
}

// What these tests look at of the answers.
type (
	page[T any] struct {
		Items []T `json:"items"`
	}
	coachingUser struct {
		ID       string    `json:"id"`
		Name     string    `json:"name"`
		Sessions []session `json:"sessions"`
	}
	session struct {
		ID           string  `json:"id"`
		State        string  `json:"state"`
		EndReason    string  `json:"end_reason"`
		EndedAt      *string `json:"ended_at"`
		EndedAtExact *bool   `json:"ended_at_exact"`
		CurrentCalls []any   `json:"current_calls"`
	}
	dialerState struct {
		Name      string `json:"name"`
		Kind      string `json:"kind"`
		Connected bool   `json:"connected"`
	}
)

// someone is a user with an active session and a current call.
func (p *program) someone() (found coachingUser) {
	p.t.Helper()
	waitFor(p.t, "a session with a call", func() bool {
		for _, u := range get[page[coachingUser]](p, "/coaching-users").Items {
			for _, s := range u.Sessions {
				if s.State == "active" && len(s.CurrentCalls) > 0 {
					found = coachingUser{ID: u.ID, Name: u.Name, Sessions: []session{s}}
					return true
				}
			}
		}
		return false
	})
	return found
}

// liveSessions are the ids of all live sessions.
func (p *program) liveSessions() (ids []string) {
	for _, u := range get[page[coachingUser]](p, "/coaching-users").Items {
		for _, s := range u.Sessions {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

// What was shown was committed, and so it is there after kill -9; what was live
// and is gone when the program comes back has ended at a moment nobody saw.
func TestNothingThatWasShownIsLostWithKill9(t *testing.T) {
	t.Parallel()
	folder := childFolder(t)
	args := []string{"serve", "--database", "sqlite:" + filepath.Join(folder, "coach.db"), "--dialer"}
	p, process := startChild(t, folder, append(args, "sim=simulator://?seed=1")...)
	ended := p.disconnectSomeone()
	p.someone()
	live := p.liveSessions()
	if err := process.Stop("KILL", patience); err == nil {
		t.Error("it ended well, after kill -9")
	}

	// Another centre: none of the legs is there any more.
	again := start(t, nil, append(args, "sim=simulator://?seed=2")...)
	if got := get[session](again, "/coaching-sessions/"+ended.ID); got.State != "ended" || got.EndReason != "disconnected" {
		t.Errorf("the session that had ended: got %+v", got)
	}
	if len(live) == 0 {
		t.Fatal("nobody was listening to anybody")
	}
	for _, id := range live {
		var got session
		waitFor(t, "the end of what is gone", func() bool {
			got = get[session](again, "/coaching-sessions/"+id)
			return got.State == "ended"
		})
		if got.EndedAtExact == nil || *got.EndedAtExact || got.EndedAt == nil {
			t.Errorf("the session that was live: got %+v, want that its end was not seen", got)
		}
	}
	again.someone()
	if code := again.stop(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for _, signal := range []string{"TERM", "INT"} {
		t.Run(signal, func(t *testing.T) {
			t.Parallel()
			folder := childFolder(t)
			p, process := startChild(t, folder, "serve", "--database", "sqlite:"+filepath.Join(folder, "coach.db"), "--dialer", "sim=simulator://")
			p.someone()
			if err := process.Stop(signal, 10*time.Second); err != nil {
				t.Errorf("got %v, want exit code 0 within 10 s", err)
			}
			if !strings.Contains(p.logs(), "msg=stopped") {
				t.Errorf("got %s", p.logs())
			}
		})
	}
}

// The first signal waits for a request that is still being sent; the second does
// not.
func TestASecondSignalEndsItAtOnce(t *testing.T) {
	t.Parallel()
	folder := childFolder(t)
	p, process := startChild(t, folder, "serve", "--database", "sqlite:"+filepath.Join(folder, "coach.db"), "--dialer", "sim=simulator://")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\n")); err != nil {
		t.Fatal(err)
	}
	p.someone() // the service has seen the first bytes by now
	if err := process.Stop("TERM", 0); err == nil {
		t.Error("it did not wait for the request")
	}
	waitFor(t, "it to be stopping", func() bool { return strings.Contains(p.logs(), "msg=stopping") })
	var exit *exec.ExitError
	if err := process.Stop("TERM", patience); !errors.As(err, &exit) || exit.ExitCode() != 128+15 {
		t.Errorf("got %v, want the exit status of SIGTERM", err)
	}
	if strings.Contains(p.logs(), "cut off") {
		t.Error("the second signal waited as the first one does")
	}
}

// The demo's temporary folder goes with it.
func TestDemoLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	folder := childFolder(t)
	p, process := startChild(t, folder, "demo", "--days", "1")
	p.someone()
	if err := process.Stop("TERM", 10*time.Second); err != nil {
		t.Errorf("got %v, want exit code 0 within 10 s", err)
	}
	left, err := filepath.Glob(filepath.Join(folder, "coach-manager-demo-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("it left %q behind, %v", left, err)
	}
}

// A disconnect that waits for its leg is answered although the service stops.
func TestRequestsUnderWayAreAnswered(t *testing.T) {
	t.Parallel()
	listener, err := listen(t.Context(), config.Service{Listen: "localhost:0"})
	if err != nil {
		t.Fatal(err)
	}
	db, err := openDatabase(t.Context(), config.SQLite(filepath.Join(t.TempDir(), "coach.db")), demoLease, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	sim := simulator.New(simulator.Config{Seed: 1})
	asked := make(chan struct{}, 1)
	var logs text
	s := service{
		config: config.Service{ShutdownTimeout: 8 * time.Second}, listener: listener, db: db, log: newLog(config.Log{}, &logs),
		dialers: []coaching.WatchedDialer{{Name: "sim", Kind: "simulator", Dialer: stubborn{sim, asked}}},
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	over := make(chan error, 1)
	go func() { over <- s.run(ctx) }()
	p := &program{t: t, logs: logs.String, out: logs.String}
	p.waitToServe()

	u := p.someone()
	status := make(chan int, 1)
	go func() {
		got, _ := p.ask(http.MethodDelete, "/api/v1/coaching-sessions/"+u.Sessions[0].ID)
		status <- got
	}()
	<-asked
	stop()
	if got := <-status; got != http.StatusAccepted {
		t.Errorf("got %d, want 202: the leg lives on", got)
	}
	if err := <-over; err != nil {
		t.Errorf("got %v", err)
	}
}

// childFolder is a folder that a child may remove.
func childFolder(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "child")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

// stubborn accepts every hang-up and carries out none.
type stubborn struct {
	coaching.Dialer
	asked chan struct{}
}

func (s stubborn) HangUp(context.Context, coaching.HangUp) (coaching.Verdict, error) {
	select {
	case s.asked <- struct{}{}:
	default:
	}
	return coaching.Accepted, nil
}

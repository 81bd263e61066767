package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
)

// demoDialer is the name of the demo's dialer.
const demoDialer = "demo"

// demoLease is long: a demo is the only process on its database.
const demoLease = 30 * time.Second

// demo shows an invented contact centre until ctx ends.
func demo(ctx context.Context, c config.Demo, stdout, stderr io.Writer) (err error) {
	log := newLog(c.Log, stderr)
	listener, err := listenHere(ctx, c.Service)
	if err != nil {
		return err
	}
	path := c.DB
	if path == "" {
		folder, err := os.MkdirTemp("", "coach-manager-demo-")
		if err != nil {
			_ = listener.Close()
			return fmt.Errorf("make a temporary folder, or name a file with --db: %w", err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		path = filepath.Join(folder, "demo.db")
	}
	db, err := openDatabase(ctx, config.SQLite(path), demoLease, log)
	if err != nil {
		_ = listener.Close()
		return startError(ctx, err)
	}
	_, _ = fmt.Fprintln(stdout, "Coach Manager prepares its demo ...")
	if err := invent(ctx, db, c); err != nil {
		_ = listener.Close()
		_ = db.close()
		return startError(ctx, err)
	}
	dialer := config.Dialer{Name: demoDialer, Simulator: &config.Simulator{Seed: c.Seed}}
	s := service{config: c.Service, listener: listener, db: db, name: "demo", timing: coaching.Timing{Lease: demoLease, Poll: pollEvery}, dialers: watchedDialers([]config.Dialer{dialer}, log), log: log}
	s.ready = func(ctx context.Context, floor *coaching.Floor, url string) {
		waitForSessions(ctx, floor)
		welcome(stdout, url, c.DB, floor.Live())
	}
	return s.run(ctx)
}

// waitForSessions waits until there is something to see, but not for long.
func waitForSessions(ctx context.Context, floor *coaching.Floor) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for {
		changed := floor.Changed()
		if len(floor.Live().CoachingUsers()) > 0 {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// welcome says where to look.
func welcome(stdout io.Writer, url, db string, live *coaching.Live) {
	kept := "Its history lies in a temporary folder, which is removed when you stop it (Ctrl-C)."
	if db != "" {
		kept = "Its history is kept in " + db + ". Stop it with Ctrl-C."
	}
	api := url + "/api/v1"
	look := []string{api + "/coaching-users", api + "/coaching-sessions?state=ended&limit=3", api + "/dialers"}
	if users := live.CoachingUsers(); len(users) > 0 {
		user := api + "/coaching-users/" + users[0].ID.String()
		look = []string{api + "/coaching-users", user + "/current-calls", user + "/history?limit=3"}
	}
	_, _ = fmt.Fprintf(stdout, "Coach Manager shows an invented contact centre at %s\n%s\n\nWho is listening to whom; the call that one of them hears; what that one heard before:\n\n"+
		"  curl -s '%s'\n  curl -s '%s'\n  curl -s '%s'\n\nAll that can be asked: %s/docs\n", url, kept, look[0], look[1], look[2], url)
}

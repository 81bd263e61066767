package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

// A dialer that was renamed leaves its live sessions behind until somebody says so:
// the service and the doctor tell how, and a service that runs shows it at once.
func TestADialerThatWasRenamedIsForgottenBesideAService(t *testing.T) {
	t.Parallel()
	for engine, database := range map[string]string{
		"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "coach.db"), "postgres": postgrestest.Database(t),
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			serving := func(dialer string) *program {
				return start(t, nil, "serve", "--name", "desk", "--database", database, "--dialer", dialer+"=simulator://")
			}
			refused := func(dialer string, says ...string) {
				t.Helper()
				code, out, logs := runOnce(t, nil, "dialers", "forget", dialer, "--database", database)
				if code != 1 {
					t.Errorf("got exit code %d", code)
				}
				oneLine(t, out, logs, says...)
			}
			p := serving("sim")
			p.someone()
			refused("sim", "process desk watches dialer sim", "nothing was changed")
			p.stop()

			p = serving("pbx1")
			left := leftBehind(p)
			if len(left) == 0 {
				t.Fatal("no session was left behind")
			}
			waitFor(t, "the service to say so", func() bool { return strings.Contains(p.logs(), "dialers forget sim") })
			if strings.Contains(p.logs(), "dialers forget pbx1") {
				t.Errorf("it would have its own dialer forgotten: %s", p.logs())
			}
			code, out, _ := runOnce(t, nil, "doctor", "--database", database, "--dialer", "pbx1=simulator://")
			if code != 0 || !strings.Contains(out, "note  sim: is not configured here") || !strings.Contains(out, "dialers forget sim") || strings.Contains(out, "note  pbx1") {
				t.Errorf("doctor: got %d and %s", code, out)
			}
			refused("smi", `no dialer "smi"; it knows pbx1, sim`)
			refused("pbx1", "process desk watches dialer pbx1")

			code, out, logs := runOnce(t, nil, "dialers", "forget", "sim", "--database", database)
			if code != 0 || out != "" || !strings.Contains(logs, count(len(left), "live session")+" ended") {
				t.Fatalf("got %d, %q and %q", code, out, logs)
			}
			waitFor(t, "the live list to lose them", func() bool { return len(leftBehind(p)) == 0 })
			p.someone() // of pbx1: that goes on
			for _, id := range left {
				if s := get[session](p, "/coaching-sessions/"+id); s.State != "ended" || s.EndReason != "not_observed" || *s.EndedAtExact {
					t.Errorf("got %+v", s)
				}
			}
			list := said(t, "dialers", "list", "--database", database)
			if lines := strings.Fields(list); !slices.Contains(lines, "desk") || !strings.HasSuffix(list, "  0\n") {
				t.Errorf("got %s", list)
			}
			p.stop()

			p = serving("sim") // as any other
			waitFor(t, "the new dialer to be missed", func() bool { return strings.Contains(p.logs(), "dialers forget pbx1") })
			waitFor(t, "new sessions", func() bool { return len(leftBehind(p)) > 0 })
			if strings.Contains(p.logs(), "dialers forget sim") {
				t.Errorf("got %s", p.logs())
			}
		})
	}
}

// leftBehind are the live sessions of the dialer that was renamed.
func leftBehind(p *program) (ids []string) {
	for _, u := range get[page[coachingUser]](p, "/coaching-users?dialer=sim").Items {
		for _, s := range u.Sessions {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

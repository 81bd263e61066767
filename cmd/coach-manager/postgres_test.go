package main

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func TestServeOnPostgres(t *testing.T) {
	t.Parallel()
	address := postgrestest.Database(t)
	if code, out, logs := runOnce(t, nil, "migrate", "--database", address); code != 0 || !strings.Contains(out, "schema 0 to") {
		t.Errorf("migrate: got %d, %s and %s", code, out, logs)
	}
	args := []string{"serve", "--dialer", "sim=simulator://", "--database", address}
	p := start(t, nil, args...)
	ended := p.disconnectSomeone()
	code, out, logs := runOnce(t, nil, slices.Concat(args, []string{"--listen", "127.0.0.1:0"})...)
	if code != 1 {
		t.Errorf("a second one: got exit code %d", code)
	}
	oneLine(t, out, logs, "another Coach Manager")
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d: %s", code, p.logs())
	}
	p = start(t, nil, args...)
	if got := get[session](p, "/coaching-sessions/"+ended.ID); got.EndReason != "disconnected" {
		t.Errorf("got %+v of the session that the first run ended", got)
	}
}

// The password comes from a file and goes to the server only.
func TestAPasswordOfAFileIsUsedAndNotShown(t *testing.T) {
	t.Parallel()
	address := postgrestest.Database(t)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(u.User.Username())
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("hun&ter 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The tests' server lets everyone in, whatever the password.
	code, out, logs := runOnce(t, nil, "migrate", "--database", u.String(), "--database-password-file", file)
	if code != 0 || strings.Contains(out+logs, "hun") {
		t.Errorf("got %d, %s and %s", code, out, logs)
	}
}

// Another process took the database while this one was cut off from it: two of
// them must not watch the same dialers.
func TestALostClaimStopsTheService(t *testing.T) {
	t.Parallel()
	address := postgrestest.Database(t)
	p := start(t, nil, "serve", "--dialer", "sim=simulator://", "--database", address)
	looking, taking := connect(t, address), connect(t, address)

	var pid, class, object int64
	const held = `SELECT pid, classid::bigint, objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	if err := looking.QueryRow(t.Context(), held).Scan(&pid, &class, &object); err != nil {
		t.Fatal(err)
	}
	taken := make(chan error, 1)
	go func() {
		_, err := taking.Exec(t.Context(), "SELECT pg_advisory_lock($1::int, $2::int)", class, object)
		taken <- err
	}()
	waitFor(t, "the other one to wait for the lock", func() bool {
		var waiting bool
		err := looking.QueryRow(t.Context(), "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE pid = $1 AND NOT granted)", taking.PgConn().PID()).Scan(&waiting)
		return err == nil && waiting
	})
	if _, err := looking.Exec(t.Context(), "SELECT pg_terminate_backend($1::int)", pid); err != nil {
		t.Fatal(err)
	}
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the service to stop", func() bool { return strings.Contains(p.logs(), "coach-manager: ") })
	if code := p.stop(); code != 1 || !strings.Contains(p.logs(), "coach-manager: another Coach Manager took over this database") {
		t.Errorf("got exit code %d: %s", code, p.logs())
	}
}

package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

func TestServeOnPostgres(t *testing.T) {
	t.Parallel()
	address := postgrestest.Database(t)
	if code, out, logs := runOnce(t, nil, "migrate", "--database", address); code != 0 || !strings.Contains(out, "schema 0 to") {
		t.Errorf("migrate: got %d, %s and %s", code, out, logs)
	}
	args := []string{"serve", "--dialer", "sim=simulator://", "--database", address}
	p := start(t, nil, args...)
	ended := p.disconnectSomeone()
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

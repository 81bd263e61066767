package main

import (
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// oneLine checks that a command said one line of complaint, and nothing else.
func oneLine(t *testing.T, out, logs string, says ...string) {
	t.Helper()
	if out != "" || strings.Count(logs, "\n") != 1 || !strings.HasPrefix(logs, "coach-manager: ") || !strings.HasSuffix(logs, "\n") {
		t.Errorf("got %q and %q, want one line", out, logs)
	}
	for _, want := range says {
		if !strings.Contains(logs, want) {
			t.Errorf("got %s, want %q in it", logs, want)
		}
	}
}

// Package config has the whole table.
func TestBadUsageIsOneLineAndExitCode2(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args, environ []string
		says          string
	}{
		"no command":      {nil, nil, "demo"},
		"unknown command": {[]string{"srve"}, nil, "serve"},
		"unknown flag":    {[]string{"demo", "--lisen", "x"}, nil, "--listen"},
		"bad value":       {[]string{"demo"}, []string{"COACH_LISTEN=0.0.0.0:80"}, "COACH_LISTEN"},
		"no dialer":       {[]string{"serve"}, nil, "--dialer"},
		"secret in a URL": {[]string{"serve", "--dialer", "a=asterisk://b:hunter2@c"}, nil, "COACH_DIALER_A_SECRET"},
		"no file":         {[]string{"demo", "--config", "none.yaml"}, nil, "none.yaml"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, logs := runOnce(t, c.environ, c.args...)
			if code != 2 || strings.Contains(logs, "hunter2") {
				t.Errorf("got exit code %d: %s", code, logs)
			}
			oneLine(t, out, logs, c.says)
		})
	}
}

func TestHelpAndVersionEndWell(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{"--help": "Usage: coach-manager", "serve --help": "COACH_DIALERS", "version": "built with go"} {
		code, out, logs := runOnce(t, nil, strings.Fields(args)...)
		if code != 0 || logs != "" || !strings.Contains(out, want) {
			t.Errorf("%s: got %d, %s and %s", args, code, out, logs)
		}
	}
}

func TestWhatFailsAtTheStartIsOneLineAndExitCode1(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	newer := filepath.Join(folder, "newer.db")
	migrated(t, newer, "INSERT INTO schema_versions (version_id, is_applied) VALUES (999999, 1); UPDATE compatibility SET oldest = 999999")
	noDatabase := filepath.Join(folder, "text.db")
	if err := os.WriteFile(noDatabase, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	unused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = unused.Close()

	serve := func(database string, more ...string) []string {
		return append([]string{"serve", "--dialer", "a=simulator://", "--listen", "127.0.0.1:0", "--database", database}, more...)
	}
	cases := map[string]struct {
		args []string
		says []string
	}{
		"the port is taken":          {serve("sqlite:"+filepath.Join(folder, "a.db"), "--listen", taken.Addr().String()), []string{"in use", "--listen"}},
		"demo's port is taken":       {[]string{"demo", "--listen", taken.Addr().String()}, []string{"in use", "--listen"}},
		"no folder":                  {serve("sqlite:" + filepath.Join(folder, "none", "a.db")), []string{"none", "does not exist"}},
		"no database at all":         {serve("sqlite:" + os.DevNull), []string{"see that the file is a database"}},
		"demo's folder":              {[]string{"demo", "--listen", "127.0.0.1:0", "--db", filepath.Join(folder, "none", "a.db")}, []string{"does not exist"}},
		"a folder":                   {serve("sqlite:" + folder), []string{"is a folder"}},
		"no database":                {serve("sqlite:" + noDatabase), []string{"text.db"}},
		"a newer schema":             {serve("sqlite:" + newer), []string{"newer Coach Manager", "999999"}},
		"migrate to an older schema": {[]string{"migrate", "--database", "sqlite:" + newer}, []string{"newer Coach Manager"}},
		"no server":                  {serve("postgres://me:hunter2@" + unused.Addr().String() + "/coach"), []string{"see that the database runs", unused.Addr().String()}},
		"migrate without a server":   {[]string{"migrate", "--database", "postgres://me:hunter2@" + unused.Addr().String() + "/coach"}, []string{"see that the database runs"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			code, out, logs := runOnce(t, nil, c.args...)
			if code != 1 || strings.Contains(logs, "hunter2") {
				t.Errorf("got exit code %d: %s", code, logs)
			}
			oneLine(t, strings.TrimPrefix(out, "Coach Manager prepares its demo ...\n"), logs, c.says...)
		})
	}
}

// migrated makes a database with the command, and changes it by hand.
func migrated(t *testing.T, path, change string) {
	t.Helper()
	for _, want := range []string{"brought from schema 0 to ", "already"} {
		if code, out, logs := runOnce(t, nil, "migrate", "--database", "sqlite:"+path); code != 0 || !strings.Contains(out, want) {
			t.Fatalf("migrate: got %d, %s and %s, want %q", code, out, logs, want)
		}
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func TestASecondServeOnTheSameDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	database := "sqlite:" + filepath.Join(t.TempDir(), "coach.db")
	args := []string{"serve", "--database", database, "--dialer", "sim=simulator://"}
	first := start(t, nil, args...)
	code, out, logs := runOnce(t, nil, append(args, "--listen", "127.0.0.1:0")...)
	if code != 1 {
		t.Errorf("got exit code %d", code)
	}
	oneLine(t, out, logs, "another Coach Manager is serving this database", "coach.db")
	first.someone() // is not disturbed
	if code := first.stop(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
	if code := start(t, nil, args...).stop(); code != 0 {
		t.Errorf("after the first has stopped: got exit code %d", code)
	}
}

package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
	"github.com/coachmanager/coachmanager/internal/store"
)

var verifiedText = regexp.MustCompile(`^audit: \d+ entries, none changed or missing; head (\d+:[0-9a-f]{64})\n$`)

// verify has the command find the audit good, and returns its head.
func verify(t *testing.T, database string, more ...string) string {
	t.Helper()
	code, out, logs := runOnce(t, nil, append([]string{"audit", "verify", "--database", database}, more...)...)
	found := verifiedText.FindStringSubmatch(out)
	if code != 0 || found == nil {
		t.Fatalf("got %d, %q and %q", code, out, logs)
	}
	return found[1]
}

func TestTheAuditIsVerifiedBesideAServiceAndAfterIt(t *testing.T) {
	t.Parallel()
	for engine, database := range map[string]string{
		"sqlite": "sqlite:" + filepath.Join(t.TempDir(), "coach.db"), "postgres": postgrestest.Database(t),
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			p := serveWithTokens(t, database)
			token := newToken(t, database, "me", "admin")
			waitFor(t, "the token", func() bool { return p.as(token, "/me") == 200 })
			if status := p.as(token, "/coaching-sessions?phone_number=1"); status != 200 {
				t.Fatalf("got %d", status)
			}
			noted := verify(t, database)
			newToken(t, database, "you", "viewer")
			head := verify(t, database, "--expect", noted)
			waitFor(t, "the head to be logged", func() bool { return strings.Contains(p.logs(), "audit head") })
			tamper(t, database)
			code, out, logs := runOnce(t, nil, "audit", "verify", "--database", database)
			if code != 1 {
				t.Errorf("got exit code %d", code)
			}
			oneLine(t, out, logs, "entry 2 is not as it was written, or not where it was; the 1 before it are good")
			if head == noted || strings.Contains(logs, "secret") {
				t.Errorf("head %s, logs %s", head, logs)
			}
		})
	}
}

// tamper changes the second entry, as the database's owner can.
func tamper(t *testing.T, database string) {
	t.Helper()
	driver, url := "pgx", database
	drop := "DROP TRIGGER audit_stays ON audit"
	if path, is := strings.CutPrefix(database, "sqlite:"); is {
		driver, url, drop = "sqlite", path+"?_pragma=busy_timeout(30000)", "DROP TRIGGER audit_stays_unchanged"
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{drop, "UPDATE audit SET result = 'denied' WHERE number = 2"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// What commands show or take away is entered before they do it.
func TestCommandsAreAudited(t *testing.T) {
	t.Parallel()
	database := "sqlite:" + filepath.Join(t.TempDir(), "coach.db")
	said(t, "migrate", "--database", database)
	for _, command := range []string{
		"users export", "catalog export", "privacy erase --phone-number 4155550132 --dry-run", "privacy erase --older-than 90d",
	} {
		said(t, append(strings.Fields(command), "--database", database)...)
	}
	db, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	entries, err := db.AuditEntries(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprint(e.Action, " ", e.Actor.Kind, " ", e.Details))
	}
	want := []string{
		`users.exported command {}`, `catalog.exported command {}`,
		`numbers.erasure_begun command {"by":"number","dry_run":true}`, `numbers.erasure_begun command {"by":"age","dry_run":false}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAuditVerifyRefuses(t *testing.T) {
	t.Parallel()
	database := "sqlite:" + filepath.Join(t.TempDir(), "coach.db")
	newToken(t, database, "me", "admin")
	head := verify(t, database)
	for says, expect := range map[string]string{
		"NUMBER:HASH": "1", "entry 1 is not the one that was noted": head[:len(head)-2] + "zz", "a head was noted at 7": "7" + head[1:],
	} {
		expect = strings.ReplaceAll(expect, "zz", map[bool]string{true: "00", false: "01"}[!strings.HasSuffix(head, "00")])
		code, out, logs := runOnce(t, nil, "audit", "verify", "--database", database, "--expect", expect)
		if code != 1 {
			t.Errorf("%s: got exit code %d", expect, code)
		}
		oneLine(t, out, logs, says)
	}
}

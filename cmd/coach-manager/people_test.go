package main

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/housetest/child"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

// onEachDatabase runs a test with the address of an empty database of each engine.
func onEachDatabase(t *testing.T, test func(t *testing.T, address string)) {
	t.Parallel()
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "coach.db") },
		"postgres": func(t *testing.T) string { return postgrestest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, address(t))
		})
	}
}

// written writes a file and returns its name.
func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "import.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// said runs a command that has to end well and returns what it said.
func said(t *testing.T, args ...string) string {
	t.Helper()
	code, out, logs := runOnce(t, nil, args...)
	if code != 0 || strings.Contains(logs, "coach-manager:") {
		t.Fatalf("%v: got exit code %d: %s", args, code, logs)
	}
	return out
}

type knownUser struct {
	ID         string  `json:"id"`
	ExternalID *string `json:"external_id"`
	Name       string  `json:"name"`
	Origin     string  `json:"origin"`
	Active     bool    `json:"active"`
}

const firstLine = "external_id,name,team,dialer,extension\n"

// named gives everybody whom the dialer told of a key and a name.
func named(t *testing.T, firstSeen string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(firstSeen)).ReadAll()
	if err != nil || len(rows) < 100 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	var b strings.Builder
	b.WriteString(firstLine)
	for _, row := range rows[1:] {
		extension := row[4]
		fmt.Fprintf(&b, "emp-%s,Imported %s,Team %s,%s,%s\n", extension, extension, extension[:1], row[3], extension)
	}
	return b.String()
}

func TestUsersAreImportedBesideAServingProcess(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, address string) {
		// The long lease is for busy machines: what waits for the database waits longer.
		p := start(t, nil, "serve", "--database", address, "--dialer", "sim=simulator://?seed=7", "--lease", "1m")
		someone := p.someone()
		file := written(t, named(t, said(t, "users", "export", "--first-seen", "--database", address)))
		if out := said(t, "users", "import", file, "--dry-run", "--database", address); !strings.Contains(out, "line 2: would be completed\n") ||
			!strings.Contains(out, "dry run, nothing was changed; users: 0 created, 230 completed") {
			t.Errorf("dry run: %s", out)
		}
		if out := said(t, "users", "import", file, "--dry-run", "--database", address); !strings.Contains(out, "230 completed") {
			t.Errorf("dry run, once more: %s", out)
		}
		if out := said(t, "users", "import", file, "--database", address); !strings.HasPrefix(out, "users: 0 created, 230 completed, 0 changed, 0 unchanged") {
			t.Errorf("import: %s", out)
		}
		done := time.Now()
		waitFor(t, "the live list to show the names", func() bool {
			users := get[page[coachingUser]](p, "/coaching-users").Items
			for _, u := range users {
				if !strings.HasPrefix(u.Name, "Imported ") {
					return false
				}
			}
			return len(users) > 0
		})
		t.Logf("shown %v after the import", time.Since(done))
		if u := get[knownUser](p, "/coaching-users/"+someone.ID); !strings.HasPrefix(u.Name, "Imported ") || u.ExternalID == nil {
			t.Errorf("got %+v, want the same user, completed", u)
		}
		if users := get[page[knownUser]](p, "/users?q=emp-9001").Items; len(users) != 1 || users[0].Origin != "import" || !users[0].Active {
			t.Errorf("got %+v", users)
		}
		if out := said(t, "users", "import", file, "--database", address); !strings.Contains(out, "0 changed, 230 unchanged") {
			t.Errorf("once more: %s", out)
		}
		exported := said(t, "users", "export", "--database", address)
		if out := said(t, "users", "import", written(t, exported), "--deactivate-missing", "--database", address); !strings.Contains(out, "230 unchanged, 0 made inactive") {
			t.Errorf("what was exported: %s", out)
		}
		if code := p.stop(); code != 0 {
			t.Errorf("got exit code %d", code)
		}
		noSecretsNorNumbers(t, p.logs())
	})
}

func TestDeactivatingWhoIsMissingHasToBeAskedFor(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, address string) {
		said(t, "migrate", "--database", address)
		said(t, "users", "import", written(t, firstLine+"e1,Maria,,pbx1,201\ne2,Tom,,pbx1,202\n"), "--database", address)
		left := written(t, firstLine+"e1,Maria,,pbx1,201\n")
		if out := said(t, "users", "import", left, "--database", address); !strings.Contains(out, "0 made inactive") {
			t.Error(out)
		}
		if out := said(t, "users", "import", left, "--dry-run", "--deactivate-missing", "--database", address); !strings.Contains(out, "not in the file: e2 would be made inactive\n") {
			t.Error(out)
		}
		if out := said(t, "users", "import", left, "--deactivate-missing", "--database", address); !strings.Contains(out, "1 made inactive") {
			t.Error(out)
		}
		if out := said(t, "users", "export", "--database", address); out != firstLine+"e1,Maria,,pbx1,201\n" {
			t.Error(out)
		}
	})
}

func TestNamesAreImportedAndExported(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, address string) {
		said(t, "migrate", "--database", address)
		const names = "kind,dialer,key,name\ncampaign,pbx1,SPRING,'=Spring\nresult_code,pbx1,NI,Not interested\n"
		if out := said(t, "catalog", "import", written(t, names), "--database", address); out != "names: 2 created, 0 completed, 0 changed, 0 unchanged\n" {
			t.Error(out)
		}
		if out := said(t, "catalog", "export", "--database", address); out != names {
			t.Error(out)
		}
		if out := said(t, "catalog", "import", written(t, names), "--database", address); out != "names: 0 created, 0 completed, 0 changed, 2 unchanged\n" {
			t.Error(out)
		}
	})
}

// A file with a mistake changes nothing, and each mistake is a line that names
// nobody.
func TestAFileWithMistakesChangesNothing(t *testing.T) {
	t.Parallel()
	address := "sqlite:" + filepath.Join(t.TempDir(), "coach.db")
	file := written(t, firstLine+"e1,Maria,Sales,pbx1,201\ne2,Tom,Sales,pbx1,201\n"+strings.Repeat("e3,,,,\n", 30))
	code, out, logs := runOnce(t, nil, "users", "import", file, "--database", address)
	lines := strings.Split(strings.TrimSpace(logs), "\n")
	if code != 1 || out != "" || len(lines) != 21 || lines[0] != file+": line 3, column extension: is another user's, by line 2" ||
		!strings.HasSuffix(lines[20], file+": 31 mistakes, so nothing was changed; 20 shown") || strings.Contains(logs, "Maria") {
		t.Errorf("got %d, %q and %s", code, out, logs)
	}
	if _, err := os.Stat(strings.TrimPrefix(address, "sqlite:")); err == nil {
		t.Error("a database was made")
	}
	code, out, logs = runOnce(t, nil, "users", "import", file+".none", "--database", address)
	if code != 1 {
		t.Errorf("got exit code %d", code)
	}
	oneLine(t, out, logs, "no such file")
	for _, args := range []string{"users import", "users import a b", "users", "users export --deactivate-missing", "catalog import x --first-seen"} {
		if code, out, logs := runOnce(t, nil, strings.Fields(args)...); code != 2 {
			t.Errorf("%s: got exit code %d, %s and %s", args, code, out, logs)
		}
	}
}

func TestUsersComeFromTheStandardInput(t *testing.T) {
	t.Parallel()
	address := "sqlite:" + filepath.Join(t.TempDir(), "coach.db")
	said(t, "migrate", "--database", address)
	command := exec.CommandContext(t.Context(), os.Args[0], "users", "import", "-", "--database", address)
	command.Env = append(os.Environ(), asProgram+"=1")
	command.Stdin = strings.NewReader(firstLine + "e1,Maria,,,\n")
	if out, err := command.Output(); err != nil || !strings.HasPrefix(string(out), "users: 1 created") {
		t.Errorf("got %v and %s", err, out)
	}
}

// An import that was decided is carried out, though its process was killed in the
// middle of it: the next one sees to that first.
func TestAnImportIsCarriedOutThoughItsProcessIsKilled(t *testing.T) {
	t.Parallel()
	const users = 3_000
	folder := childFolder(t)
	address := "sqlite:" + filepath.Join(folder, "coach.db")
	var text strings.Builder
	text.WriteString(firstLine)
	for i := range users {
		fmt.Fprintf(&text, "emp-%05d,Employee %d,,pbx1,%d\n", i, i, 100_000+i)
	}
	said(t, "migrate", "--database", address)
	db, err := sql.Open("sqlite", strings.TrimPrefix(address, "sqlite:")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	kept := func() (n int) {
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM users").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	process, err := child.Start(child.Server{
		Command: []string{"env", asProgram + "=1", os.Args[0], "users", "import", written(t, text.String()), "--database", address},
		Dir:     folder, Log: filepath.Join(folder, "log"), LastSignal: "KILL",
	})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a part of the import", func() bool { return kept() > 0 })
	_ = process.Stop("KILL", patience)
	if n := kept(); n == users {
		t.Logf("it was done before it could be killed")
	} else {
		t.Logf("killed at %d of %d", n, users)
	}
	said(t, "users", "import", written(t, firstLine+"emp-00000,Renamed,,pbx1,100000\n"), "--database", address)
	if n := kept(); n != users {
		t.Errorf("%d users are kept, want %d", n, users)
	}
}

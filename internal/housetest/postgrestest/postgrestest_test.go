package postgrestest_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, url, sql string) (got string) {
	t.Helper()
	conn := connect(t, url)
	if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	urls := make(chan string, 8)
	t.Run("each is new and empty", func(t *testing.T) {
		for n := range cap(urls) {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				url := postgrestest.Database(t)
				exec1(t, url, "create table once (n int)") // fails in a database that was used before
				urls <- url
			})
		}
	})
	close(urls)
	seen := map[string]bool{}
	for url := range urls {
		if seen[url] {
			t.Errorf("%s was given twice", url)
		}
		seen[url] = true
		if conn, err := pgx.Connect(t.Context(), url); err == nil {
			t.Errorf("%s is still there", url)
			_ = conn.Close(t.Context())
		}
	}
}

func TestDatabaseIsDroppedUnderAnOpenConnection(t *testing.T) {
	t.Parallel()
	_ = postgrestest.Database(t) // or skips
	var url string
	t.Run("the test that forgets to close", func(t *testing.T) {
		url = postgrestest.Database(t)
		conn := connect(t, url)
		t.Cleanup(func() { _ = conn.Close(t.Context()) })
	})
	if _, err := pgx.Connect(t.Context(), url); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("got %v, want that it does not exist", err)
	}
}

func TestServerGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	s := postgrestest.Server(t)
	url := s.URL("postgres")
	exec1(t, url, "create table kept as select 'yes' as answer")
	open := connect(t, url)

	s.Stop()
	if err := open.Ping(t.Context()); err == nil {
		t.Error("an open connection outlived the server")
	}
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("the stopped server answers")
	}
	s.Stop() // is fine

	s.Start()
	if got := s.URL("postgres"); got != url {
		t.Errorf("address: got %s, want %s", got, url)
	}
	if got := text(t, url, "select answer from kept"); got != "yes" {
		t.Errorf("data: got %q, want %q", got, "yes")
	}
}

// The test binary is run once more as the victim, starts both kinds of server
// and is killed.
func TestServersDieWithAKilledTestBinary(t *testing.T) {
	const victim = "COACH_POSTGRES_VICTIM"
	if os.Getenv(victim) != "" {
		fmt.Println("url", postgrestest.Database(t))
		fmt.Println("url", postgrestest.Server(t).URL("postgres"))
		_, _ = io.Copy(io.Discard, os.Stdin) // until killed
		return
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), victim+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var urls, dirs []string
	for lines := bufio.NewScanner(stdout); len(urls) < 2 && lines.Scan(); {
		url, ok := strings.CutPrefix(lines.Text(), "url ")
		if !ok {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			postgrestest.Database(t) // says what is missing, for the victim too
			t.Fatalf("the victim said: %s", lines.Text())
		}
		urls = append(urls, url)
		dirs = append(dirs, text(t, url, "show data_directory"))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	for n, url := range urls {
		housetest.WaitFor(t, "the removal of "+dirs[n], func() bool { _, err := os.Stat(dirs[n]); return os.IsNotExist(err) })
		if _, err := pgx.Connect(t.Context(), url); err == nil {
			t.Errorf("%s still answers", url)
		}
	}
}

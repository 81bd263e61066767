package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
	"github.com/coachmanager/coachmanager/internal/housetest/proxytest"
)

const (
	impatience = time.Second
	// atOnce is far more than impatience, since the machine may be busy, and far
	// less than for ever.
	atOnce = 10 * time.Second
)

// calls are all calls that a floor makes.
func calls(s *Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Change": func(ctx context.Context) error { _, err := countUp(ctx, s); return err },
		"Heard": func(ctx context.Context) error {
			return s.Heard(ctx, coaching.Scope{Dialer: "pbx1", Connection: 1}, coaching.Heard{Ago: time.Second})
		},
		"LiveSet": func(ctx context.Context) error { _, err := s.LiveSet(ctx); return err },
		"Changes": func(ctx context.Context) error {
			_, err := s.Changes(ctx, coaching.Revision{}, 1)
			return notFoundIsFine(err)
		},
		"Session": func(ctx context.Context) error {
			_, err := s.Session(ctx, sampleSession(1))
			return notFoundIsFine(err)
		},
		"Sessions":    func(ctx context.Context) error { _, err := s.Sessions(ctx, coaching.SessionQuery{}); return err },
		"Ping":        s.Ping,
		"AppendAudit": func(ctx context.Context) error { return s.AppendAudit(ctx, []audit.Entry{looked(1)}) },
		"AuditKey":    func(ctx context.Context) error { _, _, err := s.AuditKey(ctx); return err },
		"AuditPage":   func(ctx context.Context) error { _, err := s.AuditPage(ctx, audit.Query{Limit: 1}); return err },
	}
}

func notFoundIsFine(err error) error {
	if errors.Is(err, coaching.ErrNotFound) {
		return nil
	}
	return err
}

// countUp makes a change that always has something to tell.
func countUp(ctx context.Context, s *Store) (coaching.Commit, error) {
	scope, count := coachingtest.CountUp(coachingtest.Dialer)
	return s.Change(ctx, scope, count)
}

// checkAway calls everything and wants to be told, soon, that the database is
// away.
func checkAway(t *testing.T, why string, calls map[string]func(context.Context) error) {
	t.Helper()
	for name, call := range calls {
		began := time.Now()
		if err := call(t.Context()); !errors.Is(err, coaching.ErrUnavailable) {
			t.Errorf("%s while %s: got %v, want ErrUnavailable", name, why, err)
		}
		if took := time.Since(began); took > atOnce {
			t.Errorf("%s while %s took %v", name, why, took)
		}
	}
}

func checkBack(t *testing.T, after string, calls map[string]func(context.Context) error) {
	t.Helper()
	for name, call := range calls {
		var err error
		housetest.WaitFor(t, name+" after "+after, func() bool { err = call(t.Context()); return err == nil })
	}
}

func TestADatabaseThatIsStoppedAndComesBack(t *testing.T) {
	t.Parallel()
	server := postgrestest.Server(t)
	s := openPatient(t, server.URL("postgres"), impatience)
	checkBack(t, "opening", calls(s))
	server.Stop()
	checkAway(t, "it is stopped", calls(s))
	if _, err := Open(t.Context(), server.URL("postgres"), Options{Log: quiet, Patience: impatience}); !errors.Is(err, coaching.ErrUnavailable) {
		t.Errorf("Open: got %v, want ErrUnavailable", err)
	}
	server.Start()
	checkBack(t, "its return", calls(s))
}

func TestADatabaseThatHangs(t *testing.T) {
	t.Parallel()
	way := proxytest.New(t, postgrestest.Database(t))
	s := openPatient(t, way.URL, impatience)
	way.Hang()
	checkAway(t, "it hangs", calls(s))
	way.Work()
	checkBack(t, "it answers", calls(s))
	way.Hang()
	began := time.Now()
	if err := s.Close(); err != nil || time.Since(began) > atOnce {
		t.Errorf("Close while it hangs: %v after %v", err, time.Since(began))
	}
}

func TestATableThatSomebodyLocks(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	s := openPatient(t, url, impatience)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE counter, sessions, dialers, audit_head, keys IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	checkAway(t, "its tables are locked", calls(s))
	if _, err := conn.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	checkBack(t, "the locks are gone", calls(s))
}

func TestAFileThatAnotherProgramWrites(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "coach.db")
	s := openPatient(t, path, impatience)
	other, err := sqliteDB(path, impatience, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	all := calls(s)
	checkAway(t, "another writes", map[string]func(context.Context) error{"Change": all["Change"], "Heard": all["Heard"]})
	for _, name := range []string{"LiveSet", "Session", "Sessions", "Ping"} {
		if err := all[name](t.Context()); err != nil {
			t.Errorf("%s while another writes: %v", name, err)
		}
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	checkBack(t, "the other's end", all)
}

func TestAFileThatMayNotGrow(t *testing.T) {
	t.Parallel()
	s := openPatient(t, filepath.Join(t.TempDir(), "coach.db"), impatience)
	if err := s.writing.Exec("PRAGMA max_page_count = 1").Error; err != nil { // SQLite makes it the present size
		t.Fatal(err)
	}
	user := func(n int) error {
		_, err := s.Change(t.Context(), coaching.Scope{Dialer: "pbx1"}, func(b *coaching.Board) error {
			b.Observe(coaching.Position{}, coaching.UserSeen{
				Person: coaching.Person{Extension: fmt.Sprint(n), Name: strings.Repeat("long ", 5000)}, Status: coaching.StatusPaused, Since: time.Now(),
			})
			return nil
		})
		return err
	}
	var err error
	for n := 0; n < 1000 && err == nil; n++ {
		err = user(n)
	}
	if !errors.Is(err, coaching.ErrUnavailable) {
		t.Errorf("full: got %v, want ErrUnavailable", err)
	}
	if err := s.writing.Exec("PRAGMA max_page_count = 100000").Error; err != nil {
		t.Fatal(err)
	}
	if err := user(2000); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestAClosedStore(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		checkAway(t, "it is closed", calls(s))
	})
}

func TestKillingAWriterLosesNothingThatWasCommitted(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		writer := startChild(t, "write", url)
		told := int64(0)
		for told < 20 {
			if _, err := fmt.Sscan(writer.line(), &told); err != nil {
				t.Fatal(err)
			}
		}
		writer.kill()
		s := open(t, url)
		set, err := s.LiveSet(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		changes, err := s.Changes(t.Context(), coaching.Revision{Epoch: set.Revision.Epoch}, 10_000)
		if err != nil || set.Revision.Number < told || int64(len(changes)) != set.Revision.Number {
			t.Fatalf("told of revision %d, kept %d with %d changes, %v", told, set.Revision.Number, len(changes), err)
		}
		counted := 0
		for _, c := range changes {
			if c.User != nil {
				counted++
				if c.User.Presence.Reason != fmt.Sprint(counted) {
					t.Fatalf("change %d counts %s, want %d", c.Number, c.User.Presence.Reason, counted)
				}
			}
		}
		if set.Dialers[0].Connection != int64(counted) || set.Users[0].Presence.Reason != fmt.Sprint(counted) {
			t.Errorf("the rows stand at %d and %s, the change log at %d", set.Dialers[0].Connection, set.Users[0].Presence.Reason, counted)
		}
	})
}

package store

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

// Another program locks the rows in the other order, and Postgres finds the change
// to be the one that has to give way.
func TestAChangeThatIsTheVictimOfADeadlockIsMadeAgain(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	s := open(t, url)
	before, err := countUp(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	exec := func(sql string) {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	exec("SET deadlock_timeout = '1min'")
	exec("BEGIN")
	exec("SELECT 1 FROM counter WHERE id = 1 FOR UPDATE")

	runs := 0
	over := make(chan struct{})
	scope, count := coachingtest.CountUp(coachingtest.Dialer)
	commit, err := s.Change(t.Context(), scope, func(b *coaching.Board) error {
		if runs++; runs == 1 {
			go func() {
				defer close(over)
				exec("SELECT 1 FROM dialers WHERE name = 'pbx1' FOR UPDATE")
				exec("COMMIT")
			}()
		}
		return count(b)
	})
	<-over
	if err != nil || runs != 2 || commit.Revision.Number != before.Revision.Number+1 {
		t.Errorf("ran %d times and came to revision %d, %v, want 2 times and revision %d", runs, commit.Revision.Number, err, before.Revision.Number+1)
	}
}

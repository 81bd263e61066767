package store

import (
	"errors"
	"fmt"
	neturl "net/url"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
	"github.com/coachmanager/coachmanager/internal/housetest/proxytest"
)

func TestAFailover(t *testing.T) {
	t.Parallel()
	pair := postgrestest.Pair(t)
	s := openPatient(t, pair.URL("postgres"), impatience)
	checkBack(t, "opening", calls(s))
	before := countedUp(t, s)
	pair.CatchUp()
	pair.Primary.Kill()
	checkAway(t, "its primary is dead", calls(s))
	pair.Promote()
	checkBack(t, "the failover", readings(calls(s)))
	if got := countedUp(t, s); got != before {
		t.Errorf("counted up to %d, want %d", got, before)
	}
	checkBack(t, "the failover", calls(s))
}

func TestAFailoverThatLosesCommits(t *testing.T) {
	t.Parallel()
	pair := postgrestest.Pair(t)
	s := openPatient(t, pair.URL("postgres"), impatience)
	counted(t, s)
	kept := countedUp(t, s)
	pair.CatchUp()
	pair.FallBehind()
	counted(t, s)
	lost := counted(t, s)
	pair.Primary.Kill()
	pair.Promote()

	follow := func() error {
		_, err := s.Changes(t.Context(), lost.Revision, 1)
		return err
	}
	anotherHistory := func(when string) {
		t.Helper()
		var err error
		housetest.WaitFor(t, "the change log "+when, func() bool { err = follow(); return !errors.Is(err, coaching.ErrUnavailable) })
		if !errors.Is(err, coaching.ErrNotFound) {
			t.Errorf("following what was lost, %s: got %v, want ErrNotFound", when, err)
		}
	}
	anotherHistory("after the failover")
	if got := countedUp(t, s); got != kept {
		t.Errorf("counted up to %d, want the %d that the standby had got", got, kept)
	}
	for again := counted(t, s); again.Revision.Number < lost.Revision.Number; {
		again = counted(t, s)
	}
	anotherHistory("once its numbers were given again")
	counted(t, s)
	anotherHistory("once it is longer than what was lost")
}

// A host that is cut off refuses nobody; it does not answer either, and must not
// keep the other from being found.
func TestAFailoverFromAPrimaryThatHangs(t *testing.T) {
	t.Parallel()
	pair := postgrestest.Pair(t)
	way := proxytest.New(t, pair.Primary.URL("postgres"))
	s := openPatient(t, fmt.Sprintf("postgres://postgres@%s,%s/postgres?sslmode=disable",
		host(t, way.URL), host(t, pair.Standby.URL("postgres"))), impatience)
	checkBack(t, "opening", calls(s))
	pair.CatchUp()
	way.Hang()
	checkAway(t, "its primary hangs", calls(s))
	pair.Promote()
	checkBack(t, "the failover", calls(s))
}

func host(t *testing.T, url string) string {
	t.Helper()
	u, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// counted counts up where that has to work.
func counted(t *testing.T, s *Store) coaching.Commit {
	t.Helper()
	commit, err := countUp(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return commit
}

package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

func TestASecondServingProcessIsRefusedUntilTheFirstIsKilled(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		first := startChild(t, "serve", url)
		if got := first.line(); got != "claimed: <nil>" {
			t.Fatal(got)
		}
		_, err := s.Claim(t.Context())
		if !errors.Is(err, ErrClaimed) || !strings.Contains(err.Error(), "stop it first") {
			t.Errorf("beside another process: got %v, want ErrClaimed and what to do", err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("short commands need no claim: %v", err)
		}
		first.kill()
		claim, err := s.Claim(t.Context())
		if err != nil {
			t.Fatalf("after kill -9: %v", err)
		}
		if _, err := open(t, url).Claim(t.Context()); !errors.Is(err, ErrClaimed) {
			t.Errorf("in the same process: got %v, want ErrClaimed", err)
		}
		claim.Release()
		claim.Release()
		claim, err = s.Claim(t.Context())
		if err != nil {
			t.Fatalf("after a release: %v", err)
		}
		claim.Release()
	})
}

// cutServing ends all connections that hold a claim, as a restart of the server
// would.
func cutServing(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	_, err = conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name LIKE 'coach-manager serving%'`)
	if err != nil {
		t.Fatal(err)
	}
}

// holder is the server's process that has the claim's lock, 0 if none has.
func holder(t *testing.T, s *Store) (pid int) {
	t.Helper()
	err := s.reading.Raw("SELECT coalesce(max(pid), 0) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = ? "+
		"AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", claimKey).Scan(&pid).Error
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestAClaimIsLostToWhoeverTookItWhileTheConnectionWasAway(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	mine, other := open(t, url), open(t, url)
	claim, err := mine.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Release()
	cutServing(t, url)
	theirs, err := other.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Release()
	<-claim.Lost()
	select {
	case <-theirs.Lost():
		t.Error("both lost it")
	default:
	}
}

func TestAClaimIsTakenAgainWhenTheConnectionWasLost(t *testing.T) {
	t.Parallel()
	server := postgrestest.Database(t)
	way := newProxy(t, server)
	mine, other := open(t, way.url), open(t, server)
	claim, err := mine.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Release()
	cutServing(t, server)
	housetest.WaitFor(t, "the lock on a new connection", func() bool { return holder(t, other) != 0 })
	if _, err := other.Claim(t.Context()); !errors.Is(err, ErrClaimed) {
		t.Errorf("got %v, want ErrClaimed", err)
	}
	select {
	case <-claim.Lost():
		t.Error("the claim was lost to nobody")
	default:
	}
}

// The server has not noticed that our connection is dead, and keeps its lock.
func TestAClaimIsTakenFromOurOwnDeadConnection(t *testing.T) {
	t.Parallel()
	server := postgrestest.Database(t)
	way := newProxy(t, server)
	mine, other := openPatient(t, way.url, 2*time.Second), open(t, server)
	claim, err := mine.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Release()
	old := holder(t, other)
	way.freeze()
	housetest.WaitFor(t, "the lock on a new connection", func() bool { now := holder(t, other); return now != 0 && now != old })
	select {
	case <-claim.Lost():
		t.Error("the claim was lost to our own dead connection")
	default:
	}
}

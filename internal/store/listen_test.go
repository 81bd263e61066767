package store

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

// listening is a Listen under way.
type listening struct {
	heard chan int64
	ended chan error
}

func listen(t *testing.T, s *Store) *listening {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &listening{heard: make(chan int64, 1000), ended: make(chan error, 1)}
	go func() { l.ended <- s.Listen(ctx, func(number int64) { l.heard <- number }) }()
	t.Cleanup(func() { cancel(); <-l.ended }) //nolint:errcheck // it was ended
	if first := <-l.heard; first != 0 {
		t.Fatalf("at the beginning: heard %d, want 0", first)
	}
	return l
}

func TestListenHearsWhatOtherProcessesCommit(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	mine, other := open(t, url), open(t, url)
	l := listen(t, mine)
	for range 3 {
		commit, err := countUp(t.Context(), other)
		if err != nil {
			t.Fatal(err)
		}
		if got := <-l.heard; got != commit.Revision.Number {
			t.Errorf("heard %d, want %d", got, commit.Revision.Number)
		}
	}
	fence, err := other.TakeLease(t.Context(), "pbx1", coaching.Holder{Token: "other", Name: "other"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.ReleaseLease(t.Context(), "pbx1", fence); err != nil {
		t.Fatal(err)
	}
	if got := <-l.heard; got != 0 {
		t.Errorf("heard %d of a release, want 0", got)
	}
}

// What was rolled back never happened, and is not told.
func TestListenHearsNothingOfWhatWasRefused(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	mine, other := open(t, url), open(t, url)
	l := listen(t, mine)
	scope := coaching.Scope{Dialer: "pbx1", Kind: "simulator", Fence: &coaching.Fence{Number: 7, Token: "nobody's"}}
	if _, err := other.Change(t.Context(), scope, func(b *coaching.Board) error { b.Connect("simulator"); return nil }); err == nil {
		t.Fatal("it was not refused")
	}
	commit, err := countUp(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	if got := <-l.heard; got != commit.Revision.Number {
		t.Errorf("heard %d first, want %d", got, commit.Revision.Number)
	}
}

// A listener that is cut off says so, and its connection serves nobody else.
func TestListenEndsWhenItIsCutOff(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	s := open(t, url)
	l := listen(t, s)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`); err != nil {
		t.Fatal(err)
	}
	if err := <-l.ended; err == nil {
		t.Error("it ended without an error")
	}
	l.ended <- nil // for the end of the test
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	again := listen(t, s)
	commit, err := countUp(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got := <-again.heard; got != commit.Revision.Number {
		t.Errorf("after it began again: heard %d, want %d", got, commit.Revision.Number)
	}
}

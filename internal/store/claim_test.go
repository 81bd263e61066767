package store

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

func TestASecondProcessOnAFileIsRefusedUntilTheFirstIsKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "coach.db")
	s := open(t, path)
	first := startChild(t, "serve", path)
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
	if _, err := s.TakeLease(t.Context(), "pbx1", coaching.Holder{Token: "the first's", Name: "first"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	first.kill()
	release, err := s.Claim(t.Context())
	if err != nil {
		t.Fatalf("after kill -9: %v", err)
	}
	if _, err := open(t, path).Claim(t.Context()); !errors.Is(err, ErrClaimed) {
		t.Errorf("in the same process: got %v, want ErrClaimed", err)
	}
	if _, err := s.TakeLease(t.Context(), "pbx1", coaching.Holder{Token: "the second's"}, time.Hour); err != nil {
		t.Errorf("the dialer of the process that is gone: got %v, want that it is free at once", err)
	}
	release()
	release()
	release, err = s.Claim(t.Context())
	if err != nil {
		t.Fatalf("after a release: %v", err)
	}
	release()
}

func TestSeveralProcessesOnOnePostgres(t *testing.T) {
	t.Parallel()
	url := postgrestest.Database(t)
	for range 2 {
		release, err := open(t, url).Claim(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(release)
	}
}

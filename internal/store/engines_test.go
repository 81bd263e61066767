package store

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childRole) != "" {
		os.Exit(beChild())
	}
	goleak.VerifyTestMain(m)
}

// engines are how to get an empty database of each.
var engines = map[string]func(t testing.TB) (url string){
	"sqlite":   func(t testing.TB) string { return filepath.Join(t.TempDir(), "coach.db") },
	"postgres": postgrestest.Database,
}

// onEachEngine runs a test with an empty database of each engine, side by side.
func onEachEngine(t *testing.T, test func(t *testing.T, url string)) {
	t.Parallel()
	for name, database := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, database(t))
		})
	}
}

// open opens a store that is closed when the test ends. Patience is longer than a
// service's: the machine may be busy.
func open(t testing.TB, url string) *Store {
	t.Helper()
	return openPatient(t, url, time.Minute)
}

func openPatient(t testing.TB, url string, patience time.Duration) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, Options{Log: slog.New(slog.DiscardHandler), Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func isNotFound(err error) bool {
	return errors.Is(err, coaching.ErrNotFound) && !errors.Is(err, coaching.ErrUnavailable)
}

package store

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	for name, database := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			coachingtest.StoreSuite(t, func(t *testing.T) coaching.Store { return open(t, database(t)) })
		})
	}
}

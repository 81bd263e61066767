package coachingtest

import (
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

func storeHeard(t *testing.T, w *storeWorld) {
	scope := coaching.Scope{Dialer: Dialer, Kind: "simulator"}
	w.change(scope, connect)
	w.change(scope, connect)
	was := w.live().Revision
	steps := []struct {
		name       string
		dialer     string
		connection int64
		at         time.Time
		want       time.Time
	}{
		{"the newest connection", Dialer, 2, At(10), At(10)},
		{"an older connection", Dialer, 1, At(20), At(10)},
		{"no connection", Dialer, 0, At(20), At(10)},
		{"an unknown dialer", "none", 2, At(20), At(10)},
		{"a hostile name", "a\x00\xff", 2, At(20), At(10)},
		{"later", Dialer, 2, At(30), At(30)},
		{"out of order", Dialer, 2, At(25), At(30)},
	}
	for _, step := range steps {
		if err := w.Heard(t.Context(), step.dialer, step.connection, step.at); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		set := w.live()
		if got := set.Dialers[0].LastHeardAt; got == nil || !got.Equal(step.want) {
			t.Errorf("%s: last heard at %v, want %v", step.name, got, step.want)
		}
		if set.Revision != was {
			t.Errorf("%s: the revision went from %v to %v", step.name, was, set.Revision)
		}
	}
}

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
	fence := w.take(first, time.Hour)
	was := w.live().Revision
	steps := []struct {
		name       string
		dialer     string
		connection int64
		fence      *coaching.Fence
		ago        time.Duration
		want       time.Duration // ago
	}{
		{"the newest connection", Dialer, 2, nil, 30 * time.Hour, 30 * time.Hour},
		{"an older connection", Dialer, 1, nil, 20 * time.Hour, 30 * time.Hour},
		{"no connection", Dialer, 0, nil, 20 * time.Hour, 30 * time.Hour},
		{"an unknown dialer", "none", 2, nil, 20 * time.Hour, 30 * time.Hour},
		{"a hostile name", "a\x00\xff", 2, nil, 20 * time.Hour, 30 * time.Hour},
		{"later", Dialer, 2, nil, 10 * time.Hour, 10 * time.Hour},
		{"under a lease", Dialer, 2, &fence, 9 * time.Hour, 9 * time.Hour},
		{"under another's lease", Dialer, 2, &coaching.Fence{Number: fence.Number, Token: "another's"}, 8 * time.Hour, 9 * time.Hour},
		{"out of order", Dialer, 2, nil, 20 * time.Hour, 9 * time.Hour},
	}
	for _, step := range steps {
		clock := At(-int(step.ago.Hours()))
		if err := w.Heard(t.Context(), coaching.Scope{Dialer: step.dialer, Connection: step.connection, Fence: step.fence}, coaching.Heard{Ago: step.ago, ClockAt: &clock}); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		set := w.live()
		// The database of the tests has this machine's clock.
		if got := set.Dialers[0].LastHeardAt; got == nil || (time.Since(*got)-step.want).Abs() > time.Hour {
			t.Errorf("%s: last heard at %v, want %v ago", step.name, got, step.want)
		}
		if got, want := set.Dialers[0].ClockAt, At(-int(step.want.Hours())); got == nil || !got.Equal(want) {
			t.Errorf("%s: the dialer's clock was %v, want %v", step.name, got, want)
		}
		if set.Revision != was {
			t.Errorf("%s: the revision went from %v to %v", step.name, was, set.Revision)
		}
	}
}

package coaching_test

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

func TestStatusOf(t *testing.T) {
	t.Parallel()
	since := at(1)
	paused := coaching.Presence{Status: coaching.StatusPaused, Since: &since, Reason: "Lunch"}
	listens := func(typ coaching.Type, since int) *coaching.Session {
		return coachingtest.Listening(coachingtest.ID(uint64(since)), typ, at(since))
	}
	for name, tc := range map[string]struct {
		sessions []*coaching.Session
		want     coaching.Status
		since    int
	}{
		"without a session it is what the dialer told": {nil, coaching.StatusPaused, 1},
		"monitor shows monitoring":                     {[]*coaching.Session{listens(monitor, 5)}, coaching.StatusMonitoring, 5},
		"coach shows coaching":                         {[]*coaching.Session{listens(coach, 5)}, coaching.StatusCoaching, 5},
		"barge shows barging":                          {[]*coaching.Session{listens(barge, 5)}, coaching.StatusBarging, 5},
		"barge_kick shows taking over":                 {[]*coaching.Session{listens(bargeKick, 5)}, coaching.StatusTakingOver, 5},
		"an unknown type shows supervising":            {[]*coaching.Session{listens(unknown, 5)}, coaching.StatusSupervising, 5},
		"the type that was set last decides":           {[]*coaching.Session{listens(barge, 7), listens(coach, 9), listens(monitor, 5)}, coaching.StatusCoaching, 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := coaching.StatusOf(paused, tc.sessions)
			if got.Status != tc.want || !got.Since.Equal(at(tc.since)) {
				t.Errorf("got %s since %s, want %s since %d", got.Status, got.Since, tc.want, tc.since)
			}
			if (got.Reason == "Lunch") != (tc.sessions == nil) {
				t.Errorf("got reason %q: a pause's reason is not that of supervising", got.Reason)
			}
		})
	}
}

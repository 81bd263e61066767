package coaching_test

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

func TestASessionsTag(t *testing.T) {
	t.Parallel()
	base := coachingtest.Listening(coachingtest.ID(1), monitor, at(1))
	for name, tc := range map[string]struct {
		change func(*coaching.Session)
		same   bool
	}{
		"covers the type": {func(s *coaching.Session) {
			s.Timeline = append(s.Timeline, coaching.TypeSince{Type: coach, Since: at(2)})
		}, false},
		"covers the target":  {func(s *coaching.Session) { s.Target = &coaching.UserName{ID: coachingtest.ID(77)} }, false},
		"covers no target":   {func(s *coaching.Session) { s.Target = nil }, false},
		"covers the session": {func(s *coaching.Session) { s.ID = coachingtest.ID(2) }, false},
		"covers no state":    {func(s *coaching.Session) { s.State = coaching.StateDisconnecting }, true},
		"covers no calls":    {func(s *coaching.Session) { s.Calls = []coaching.HeardCall{{}} }, true},
		"covers no time":     {func(s *coaching.Session) { s.TypeStatedAt = at(9) }, true},
		"covers no former type": {func(s *coaching.Session) {
			s.Timeline = slices.Insert(s.Timeline, 0, coaching.TypeSince{Type: coach, Since: at(0)})
		}, true},
		"covers no name": {func(s *coaching.Session) { s.Target = &coaching.UserName{ID: s.Target.ID, Name: "Other"} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := base.Clone()
			tc.change(s)
			if got := s.Tag() == base.Tag(); got != tc.same {
				t.Errorf("got same tag %t, want %t", got, tc.same)
			}
		})
	}
}

func TestASessionsTypesAndLength(t *testing.T) {
	t.Parallel()
	s := coachingtest.Listening(coachingtest.ID(1), monitor, at(1))
	s.Timeline = append(s.Timeline, coaching.TypeSince{Type: coach, Since: at(2)},
		coaching.TypeSince{Type: monitor, Since: at(3)}, coaching.TypeSince{Type: barge, Since: at(4)})
	if got, want := s.HadTypes(), []coaching.Type{monitor, coach, barge}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if s.Type() != barge || !s.TypeSince().Equal(at(4)) || s.Length() != 0 || !s.Live() {
		t.Errorf("got %s since %s, length %s, want a live barge since 4", s.Type(), s.TypeSince(), s.Length())
	}
	if got := coachingtest.Ended(s, at(9)); got.Length() != 8*time.Second || got.Live() {
		t.Errorf("got length %s, want 8s", got.Length())
	}
	if got := coachingtest.Ended(s, at(0)).Length(); got != 0 {
		t.Errorf("got length %s of a session that ended before it began, want 0", got)
	}
}

func TestASessionsCurrentCallsAreThoseBeingHeard(t *testing.T) {
	t.Parallel()
	until := at(5)
	s := coachingtest.Listening(coachingtest.ID(1), monitor, at(1))
	s.Calls = []coaching.HeardCall{
		{Call: coaching.Call{CallID: "c1"}, HeardFrom: at(1), HeardUntil: &until},
		{Call: coaching.Call{CallID: "c2"}, HeardFrom: at(6)},
	}
	if got := s.CurrentCalls(); len(got) != 1 || got[0].CallID != "c2" {
		t.Errorf("got %+v, want c2", got)
	}
}

func TestASessionsRequestsAreFoundByID(t *testing.T) {
	t.Parallel()
	s := coachingtest.Listening(coachingtest.ID(1), monitor, at(1))
	if s.Pending() != nil || s.Request(coachingtest.ID(5)) != nil {
		t.Error("found a request where there is none")
	}
	s.Requests = []coaching.DisconnectRequest{
		{ID: coachingtest.ID(5), Outcome: coaching.OutcomeRefused},
		{ID: coachingtest.ID(6), Outcome: coaching.OutcomePending},
		{ID: coachingtest.ID(7), Outcome: coaching.OutcomePending, Joined: true},
	}
	if got := s.Pending(); got == nil || got.ID != coachingtest.ID(6) {
		t.Errorf("got %+v pending, want the one that others joined", got)
	}
	if got := s.Request(coachingtest.ID(7)); got == nil || !got.Joined {
		t.Errorf("got %+v, want the one that joined", got)
	}
}

func TestACloneSharesNothingThatChanges(t *testing.T) {
	t.Parallel()
	w := listening(t, monitor)
	w.report(talking("c1", alice, at(2)))
	w.mustAsk(coaching.Disconnect{Session: w.only().ID})
	original := w.only()
	clone, want := original.Clone(), original.Clone()
	original.Timeline[0].Type, original.Calls[0].CallID, original.Requests[0].Reason = coach, "other", "other"
	original.State = coaching.StateEnded
	if diff := gocmp.Diff(want, clone); diff != "" {
		t.Errorf("the clone changed with its original:\n%s", diff)
	}
}

package store

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

func TestAPageLooksAtSoManyEntriesAndSaysWhereItStopped(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		s.mostEntries = 40
		history := sampleHistory(100)
		history.Sessions[5].EndReason = coaching.EndTransferred
		for _, session := range history.Sessions {
			session.Calls = append(session.Calls, session.Calls[0]) // heard twice
			session.Calls[0].PhoneNumber, session.Calls[len(session.Calls)-1].PhoneNumber = "+1", "+1"
		}
		if _, err := s.ImportHistory(t.Context(), history); err != nil {
			t.Fatal(err)
		}
		for name, q := range map[string]coaching.SessionQuery{"by time": {}, "by number": {PhoneNumber: "+1"}} {
			q.EndReason, q.Limit = coaching.EndTransferred, 10
			var found, stops []int
			for page := 1; ; page++ {
				got, err := s.Sessions(t.Context(), q)
				if err != nil || page > 5 {
					t.Fatal(page, err)
				}
				for _, session := range got.Sessions {
					found = append(found, int(session.StartedAt.Sub(coachingtest.Start)/time.Minute))
				}
				if got.Next == nil {
					break
				}
				stops = append(stops, int(got.Next.StartedAt.Sub(coachingtest.Start)/time.Minute))
				q.After = got.Next
			}
			if !slices.Equal(found, []int{5}) || !slices.Equal(stops, []int{60, 20}) {
				t.Errorf("%s: found sessions %v and stopped at %v, want [5] and [60 20]", name, found, stops)
			}
		}
		exactly := coachingtest.Start.Add(60 * time.Minute) // 40 sessions since
		page, err := s.Sessions(t.Context(), coaching.SessionQuery{EndReason: coaching.EndTransferred, From: &exactly, Limit: 10})
		if err != nil || len(page.Sessions) != 0 || page.Next != nil {
			t.Errorf("at the very end: got %d sessions, next %v, %v, want none", len(page.Sessions), page.Next, err)
		}
	})
}

func TestImportHistory(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		history := sampleHistory(300)
		live := history
		live.Sessions = []*coaching.Session{coachingtest.Listening(sampleSession(1), coaching.TypeCoach, coachingtest.Start)}
		if done, err := s.ImportHistory(t.Context(), live); err == nil || done {
			t.Errorf("a live session: got %t, %v, want an error", done, err)
		}
		if done, err := s.ImportHistory(t.Context(), history); err != nil || !done {
			t.Fatal(done, err)
		}
		if done, err := s.ImportHistory(t.Context(), history); err != nil || done {
			t.Errorf("a second time: got %t, %v, want that nothing is done", done, err)
		}
		for _, want := range []*coaching.Session{history.Sessions[0], history.Sessions[299]} {
			got, err := s.Session(t.Context(), want.ID)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("session (-want +got), %v:\n%s", err, diff)
			}
		}
		set, err := s.LiveSet(t.Context())
		if err != nil || set.Revision.Number != 0 || len(set.Users) != sampleUsers || len(set.Catalogue) != sampleCampaigns {
			t.Errorf("got %d users, %d entries at %v, %v", len(set.Users), len(set.Catalogue), set.Revision, err)
		}
	})
}

func TestPrune(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		count := func() coaching.Commit {
			commit, err := countUp(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			return commit
		}
		for range 5 {
			count()
		}
		newest := count()
		kept := int(newest.Revision.Number)
		begin := coaching.Revision{Epoch: newest.Revision.Epoch}
		prune := func(age time.Duration, want int64) {
			t.Helper()
			if n, err := s.Prune(t.Context(), age); err != nil || n != want {
				t.Errorf("pruned %d, %v, want %d", n, err, want)
			}
		}
		prune(time.Hour, 0)
		if changes, err := s.Changes(t.Context(), begin, 100); err != nil || len(changes) != kept {
			t.Errorf("got %d changes, %v, want all %d", len(changes), err, kept)
		}
		prune(-time.Hour, int64(kept)-1)
		if _, err := s.Changes(t.Context(), begin, 100); !isNotFound(err) {
			t.Errorf("after what was pruned: got %v, want ErrNotFound", err)
		}
		begin.Number = int64(kept) - 1
		if changes, err := s.Changes(t.Context(), begin, 100); err != nil || len(changes) != 1 || changes[0].Number != int64(kept) {
			t.Errorf("the newest change: got %+v, %v", changes, err)
		}
		prune(-time.Hour, 0)
	})
}

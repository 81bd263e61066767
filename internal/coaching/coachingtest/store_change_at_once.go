package coachingtest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// storeChangeAtOnce has many write at the same time, on the same rows and on
// others, and looks for gaps in the revisions and for lost updates.
func storeChangeAtOnce(t *testing.T, w *storeWorld) {
	const writers, rounds = 6, 15
	w.change(coaching.Scope{Dialer: "shared", Kind: "simulator"}, func(*coaching.Board) {})
	start := w.live().Revision.Number

	var mu sync.Mutex
	var commits []coaching.Commit
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for round := range rounds {
				dialer := []string{"shared", fmt.Sprint("own", writer)}[round%2]
				scope, count := CountUp(dialer)
				commit, err := w.Change(t.Context(), scope, count)
				if err != nil {
					t.Errorf("writer %d: %v", writer, err)
					return
				}
				mu.Lock()
				commits = append(commits, commit)
				mu.Unlock()
			}
		})
	}
	all.Wait()

	slices.SortFunc(commits, func(a, b coaching.Commit) int { return cmp.Compare(a.Revision.Number, b.Revision.Number) })
	var told []coaching.Change
	for i, c := range commits {
		told = append(told, c.Changes...)
		if i > 0 && c.Revision.At.Before(commits[i-1].Revision.At) {
			t.Errorf("revision %v was committed at %v, the one before it at %v", c.Revision, c.Revision.At, commits[i-1].Revision.At)
		}
	}
	for i, c := range told {
		if want := start + int64(i) + 1; c.Number != want {
			t.Fatalf("change %d: got number %d, want %d", i, c.Number, want)
		}
	}
	same(t, "change log", w.log()[start:], told)
	for _, d := range w.live().Dialers {
		if d.Name == "shared" && d.Connection != writers*((rounds+1)/2) {
			t.Errorf("%d writers counted to %d, want %d", writers, d.Connection, writers*((rounds+1)/2))
		}
	}
}

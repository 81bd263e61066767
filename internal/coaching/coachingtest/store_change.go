package coachingtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

func isCanceled(err error) bool {
	return errors.Is(err, context.Canceled) && !errors.Is(err, coaching.ErrUnavailable)
}

func storeChange(t *testing.T, w *storeWorld) {
	before := w.live()
	attached := Attached("leg1", Agent(1), coaching.TypeCoach, At(0).Add(1234567*time.Nanosecond))
	commit := w.report(attached)

	t.Run("tells what it kept, as it will be read", func(t *testing.T) {
		w := w.in(t)
		same(t, "change log", w.log(), commit.Changes)
		if got, want := w.live().Revision, commit.Revision; got != want {
			t.Errorf("revision: got %v, want %v", got, want)
		}
		for i, c := range commit.Changes {
			if want := before.Revision.Number + int64(i) + 1; c.Number != want || !c.At.Equal(commit.Revision.At) {
				t.Errorf("change %d: got number %d at %v, want %d at %v", i, c.Number, c.At, want, commit.Revision.At)
			}
		}
		s := only(t, commit)
		if want := At(0).Add(1234 * time.Microsecond); !s.StartedAt.Equal(want) {
			t.Errorf("start: got %v, want whole microseconds: %v", s.StartedAt, want)
		}
		read, err := w.Session(t.Context(), s.ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "session", read, s)
	})
	t.Run("writes nothing when nothing is new", func(t *testing.T) {
		w := w.in(t)
		again := w.report(attached)
		same(t, "commit", again, coaching.Commit{Before: commit.Revision, Revision: commit.Revision})
	})
	t.Run("keeps rows of which there is nothing to tell", func(t *testing.T) {
		w := w.in(t)
		later := attached
		later.At = At(10)
		again := w.report(later)
		same(t, "commit", again, coaching.Commit{Before: commit.Revision, Revision: commit.Revision})
		if got := w.live().Sessions[0].TypeStatedAt; !got.Equal(At(10)) {
			t.Errorf("the type was stated for %v last, want %v", got, At(10))
		}
	})
	t.Run("is undone by the rule's error, which comes back as it is", func(t *testing.T) {
		w := w.in(t)
		was, refusal := w.live(), fmt.Errorf("no: %w", coaching.ErrUnavailable)
		for _, dialer := range []string{Dialer, "unknown"} {
			_, err := w.Change(t.Context(), coaching.Scope{Dialer: dialer, AllLive: true}, func(b *coaching.Board) error {
				connect(b)
				b.Observe(coaching.Position{Connection: 1, Seq: 99}, Gone("leg1", At(20)))
				return refusal
			})
			if err != refusal { //nolint:errorlint // the very same
				t.Errorf("got %v, want the rule's error", err)
			}
		}
		same(t, "live set", w.live(), was)
	})
	t.Run("is undone by the rule's panic", func(t *testing.T) {
		w := w.in(t)
		was := w.live()
		func() {
			defer func() { _ = recover() }()
			w.change(coaching.Scope{Dialer: Dialer}, func(b *coaching.Board) { connect(b); panic("rule") })
		}()
		same(t, "live set", w.live(), was)
	})
	t.Run("has the database's clock", func(t *testing.T) {
		w := w.in(t)
		commit := w.change(coaching.Scope{Dialer: Dialer}, connect) // for the first time
		since := *w.live().Dialers[0].Since
		if since.After(commit.Revision.At) || commit.Revision.At.Sub(since) > time.Minute || time.Since(commit.Revision.At).Abs() > time.Hour {
			t.Errorf("the board's clock was %v, the commit's %v, and now it is %v", since, commit.Revision.At, time.Now())
		}
	})
}

func storeChangeFence(t *testing.T, w *storeWorld) {
	scope := coaching.Scope{Dialer: Dialer, Kind: "simulator"}
	nothing := func(*coaching.Board) error { return nil }

	scope.Connection = 1
	if _, err := w.Change(t.Context(), scope, nothing); !errors.Is(err, coaching.ErrSuperseded) {
		t.Errorf("unknown dialer: got %v, want ErrSuperseded", err)
	}
	if n := len(w.live().Dialers); n != 0 {
		t.Errorf("a refused change made %d dialers", n)
	}
	scope.Connection = 0
	commit := w.change(scope, func(*coaching.Board) {})
	if len(commit.Changes) != 1 || commit.Changes[0].Kind != coaching.DialerChanged || commit.Changes[0].Dialer.Kind != "simulator" {
		t.Errorf("a new dialer: got %+v, want that it is told", commit.Changes)
	}
	w.change(scope, connect)
	scope.Connection = 1
	w.change(scope, func(*coaching.Board) {})
	scope.Connection = 0
	w.change(scope, connect)
	for connection, want := range map[int64]error{0: nil, 1: coaching.ErrSuperseded, 2: nil, 3: coaching.ErrSuperseded} {
		scope.Connection = connection
		if _, err := w.Change(t.Context(), scope, nothing); !errors.Is(err, want) {
			t.Errorf("connection %d: got %v, want %v", connection, err, want)
		}
	}
}

// storeChangeKeys makes rows that cannot be beside others, by rules that do not
// see those.
func storeChangeKeys(t *testing.T, w *storeWorld) {
	w.report(Attached("leg1", Agent(1), coaching.TypeCoach, At(0)))
	was := w.live()
	blind := func(what string, scope coaching.Scope, sighting coaching.Sighting) {
		_, err := w.Change(t.Context(), scope, func(b *coaching.Board) error {
			b.Observe(coaching.Position{Connection: 1, Seq: 50}, sighting)
			return nil
		})
		if err == nil || errors.Is(err, coaching.ErrUnavailable) {
			t.Errorf("%s: got %v, want an error of its own", what, err)
		}
		same(t, "live set after "+what, w.live(), was)
	}
	second := Attached("leg1", Agent(2), coaching.TypeCoach, At(30))
	blind("a second live session of a leg", coaching.Scope{Dialer: Dialer, Extensions: scopeOf(Dialer, second).Extensions}, second)
	blind("a second user of an extension", coaching.Scope{Dialer: Dialer}, coaching.UserSeen{Person: Agent(1), Status: coaching.StatusPaused, Since: At(1)})
	w.reportOf("pbx2", coaching.UserSeen{Person: Agent(1), Status: coaching.StatusPaused, Since: At(1)})
	if n := len(w.live().Users); n != len(was.Users)+1 {
		t.Errorf("the same extension of another dialer: got %d users, want %d", n, len(was.Users)+1)
	}
}

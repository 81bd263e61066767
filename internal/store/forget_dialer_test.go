package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// A dialer is forgotten once nobody holds it, in one transaction with the audit's
// entry, and others are left alone.
func TestADialerIsForgottenOnceNobodyHoldsIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for i, dialer := range []string{"old", "other"} {
			scope := coaching.Scope{Dialer: dialer, Kind: "simulator", Extensions: []string{coachingtest.Supervisor(1).Extension, coachingtest.Agent(1).Extension}}
			_, err := s.Change(t.Context(), scope, func(b *coaching.Board) error {
				b.Connect("simulator")
				b.Observe(coaching.Position{Connection: 1, Seq: int64(i)}, coachingtest.Attached("leg", coachingtest.Agent(1), coaching.TypeCoach, coachingtest.At(1)))
				clock := coachingtest.At(9)
				b.Heard(coaching.Heard{ClockAt: &clock})
				return nil
			})
			must(err)
		}
		lease, err := s.TakeLease(t.Context(), "old", coaching.Holder{Token: "a", Name: "a"}, time.Hour)
		must(err)
		if _, err := s.ForgetDialer(t.Context(), "old"); !errors.Is(err, coaching.ErrSuperseded) {
			t.Errorf("held: got %v", err)
		}
		if _, err := s.ForgetDialer(t.Context(), "none"); !errors.Is(err, coaching.ErrNotFound) {
			t.Errorf("unknown: got %v", err)
		}
		known := func() (text string) {
			dialers, err := s.Dialers(t.Context())
			must(err)
			for _, d := range dialers {
				text += fmt.Sprintf("%s %s %q %v %d; ", d.Name, d.Kind, d.WatchedBy, d.LastHeardAt != nil, d.Live)
			}
			return text
		}
		if got, want := known(), `old simulator "a" true 1; other simulator "" true 1; `; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		must(s.ReleaseLease(t.Context(), "old", lease.Fence))
		ended, err := s.ForgetDialer(t.Context(), "old")
		if err != nil || ended != 1 {
			t.Fatalf("got %d and %v", ended, err)
		}
		if got, want := known(), `old simulator "" true 0; other simulator "" true 1; `; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		page, err := s.Sessions(t.Context(), coaching.SessionQuery{State: coaching.OnlyEnded, Limit: 10})
		must(err)
		if len(page.Sessions) != 1 || page.Sessions[0].EndReason != coaching.EndNotObserved || !page.Sessions[0].EndedAt.Equal(coachingtest.At(9)) || page.Sessions[0].EndedAtExact {
			t.Errorf("got %+v", page.Sessions)
		}
		entries, err := s.AuditEntries(t.Context(), 0, 10)
		must(err)
		if len(entries) != 1 || fmt.Sprint(entries[0].Action, entries[0].Actor.Kind, entries[0].Subject, entries[0].Details) != `dialer.forgottencommand{dialer old}{"sessions":1}` {
			t.Errorf("got %+v", entries)
		}
		_, err = s.TakeLease(t.Context(), "old", coaching.Holder{Token: "b", Name: "b"}, time.Hour)
		must(err)
	})
}

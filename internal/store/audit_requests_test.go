package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// A request and its outcome are entered with the change that they are, or not at
// all.
func TestRequestsToEndASessionAreAudited(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		session := attached(t, s)
		scope := coaching.Scope{Dialer: coachingtest.Dialer, Sessions: []coaching.SessionID{session}}
		asker := coaching.UserName{ID: coachingtest.ID(77), Name: "Ann"}
		ask := func(d coaching.Disconnect) func(*coaching.Board) error {
			return func(b *coaching.Board) error {
				d.Session = session
				_, err := b.Ask(d)
				return err
			}
		}
		change := func(rule func(*coaching.Board) error) error {
			_, err := s.Change(t.Context(), scope, rule)
			return err
		}
		failed := errors.New("no")
		if err := change(func(b *coaching.Board) error { return errors.Join(ask(coaching.Disconnect{})(b), failed) }); !errors.Is(err, failed) {
			t.Fatal(err)
		}
		checkAudited(t, s)

		first := coaching.Disconnect{By: coaching.Actor{Name: "Ann's page", User: &asker}, Credential: "token:" + coachingtest.ID(5).String(), Reason: "lunch"}
		for _, rule := range []func(*coaching.Board) error{
			ask(first), ask(coaching.Disconnect{Credential: "local:"}), // joins
			func(b *coaching.Board) error { b.Accept(session); return nil },
			func(b *coaching.Board) error { b.GiveUp(session, coaching.OutcomeFailed); return nil },
			ask(coaching.Disconnect{}), // of an older program
			func(b *coaching.Board) error { b.FoundGone(session, true, time.Time{}); return nil },
		} {
			if err := change(rule); err != nil {
				t.Fatal(err)
			}
		}
		entries := checkAudited(t, s,
			"disconnect.requested pending by token of session", "disconnect.requested pending by local of session",
			"disconnect.finished failed by token of session", "disconnect.finished failed by local of session",
			"disconnect.requested pending by unknown of session", "disconnect.finished moved by unknown of session")
		want := audit.Actor{Kind: audit.ByToken, ID: coachingtest.ID(5).String(), User: &asker.ID}
		for _, e := range []audit.Entry{entries[0], entries[2]} {
			if e.Actor.ID != want.ID || e.Actor.User == nil || *e.Actor.User != asker.ID || e.Subject.ID != session.String() ||
				!strings.HasPrefix(e.Details, `{"forced":false,"joined":false,"request_id":"`) || !strings.HasSuffix(e.Details, `","type":"coach"}`) {
				t.Errorf("got %+v", e)
			}
		}
		if !strings.Contains(entries[1].Details, `"joined":true`) {
			t.Errorf("got %+v", entries[1])
		}
	})
}

// attached makes a live session.
func attached(t *testing.T, s *Store) coaching.SessionID {
	t.Helper()
	leg := coachingtest.Attached("leg1", coachingtest.Agent(1), coaching.TypeCoach, coachingtest.At(0))
	scope := coaching.Scope{Dialer: coachingtest.Dialer, Kind: "test", Legs: []string{"leg1"}, Extensions: []string{coachingtest.Agent(1).Extension}}
	commit, err := s.Change(t.Context(), scope, func(b *coaching.Board) error {
		b.Connect("test")
		b.Observe(coaching.Position{Connection: 1, Seq: 1}, leg)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commit.Changes {
		if c.Session != nil {
			return c.Session.ID
		}
	}
	t.Fatal("no session began")
	return coaching.SessionID{}
}

package store

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

func newToken(name string) access.NewToken {
	hash, _ := access.HashOf(access.NewSecret())
	return access.NewToken{Name: name, Role: access.Manager, Hash: hash}
}

// tokenChanges are the ids of tokens that the change log tells of, in its order.
func tokenChanges(t *testing.T, s *Store) (ids []string) {
	t.Helper()
	set, err := s.LiveSet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changes, err := s.Changes(t.Context(), coaching.Revision{Epoch: set.Revision.Epoch}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	db, err := s.writing.DB()
	if err != nil {
		t.Fatal(err)
	}
	rows := ask(t, db, "SELECT entity_id || ' ' || payload FROM changes ORDER BY number")
	for i, c := range changes {
		if c.Number != int64(i+1) || c.Session != nil || c.User != nil || c.Dialer != nil || c.Catalogue != nil {
			t.Errorf("change %d: %+v", i, c)
		}
		if c.Kind == coaching.TokenChanged {
			ids = append(ids, rows[i])
		}
	}
	return ids
}

func TestATokenIsKeptAndToldOf(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		n := newToken("Anna's page")
		n.Team, n.Expires = "Nord", 90*24*time.Hour
		made, err := s.CreateToken(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if made.ID.Version() != 7 || made.ExpiresAt.Sub(made.CreatedAt) != n.Expires || time.Since(made.CreatedAt) > time.Hour {
			t.Errorf("got %+v", made)
		}
		want := access.Token{ID: made.ID, Name: n.Name, Role: n.Role, Team: n.Team, Hash: n.Hash, CreatedAt: made.CreatedAt, ExpiresAt: made.ExpiresAt}
		tokens, now, err := s.Tokens(t.Context())
		if diff := cmp.Diff([]access.Token{want}, tokens); diff != "" || err != nil || now.Before(made.CreatedAt) {
			t.Errorf("at %v, %v: %s", now, err, diff)
		}

		used := now.Add(time.Hour)
		for _, at := range []time.Time{used, used.Add(-time.Minute)} { // a late writer takes nothing back
			if err := s.KeepUses(t.Context(), map[uuid.UUID]time.Time{made.ID: at, uuid.New(): at}); err != nil {
				t.Fatal(err)
			}
		}
		tokens, _, err = s.AllTokens(t.Context())
		if err != nil || !tokens[0].LastUsedAt.Equal(used) {
			t.Errorf("used at %v, %v, want %v", tokens[0].LastUsedAt, err, used)
		}
		if told := tokenChanges(t, s); !slices.Equal(told, []string{made.ID.String() + " {}"}) {
			t.Errorf("told %q: want the creation, no use, and nothing of the token", told)
		}
	})
}

func TestATokenIsRevokedByIDOrName(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		create := func(name string) access.Token {
			t.Helper()
			made, err := s.CreateToken(t.Context(), newToken(name))
			if err != nil {
				t.Fatal(err)
			}
			return made
		}
		one, two := create("one"), create("two")
		if _, err := s.CreateToken(t.Context(), newToken("one")); !errors.Is(err, access.ErrNameTaken) {
			t.Errorf("a second token of a name: %v", err)
		}
		for _, which := range []string{"one", two.ID.String()} {
			if got, err := s.RevokeToken(t.Context(), which); err != nil || got.RevokedAt == nil {
				t.Errorf("revoke %s: %+v, %v", which, got, err)
			}
		}
		first, _, err := s.AllTokens(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.RevokeToken(t.Context(), one.ID.String()); err != nil || !again.RevokedAt.Equal(*first[0].RevokedAt) {
			t.Errorf("revoked again: %+v, %v; want when it was first", again, err)
		}
		for _, which := range []string{"one", "none", uuid.NewString(), "a\x00b", "\xff"} {
			if _, err := s.RevokeToken(t.Context(), which); !errors.Is(err, access.ErrNoToken) {
				t.Errorf("revoke %q: %v", which, err)
			}
		}
		if tokens, _, err := s.Tokens(t.Context()); err != nil || len(tokens) != 0 {
			t.Errorf("got %+v, %v", tokens, err)
		}
		three := create("one") // the name is free again
		if got, err := s.RevokeToken(t.Context(), "one"); err != nil || got.ID != three.ID {
			t.Errorf("got %+v, %v, want the one that is not revoked", got, err)
		}
	})
}

func TestATokenBelongsToAUserThereIs(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		history := sampleHistory(1)
		if _, err := s.ImportHistory(t.Context(), history); err != nil {
			t.Fatal(err)
		}
		n := newToken("of somebody")
		n.User = &history.Users[0].ID
		if made, err := s.CreateToken(t.Context(), n); err != nil || made.User == nil || *made.User != *n.User {
			t.Errorf("got %+v, %v", made, err)
		}
		nobody := coachingtest.ID(999)
		n = newToken("of nobody")
		n.User = &nobody
		if _, err := s.CreateToken(t.Context(), n); !errors.Is(err, access.ErrNoUser) {
			t.Errorf("got %v", err)
		}
		if told := tokenChanges(t, s); len(told) != 1 {
			t.Errorf("told %q, want nothing of the one that was not made", told)
		}
		if err := s.writing.Exec("UPDATE users SET inactive = true WHERE id = ?", keyOf(&history.Users[0].ID)).Error; err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateToken(t.Context(), newToken("of nobody in particular")); err != nil {
			t.Fatal(err)
		}
		all, now, err := s.AllTokens(t.Context())
		if err != nil || len(all) != 2 || all[0].State(now) != access.Suspended || all[1].State(now) != access.Valid {
			t.Errorf("got %+v, %v: want the one of the inactive user told", all, err)
		}
	})
}

// Several processes of a fresh deployment start at once, each with the secret.
func TestTheFirstTokenIsMadeOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		var all sync.WaitGroup
		var mu sync.Mutex
		made := 0
		n := newToken("first")
		for range 8 {
			all.Go(func() {
				done, err := s.CreateFirstToken(t.Context(), n)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if done {
					made++
				}
			})
		}
		all.Wait()
		if made != 1 || len(tokenChanges(t, s)) != 1 {
			t.Errorf("made %d times, told %q", made, tokenChanges(t, s))
		}
		if _, err := s.RevokeToken(t.Context(), "first"); err != nil {
			t.Fatal(err)
		}
		if done, err := s.CreateFirstToken(t.Context(), n); done || err != nil {
			t.Errorf("once more, after it was revoked: %v, %v", done, err)
		}
	})
}

func TestTokensOfADatabaseThatIsAway(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s, err := Open(t.Context(), url, Options{Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		_, _, reading := s.Tokens(t.Context())
		_, creating := s.CreateToken(t.Context(), newToken("x"))
		_, revoking := s.RevokeToken(t.Context(), "x")
		keeping := s.KeepUses(t.Context(), map[uuid.UUID]time.Time{uuid.New(): time.Now()})
		for doing, err := range map[string]error{"read": reading, "create": creating, "revoke": revoking, "keep": keeping} {
			if !errors.Is(err, coaching.ErrUnavailable) {
				t.Errorf("%s: %v", doing, err)
			}
		}
	})
}

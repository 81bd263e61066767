package oidc_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/access/oidc"
	"github.com/coachmanager/coachmanager/internal/access/oidc/oidctest"
)

// What people do through the API is tested in package httpapi.

func TestTheFormOfAToken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"a.b.c": true, "..": true, "eyJ_-9.x.": true, "": false, "a.b": false, "a.b.c.d": false, "a.b.c=": false, "a b.c.d": false, "a.\n.b": false,
		"a+b.c.d": false, "é.b.c": false, access.NewSecret(): false, "{a.b.c}": false,
	} {
		if got := oidc.IsToken(text); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

// However many tokens are shown, so many are remembered and no more.
func TestTheMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const most = 50
	c := oidc.NewCache(most)
	now := time.Now()
	hash := func(i int) [sha256.Size]byte { return sha256.Sum256([]byte(fmt.Sprint(i))) }
	for i := range 10 * most {
		expires := now.Add(time.Hour)
		if i < most/2 {
			expires = now.Add(-time.Second)
		}
		c.Put(hash(i), fmt.Sprint(i), expires)
		if name, ok := c.Get(hash(i), now); ok != (i >= most/2) || ok && name != fmt.Sprint(i) {
			t.Fatalf("%d: got %q, %v", i, name, ok)
		}
		if c.Len() > most {
			t.Fatalf("%d are remembered", c.Len())
		}
	}
	if c.Len() != most {
		t.Errorf("%d are remembered, want %d", c.Len(), most)
	}
	last := hash(10*most - 1)
	if _, ok := c.Get(last, now.Add(time.Hour)); ok {
		t.Error("one is remembered after it expired")
	}
}

// Who acted is told by issuer and subject, and so is whoever asks too often, whatever
// token is shown.
func TestASubjectIsOneCaller(t *testing.T) {
	t.Parallel()
	key := oidctest.NewKey(t, "first", "ES256")
	provider := oidctest.Start(t, key)
	v := oidc.NewVerifier(oidc.Config{
		Issuer: provider.Issuer, Audience: oidctest.Audience, RoleClaim: "role", Roles: map[string]access.Role{"a": access.Admin},
	}, nil, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { v.Run(ctx) })
	defer running.Wait()
	defer cancel()
	var callers []string
	for n, subject := range []string{"maria", "maria", "tom"} {
		who, err := v.Authenticate(t.Context(), key.Sign(provider.Claims(subject, map[string]any{"role": "a", "jti": n})))
		if err != nil || who.Subject != provider.Issuer+"\n"+subject || who.TokenID != uuid.Nil || who.Role != access.Admin {
			t.Errorf("got %+v, %v", who, err)
		}
		callers = append(callers, who.Caller())
	}
	if callers[0] != callers[1] || callers[0] == callers[2] || callers[0] == access.Local.Caller() {
		t.Errorf("got %q", callers)
	}
	if who, err := v.Authenticate(t.Context(), key.Sign(provider.Claims("eve", nil))); !errors.Is(err, oidc.ErrNoRole) || who.Subject == "" || who.May(access.Read) {
		t.Errorf("got %+v, %v", who, err)
	}
}

// The keys are fetched in the verifier's own time: nobody who asks waits for ever.
func TestWithoutRunNobodyIsLetIn(t *testing.T) {
	t.Parallel()
	key := oidctest.NewKey(t, "first", "ES256")
	provider := oidctest.Start(t, key)
	v := oidc.NewVerifier(oidc.Config{Issuer: provider.Issuer, Audience: oidctest.Audience}, nil, slog.New(slog.DiscardHandler))
	if who, err := v.Authenticate(t.Context(), key.Sign(provider.Claims("a", nil))); err == nil || who.Role != "" || provider.Fetches() != 0 {
		t.Errorf("got %+v, %v", who, err)
	}
	if _, err := v.Authenticate(t.Context(), strings.Repeat("a", 17<<10)); err == nil {
		t.Error("a long text is let in")
	}
}

// BenchmarkAuthenticate tells what a token costs when it is shown again, which is no
// check of its signature, and when it is new.
func BenchmarkAuthenticate(b *testing.B) {
	key := oidctest.NewKey(b, "first", "RS256")
	provider := oidctest.Start(b, key)
	v := oidc.NewVerifier(oidc.Config{
		Issuer: provider.Issuer, Audience: oidctest.Audience, RoleClaim: "role", Roles: map[string]access.Role{"a": access.Admin},
	}, nil, slog.New(slog.DiscardHandler))
	go v.Run(b.Context())
	token := key.Sign(provider.Claims("a", map[string]any{"role": "a"}))
	authenticate := func() error {
		_, err := v.Authenticate(b.Context(), token)
		return err
	}
	for authenticate() != nil { // until the keys are fetched
	}
	for name, before := range map[string]func(){"again": func() {}, "new": v.Forget} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				before()
				if err := authenticate(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

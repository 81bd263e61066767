package oidctest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Audience is the one that Claims names.
const Audience = "coach-manager"

// Provider is an identity provider on this machine. Its methods are safe for
// concurrent use.
type Provider struct {
	Issuer string

	t       testing.TB
	fetches atomic.Int64

	mu     sync.Mutex
	keys   []Key
	answer http.HandlerFunc // nil: as it should
}

// Start runs a provider with these keys until the test ends.
func Start(t testing.TB, keys ...Key) *Provider {
	p := &Provider{t: t, keys: keys}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.Issuer = server.URL + "/realms/desk"
	return p
}

// Fetches is how often its keys were asked for.
func (p *Provider) Fetches() int { return int(p.fetches.Load()) }

// Have gives it other keys.
func (p *Provider) Have(keys ...Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
}

// Answer has it answer everything in another way; nil is as it should.
func (p *Provider) Answer(answer http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// Down has it close every connection without an answer.
func (p *Provider) Down() {
	p.Answer(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// Hang has it answer nothing until the caller has gone away.
func (p *Provider) Hang() {
	p.Answer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// Well has it answer as it should, whatever Answer was told.
func (p *Provider) Well(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/realms/desk/.well-known/openid-configuration"):
		p.write(w, map[string]any{
			"issuer": p.Issuer, "jwks_uri": p.Issuer + "/keys", "authorization_endpoint": p.Issuer + "/auth", "token_endpoint": p.Issuer + "/token",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		})
	case strings.HasSuffix(r.URL.Path, "/keys"):
		p.fetches.Add(1)
		p.mu.Lock()
		var set jose.JSONWebKeySet
		for _, k := range p.keys {
			set.Keys = append(set.Keys, k.Public())
		}
		p.mu.Unlock()
		p.write(w, set)
	default:
		http.NotFound(w, r)
	}
}

func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	answer := p.answer
	p.mu.Unlock()
	if answer == nil {
		answer = p.Well
	}
	answer(w, r)
}

func (p *Provider) write(w http.ResponseWriter, what any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(what); err != nil {
		p.t.Log(err)
	}
}

// Claims are those of a valid token of a person, and what is changed of them; nil
// takes one away.
func (p *Provider) Claims(subject string, changes map[string]any) map[string]any {
	now := time.Now()
	claims := map[string]any{
		"iss": p.Issuer, "aud": []string{"account", Audience}, "sub": subject, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(),
		"preferred_username": "maria",
	}
	for name, value := range changes {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

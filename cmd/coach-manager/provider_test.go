package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/access/oidc/oidctest"
)

// signIn are the flags of a service that trusts a provider.
func signIn(p *oidctest.Provider) []string {
	return []string{
		"--oidc-issuer", p.Issuer, "--oidc-audience", oidctest.Audience, "--oidc-role-claim", "realm_access.roles", "--oidc-role", "coach-leads=manager",
		"--oidc-team-claim", "groups", "--oidc-team", "/teams/billing=Billing Care", "--oidc-team", "/supervision=*",
	}
}

func lead(p *oidctest.Provider, groups ...string) map[string]any {
	return p.Claims("5f6c-maria", map[string]any{"realm_access": map[string]any{"roles": []string{"coach-leads"}}, "groups": groups})
}

func TestPeopleSignIn(t *testing.T) {
	t.Parallel()
	key := oidctest.NewKey(t, "first", "RS256")
	provider := oidctest.Start(t, key)
	p := start(t, nil, append([]string{"serve", "--auth", "tokens", "--log-level", "debug", "--dialer", "sim=simulator://",
		"--database", "sqlite:" + filepath.Join(t.TempDir(), "coach.db"),
	}, signIn(provider)...)...)
	token := key.Sign(lead(provider, "/teams/billing"))
	waitFor(t, "the provider's keys", func() bool { return p.as(token, "/me") == 200 })
	_, body := p.askAs(http.MethodGet, "/api/v1/me", token)
	var me struct {
		Name, Role, Team string
		Permissions      []string
	}
	if err := json.Unmarshal(body, &me); err != nil || me.Name != "maria" || me.Role != "manager" || me.Team != "Billing Care" || len(me.Permissions) != 3 {
		t.Errorf("got %s", body)
	}
	all := key.Sign(lead(provider, "/supervision"))
	if status := p.as(all, "/coaching-users"); status != 200 {
		t.Errorf("got %d", status)
	}
	forged := oidctest.NewKey(t, "first", "RS256").Sign(lead(provider, "/supervision"))
	for what, test := range map[string]struct {
		token string
		want  int
	}{
		"nobody": {"", 401}, "a forger": {forged, 401}, "one of no team": {key.Sign(lead(provider)), 403},
		"one of no role": {key.Sign(provider.Claims("tom", nil)), 403},
	} {
		if status := p.as(test.token, "/coaching-users"); status != test.want {
			t.Errorf("%s: got %d, want %d", what, status, test.want)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
	for _, secret := range []string{token, all, forged} {
		parts := strings.Split(secret, ".")
		if strings.Contains(p.logs(), parts[1]) || strings.Contains(p.logs(), parts[2]) {
			t.Error("the log holds a token")
		}
	}
	if strings.Contains(p.logs(), "5f6c-maria") || strings.Contains(p.logs(), "token create") || !strings.Contains(p.logs(), "its signature is wrong") {
		t.Errorf("it logs\n%s", p.logs())
	}
}

// A provider that is away keeps no service from starting, and nobody with a token of
// ours from going on.
func TestAServiceWhoseProviderIsAway(t *testing.T) {
	t.Parallel()
	key := oidctest.NewKey(t, "first", "RS256")
	provider := oidctest.Start(t, key)
	provider.Down()
	database := "sqlite:" + filepath.Join(t.TempDir(), "coach.db")
	ours := newToken(t, database, "me", "admin")
	p := start(t, nil, append([]string{"serve", "--auth", "tokens", "--dialer", "sim=simulator://", "--database", database}, signIn(provider)...)...)
	if status, body := p.askAs(http.MethodGet, "/api/v1/me", key.Sign(lead(provider))); status != 503 || !strings.Contains(string(body), "identity_provider_unavailable") {
		t.Errorf("got %d %s", status, body)
	}
	if status := p.as(ours, "/me"); status != 200 {
		t.Errorf("got %d", status)
	}
	provider.Hang()
	if code := p.stop(); code != 0 || !strings.Contains(p.logs(), "nobody can sign in with it") {
		t.Errorf("got exit code %d and %s", code, p.logs())
	}
}

func TestTheDoctorLooksAtTheProvider(t *testing.T) {
	t.Parallel()
	provider := oidctest.Start(t, oidctest.NewKey(t, "first", "RS256"), oidctest.NewKey(t, "second", "ES256"))
	down := oidctest.Start(t)
	down.Down()
	moved := oidctest.Start(t)
	moved.Answer(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, provider.Issuer, http.StatusFound) })
	other := oidctest.Start(t)
	other.Answer(provider.Well)
	for name, c := range map[string]struct {
		provider *oidctest.Provider
		code     int
		says     string
	}{
		"all is well":    {provider, 0, "ok    identity provider: " + provider.Issuer + " answers with 2 keys"},
		"no keys":        {oidctest.Start(t), 1, "FAULT identity provider: read the identity provider's keys: none of its 0 keys"},
		"down":           {down, 1, "FAULT identity provider: discover"},
		"redirects":      {moved, 1, "FAULT identity provider: discover the identity provider: 302"},
		"another issuer": {other, 1, "did not match the issuer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, _ := runOnce(t, nil, append(append([]string{"doctor"}, signIn(c.provider)...), "--dialer", "sim=simulator://",
				"--database", "sqlite:"+filepath.Join(t.TempDir(), "coach.db"))...)
			if code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("got exit code %d and\n%swant %q in it", code, out, c.says)
			}
		})
	}
}

package httpapi_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/access/oidc"
	"github.com/coachmanager/coachmanager/internal/access/oidc/oidctest"
)

// signing is a world that asks for tokens and trusts an identity provider.
type signing struct {
	*guarded
	provider *oidctest.Provider
	key      oidctest.Key
	config   oidc.Config
}

// newSigning has a provider with one key. Its keys are fetched by then, unless the
// provider was changed to be without.
func newSigning(t testing.TB, change func(*signing)) *signing {
	t.Helper()
	s := &signing{guarded: newGuarded(t, engines["sqlite"](t), nil), key: oidctest.NewKey(t, "first", "ES256")}
	s.provider = oidctest.Start(t, s.key)
	s.config = oidc.Config{
		Issuer: s.provider.Issuer, Audience: oidctest.Audience, RoleClaim: "realm_access.roles",
		Roles:  map[string]access.Role{"coach-viewers": access.Viewer, "coach-leads": access.Manager, "coach-admins": access.Admin},
		Timing: oidc.Timing{Between: 50 * time.Millisecond, Refresh: 200 * time.Millisecond, Wait: patience, Fetch: patience},
	}
	if change != nil {
		change(s)
	}
	s.trust(s.config)
	return s
}

// trust serves with a provider as it is configured now.
func (s *signing) trust(config oidc.Config) {
	v := oidc.NewVerifier(config, s.floor, s.options.Log)
	s.alongside(v.Run)
	s.options.Provider = v
	s.serve()
}

// claims are those of a valid token of a manager, changed: name, value, name, value.
func (s *signing) claims(changes ...any) map[string]any {
	with := map[string]any{"realm_access": map[string]any{"roles": []string{"offline_access", "coach-leads"}}}
	for i := 0; i < len(changes); i += 2 {
		with[changes[i].(string)] = changes[i+1]
	}
	return s.provider.Claims("5f6c-maria", with)
}

func (s *signing) me(token string) *answer {
	s.t.Helper()
	return s.as(token, "GET", "/me")
}

// in waits until a token is let in, or is not any more.
func (s *signing) in(what, token string, status int) {
	s.t.Helper()
	s.waitFor(what, func() bool { return s.me(token).status == status })
}

func TestPeopleSignInWithEachAlgorithm(t *testing.T) {
	t.Parallel()
	var keys []oidctest.Key
	s := newSigning(t, func(s *signing) {
		for _, algorithm := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
			keys = append(keys, oidctest.NewKey(t, "key-"+algorithm, algorithm))
		}
		s.provider.Have(keys...)
	})
	for _, k := range keys {
		token := k.Sign(s.claims())
		for range 2 { // the second time from memory
			me := decoded[api.Me](s.me(token), 200)
			if me.Name != "maria" || me.Role != "manager" || len(me.Permissions) != 3 || me.Team != nil || me.User != nil {
				t.Errorf("%s: %+v", k.Algorithm, me)
			}
		}
		s.as(token, "DELETE", "/coaching-sessions/"+unknown+"?force=true").problem(403, "forbidden")
	}
	// Tokens of ours go on beside them.
	ours := s.token(access.NewToken{Name: "wallboard", Role: access.Viewer})
	if me := decoded[api.Me](s.me(ours), 200); me.Name != "wallboard" {
		t.Errorf("%+v", me)
	}
}

// All of them are refused in the same words.
func TestWhatIsNoTokenOfTheProvider(t *testing.T) {
	t.Parallel()
	var lured atomic.Int64
	lure := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { lured.Add(1); w.WriteHeader(http.StatusNotFound) }))
	t.Cleanup(lure.Close)
	rsa := oidctest.NewKey(t, "rsa", "RS256")
	s := newSigning(t, func(s *signing) { s.provider.Have(s.key, rsa) })
	now := time.Now()
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	der, err := x509.MarshalPKIXPublicKey(rsa.Private.Public())
	s.must(err)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	jwk, err := rsa.Public().MarshalJSON()
	s.must(err)
	good := s.key.Sign(s.claims())
	parts := strings.Split(good, ".")
	other := strings.Split(s.key.Sign(s.claims("sub", "somebody-else")), ".")
	forger := oidctest.NewKey(t, "first", "ES256") // has the id of the provider's
	stranger := oidctest.NewKey(t, "elsewhere", "ES256")
	own := jose.JSONWebKey{Key: stranger.Private.Public(), KeyID: "elsewhere", Algorithm: "ES256"}
	none := map[string]any{"alg": "none", "typ": "JWT"}
	signed := func(changes ...any) string { return s.key.Sign(s.claims(changes...)) }
	withHeader := func(header map[string]any) string { return stranger.SignWith(header, s.claims()) }

	cases := map[string]string{
		"forged":                            forger.Sign(s.claims()),
		"of a key nobody knows":             stranger.Sign(s.claims()),
		"of another key than it names":      s.key.As("rsa", "ES256").Sign(s.claims()),
		"claims of another token":           parts[0] + "." + other[1] + "." + parts[2],
		"signature of another token":        parts[0] + "." + parts[1] + "." + other[2],
		"no signature":                      parts[0] + "." + parts[1] + ".",
		"half a signature":                  parts[0] + "." + parts[1] + "." + parts[2][:40],
		"alg none":                          oidctest.Unsigned(t, none, s.claims(), ""),
		"alg none, signed":                  oidctest.Unsigned(t, none, s.claims(), parts[2]),
		"alg None":                          oidctest.Unsigned(t, map[string]any{"alg": "None"}, s.claims(), ""),
		"alg none, with a known key":        oidctest.Unsigned(t, map[string]any{"alg": "none", "kid": "first"}, s.claims(), ""),
		"no alg":                            oidctest.Unsigned(t, map[string]any{"kid": "first"}, s.claims(), parts[2]),
		"HS256 with the public key, PEM":    oidctest.SignBySecret(t, "rsa", public, s.claims()),
		"HS256 with the public key, DER":    oidctest.SignBySecret(t, "rsa", der, s.claims()),
		"HS256 with the public key, JWK":    oidctest.SignBySecret(t, "rsa", jwk, s.claims()),
		"another algorithm than the key's":  rsa.As("rsa", "PS256").Sign(s.claims()),
		"its key in the header":             withHeader(map[string]any{"jwk": own}),
		"its key in the header, no kid":     stranger.As("", "ES256").SignWith(map[string]any{"jwk": own}, s.claims()),
		"its keys elsewhere":                withHeader(map[string]any{"jku": lure.URL + "/keys"}),
		"its certificate elsewhere":         withHeader(map[string]any{"x5u": lure.URL + "/cert"}),
		"a known key, and keys elsewhere":   forger.SignWith(map[string]any{"jku": lure.URL + "/keys", "x5u": lure.URL}, s.claims()),
		"critical, and nobody knows what":   s.key.SignWith(map[string]any{"crit": []string{"exp2"}, "exp2": 1}, s.claims()),
		"expired":                           signed("exp", at(-2*time.Minute)),
		"never expires":                     signed("exp", nil),
		"expires in words":                  signed("exp", "tomorrow"),
		"not valid yet":                     signed("nbf", at(2*time.Minute)),
		"issued tomorrow":                   signed("iat", at(24*time.Hour)),
		"of another issuer":                 signed("iss", "https://login.example/realms/desk"),
		"of an issuer below it":             signed("iss", s.provider.Issuer+"/more"),
		"of the issuer with a stroke":       signed("iss", s.provider.Issuer+"/"),
		"of no issuer":                      signed("iss", nil),
		"for another audience":              signed("aud", "another-service"),
		"for an audience that begins alike": signed("aud", []string{oidctest.Audience + "-test", "COACH-MANAGER"}),
		"for nobody":                        signed("aud", nil),
		"for an empty list":                 signed("aud", []string{}),
		"of no subject":                     signed("sub", nil),
		"of a subject with a line in it":    signed("sub", "a\nb"),
		"of a subject too long":             signed("sub", strings.Repeat("x", 256)),
		"two issuers, to some eyes":         signed("iss", "https://login.example", "iſs", s.provider.Issuer),
		"for logging out":                   s.key.SignWith(map[string]any{"typ": "logout+jwt"}, s.claims()),
		"too long":                          signed("padding", strings.Repeat("x", 16<<10)),
		"no JSON":                           parts[0] + ".eHh4." + parts[2],
		"three empty parts":                 "..",
		"four parts":                        good + ".x",
		"two parts":                         parts[0] + "." + parts[1],
		"in another alphabet":               strings.ReplaceAll(good, ".", ".+"),
		"with a line's end in it":           parts[0] + "%0A." + parts[1] + "." + parts[2],
		"after a prefix of ours":            "cm_" + good,
	}
	if me := decoded[api.Me](s.me(good), 200); me.Name != "maria" {
		t.Fatalf("%+v", me)
	}
	for name, token := range cases {
		// Of a key that is looked for right now it is not known at once.
		var a *answer
		s.waitFor("an answer", func() bool { a = s.me(token); return a.status != 503 })
		p := a.problem(401, "unauthorized")
		if p.Detail != "This needs a valid token: send it as Authorization: Bearer ..." || a.header.Get("WWW-Authenticate") != `Bearer realm="Coach Manager", error="invalid_token"` {
			t.Errorf("%s: %+v, %v", name, p, a.header)
		}
	}
	for name, headers := range map[string][]string{
		"two of them":          {"Bearer " + good, "Bearer " + good},
		"one of ours beside":   {"Bearer " + s.token(access.NewToken{Name: "me", Role: access.Admin}), "Bearer " + good},
		"two in one":           {"Bearer " + good + ", Bearer " + good},
		"another scheme":       {"DPoP " + good},
		"without a scheme":     {good},
		"its parts with space": {"Bearer " + strings.ReplaceAll(good, ".", ". ")},
	} {
		var given []string
		for _, h := range headers {
			given = append(given, "Authorization", h)
		}
		if a := s.as("", "GET", "/me", given...); a.status != 401 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	s.as("", "GET", "/me?access_token="+good).problem(401, "unauthorized")
	if n := lured.Load(); n != 0 {
		t.Errorf("keys were looked for elsewhere %d times", n)
	}
	for _, secret := range []string{parts[1], parts[2], "5f6c-maria", "somebody-else", "another-service", "login.example"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q of a token", secret)
		}
	}
	for _, why := range []string{"its signature is wrong", "its key is unknown", "it has expired", "from the future", "another issuer", "another audience", "of an algorithm", "too long"} {
		if !strings.Contains(s.log.String(), why) {
			t.Errorf("the log does not say %q", why)
		}
	}
}

// What is within a minute is a difference of clocks.
func TestClocksMayDifferByAMinute(t *testing.T) {
	t.Parallel()
	s := newSigning(t, nil)
	soon, before := time.Now().Add(30*time.Second).Unix(), time.Now().Add(-30*time.Second).Unix()
	for name, token := range map[string]string{
		"nbf": s.key.Sign(s.claims("nbf", soon)), "iat": s.key.Sign(s.claims("iat", soon)), "exp": s.key.Sign(s.claims("exp", before)),
		"no iat": s.key.Sign(s.claims("iat", nil)), "a part of a second": s.key.Sign(s.claims("exp", float64(soon)+0.5)),
	} {
		if a := s.me(token); a.status != 200 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// Without a provider nobody signs in, and it is said in the same words.
func TestWithoutAProviderAJWTIsJustWrong(t *testing.T) {
	t.Parallel()
	s := newSigning(t, nil)
	token := s.key.Sign(s.claims())
	s.options.Provider = nil
	s.serve()
	s.me(token).problem(401, "unauthorized")
}

// Guessing is slowed by address, and people by themselves, whatever tokens they have.
func TestPeopleAndForgersAreSlowed(t *testing.T) {
	t.Parallel()
	s := newSigning(t, func(s *signing) { s.options.TokenRate = 1 })
	forger := oidctest.NewKey(t, "first", "ES256")
	s.waitFor("the forger to be slowed", func() bool {
		return s.request("GET", "/api/v1/me", "Authorization", "Bearer "+forger.Sign(s.claims()), "X-Forwarded-For", "203.0.113.7").status == 429
	})
	s.waitFor("a person to be slowed", func() bool { return s.me(s.key.Sign(s.claims())).status == 429 })
	if a := s.me(s.key.Sign(s.claims("sub", "another"))); a.status != 200 {
		t.Errorf("another person: %d", a.status)
	}
	nobody := func() string { return s.key.Sign(s.claims("sub", "nobody", "realm_access", nil)) }
	s.waitFor("one without a role to be slowed", func() bool { return s.me(nobody()).status == 429 })
}

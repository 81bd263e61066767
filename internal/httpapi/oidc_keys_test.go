package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/access/oidc"
	"github.com/coachmanager/coachmanager/internal/access/oidc/oidctest"
)

// rarely is a provider that is asked only when there is a reason.
func rarely(s *signing) { s.config.Timing.Refresh = time.Hour }

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	s := newSigning(t, rarely)
	second := oidctest.NewKey(t, "second", "RS256")
	old, fresh := s.key.Sign(s.claims()), second.Sign(s.claims())
	s.in("the first key", old, 200)
	s.in("a key that the provider has not got", fresh, 401)

	s.provider.Have(s.key, second)
	s.in("the second key", fresh, 200) // asked for by its first token
	if a := s.me(old); a.status != 200 {
		t.Errorf("the first key, beside the second: %d", a.status)
	}
	s.provider.Have(second)
	third := oidctest.NewKey(t, "third", "ES256")
	s.waitFor("the first key to be gone", func() bool {
		s.me(third.Sign(s.claims())) // has the keys fetched
		return s.me(old).status == 401
	})
	if a := s.me(fresh); a.status != 200 {
		t.Errorf("the second key, alone: %d", a.status)
	}
}

// A key that is withdrawn ends what it signed, though nobody asks for another.
func TestAKeyThatIsWithdrawnEndsItsTokens(t *testing.T) {
	t.Parallel()
	s := newSigning(t, nil)
	second := oidctest.NewKey(t, "second", "ES256")
	token := s.key.Sign(s.claims())
	s.in("the token", token, 200)
	s.provider.Have(second)
	s.in("its end", token, 401)
	// Another key under the same id is another key.
	s.provider.Have(second.As("first", "ES256"))
	s.in("the other key", second.As("first", "ES256").Sign(s.claims()), 200)
	s.me(token).problem(401, "unauthorized")
}

// Tokens without a kid are tried with each key that fits; keys without one serve too.
func TestKeysWithoutAnID(t *testing.T) {
	t.Parallel()
	nameless := oidctest.NewKey(t, "", "ES256")
	s := newSigning(t, func(s *signing) { s.provider.Have(oidctest.NewKey(t, "x", "ES256"), s.key, nameless) })
	s.in("a token without an id", s.key.As("", "ES256").Sign(s.claims()), 200)
	s.in("a key without an id", nameless.Sign(s.claims()), 200)
	s.me(nameless.As("first", "ES256").Sign(s.claims())).problem(401, "unauthorized")
}

// Whoever forges tokens of keys that nobody has does not make those of a new key
// wrong: it is not known yet, and is tried again.
func TestForgedTokensDoNotRefuseANewKey(t *testing.T) {
	t.Parallel()
	s := newSigning(t, func(s *signing) { rarely(s); s.config.Timing.Between = 2 * time.Second })
	second := oidctest.NewKey(t, "second", "ES256")
	forge := func(id string) *answer { return s.me(second.As(id, "ES256").Sign(s.claims())) }
	s.waitFor("a fetch for a forged token", func() bool { return forge("made-up").status == 401 })
	s.provider.Have(s.key, second)
	fresh := second.Sign(s.claims())
	s.waitFor("the new key", func() bool {
		a := s.me(fresh)
		if a.status == 401 {
			t.Error("it is refused for good")
			return true
		}
		return a.status == 200
	})
}

// The library by itself asks for the keys again for nearly every forged token.
func TestForgedTokensCauseNoStormAtTheProvider(t *testing.T) {
	t.Parallel()
	s := newSigning(t, func(s *signing) { s.config.Timing = oidc.Timing{} })
	s.in("a token", s.key.Sign(s.claims()), 200)
	before, begun := s.provider.Fetches(), time.Now()
	stranger, forger := oidctest.NewKey(t, "x", "ES256"), oidctest.NewKey(t, "first", "ES256")
	var forging sync.WaitGroup
	for worker := range 4 {
		forging.Go(func() {
			for i := range 50 {
				token := forger.Sign(s.claims())
				if i%2 == 0 {
					token = stranger.As("made-up-"+string(rune('a'+worker))+strings.Repeat("x", i), "ES256").Sign(s.claims())
				}
				if a := s.me(token); a.status != 401 && (i%2 == 1 || a.status != 503) {
					t.Errorf("forged token %d: %d", i, a.status)
				}
			}
		})
	}
	forging.Wait()
	most := 2 + int(time.Since(begun)/(10*time.Second)) // a busy machine may take longer than the rest between two
	if n := s.provider.Fetches() - before; n > most {
		t.Errorf("200 forged tokens caused %d fetches", n)
	}
	s.in("a token, all the same", s.key.Sign(s.claims("sub", "another")), 200)
}

// A provider that is away keeps nobody's token of ours from going on, and its own
// from being told that it is not known.
func TestAProviderThatIsDownAtFirst(t *testing.T) {
	t.Parallel()
	s := newSigning(t, func(s *signing) { s.provider.Down() })
	token := s.key.Sign(s.claims())
	for _, path := range []string{"/me", "/dialers", "/coaching-users/" + unknown + "/history"} {
		a := s.as(token, "GET", path)
		if p := a.problem(503, "identity_provider_unavailable"); a.header.Get("Retry-After") == "" || strings.Contains(p.Detail, s.provider.Issuer) {
			t.Errorf("%s: %+v %v", path, p, a.header)
		}
	}
	s.as(token, "DELETE", "/coaching-sessions/"+unknown).problem(503, "identity_provider_unavailable")
	if a := s.me(s.token(access.NewToken{Name: "me", Role: access.Admin})); a.status != 200 {
		t.Errorf("a token of ours: %d", a.status)
	}
	s.me("three.part.text").problem(503, "identity_provider_unavailable")
	s.me("no token at all").problem(401, "unauthorized")
	s.provider.Answer(nil)
	s.in("the provider", token, 200)
}

// Who is known is answered at once while a fetch hangs; who is not is told so soon.
func TestAProviderThatHangs(t *testing.T) {
	t.Parallel()
	s := newSigning(t, func(s *signing) {
		rarely(s)
		s.config.Timing.Wait, s.config.Timing.Fetch = 100*time.Millisecond, time.Hour
	})
	token := s.key.Sign(s.claims())
	s.in("the token", token, 200)
	s.provider.Hang()
	stranger := oidctest.NewKey(t, "x", "ES256")
	s.waitFor("a fetch to hang", func() bool { return s.me(stranger.Sign(s.claims())).status == 503 })
	var asking sync.WaitGroup
	for range 50 {
		asking.Go(func() { s.me(stranger.Sign(s.claims())).problem(503, "identity_provider_unavailable") })
	}
	for range 20 {
		if a := s.me(token); a.status != 200 {
			t.Errorf("a known token: %d", a.status)
		}
		if a := s.me(s.key.Sign(s.claims())); a.status != 200 {
			t.Errorf("a new token of a known key: %d", a.status)
		}
	}
	asking.Wait()
}

// Known keys are trusted for a time, and no longer; then they are had again.
func TestKnownKeysWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	s := newSigning(t, func(s *signing) { s.config.Timing.Trust = 5 * time.Second })
	token := s.key.Sign(s.claims())
	s.in("the token", token, 200)
	s.provider.Down()
	s.waitFor("it to be noticed", func() bool { return strings.Contains(s.log.String(), "go on to be trusted") })
	for _, known := range []string{token, s.key.Sign(s.claims())} {
		if a := s.me(known); a.status != 200 {
			t.Errorf("within the time: %d", a.status)
		}
	}
	s.in("the trust to end", token, 503)
	s.provider.Answer(nil)
	s.in("the trust to be back", token, 200)
}

// What a provider answers wrongly withdraws no key, and leads nowhere.
func TestAProviderThatAnswersNonsense(t *testing.T) {
	t.Parallel()
	var lured atomic.Int64
	lure := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { lured.Add(1) }))
	t.Cleanup(lure.Close)
	s := newSigning(t, nil)
	token := s.key.Sign(s.claims())
	s.in("the token", token, 200)
	keys := func(answer http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/keys") {
				answer(w, r)
			} else {
				s.provider.Well(w, r)
			}
		}
	}
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	discovers := func(changes map[string]string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			document := map[string]string{"issuer": s.provider.Issuer, "jwks_uri": s.provider.Issuer + "/keys"}
			for name, value := range changes {
				document[name] = value
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(document)
		}
	}
	forger := oidctest.NewKey(t, "forged", "ES256")
	forged, err := forger.Public().MarshalJSON()
	s.must(err)
	for name, answer := range map[string]http.HandlerFunc{
		"garbage":              says("\x00\xff{{{"),
		"a page":               says("<html>" + strings.Repeat("sorry ", 1000)),
		"nothing":              says(""),
		"no keys":              keys(says(`{}`)),
		"an empty set":         keys(says(`{"keys":[]}`)),
		"a secret key":         keys(says(`{"keys":[{"kty":"oct","kid":"first","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}`)),
		"keys for encryption":  keys(says(`{"keys":[` + strings.Replace(string(forged), `"sig"`, `"enc"`, 1) + `]}`)),
		"a list":               keys(says(`[1,2]`)),
		"a million brackets":   keys(says(strings.Repeat("[", 1_000_000))),
		"without an end":       keys(func(w http.ResponseWriter, _ *http.Request) { endless(w, `{"keys":[`+string(forged)+`],"x":"`) }),
		"a discovery unending": func(w http.ResponseWriter, _ *http.Request) { endless(w, `{"issuer":"`) },
		"500": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "mind the gap", http.StatusInternalServerError)
		},
		"keys, as 500": keys(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			says(`{"keys":[`+string(forged)+`]}`)(w, nil)
		}),
		"a way elsewhere": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, lure.URL, http.StatusFound) },
		"keys elsewhere": keys(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, lure.URL, http.StatusTemporaryRedirect)
		}),
		"another issuer":       discovers(map[string]string{"issuer": s.provider.Issuer + "/"}),
		"no issuer":            discovers(map[string]string{"issuer": ""}),
		"keys of no place":     discovers(map[string]string{"jwks_uri": ""}),
		"keys over plain http": discovers(map[string]string{"jwks_uri": "http://login.example/keys"}),
		"keys of a file":       discovers(map[string]string{"jwks_uri": "file:///etc/keys"}),
		"keys with a password": discovers(map[string]string{"jwks_uri": strings.Replace(s.provider.Issuer, "//", "//me:hunter2@", 1) + "/keys"}),
		"a header without end": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) },
		"cut off in the middle": keys(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			says(`{"keys":`)(w, nil)
		}),
	} {
		seen := strings.Count(s.log.String(), "go on to be trusted")
		s.provider.Answer(answer)
		s.waitFor(name+" to be refused", func() bool { return strings.Count(s.log.String(), "go on to be trusted") > seen+1 })
		if a := s.me(token); a.status != 200 {
			t.Errorf("%s: a known key: %d", name, a.status)
		}
		if a := s.me(forger.Sign(s.claims())); a.status == 200 {
			t.Errorf("%s: its key is trusted", name)
		}
	}
	if n := lured.Load(); n != 0 {
		t.Errorf("it was followed elsewhere %d times", n)
	}
	for _, line := range strings.Split(s.log.String(), "\n") {
		if len(line) > 1000 || strings.Contains(line, "hunter2") {
			t.Errorf("the log has a line of %d characters: %.200s", len(line), line)
		}
	}
}

// endless writes until nobody reads any more.
func endless(w http.ResponseWriter, text string) {
	for {
		if _, err := w.Write([]byte(text)); err != nil {
			return
		}
		text = strings.Repeat("x", 1<<16)
	}
}

// A set may hold what is of no use here beside what is.
func TestAMixedSetOfKeys(t *testing.T) {
	t.Parallel()
	s := newSigning(t, nil)
	good, err := s.key.Public().MarshalJSON()
	s.must(err)
	s.provider.Answer(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/keys") {
			s.provider.Well(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"keys":[{"kty":"AKP","alg":"ML-DSA-44","pub":"x"},{"kty":"RSA","n":"AQAB","e":"AQAB"},7,{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},` + string(good) + `]}`))
	})
	s.trust(s.config)
	s.in("the good one", s.key.Sign(s.claims()), 200)
}

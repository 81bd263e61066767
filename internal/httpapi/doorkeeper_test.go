package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/httpapi"
)

// A token is shown in one way only, and nothing that looks like it gets in.
func TestTokensAreShownInOneWay(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), nil)
	token := g.token(access.NewToken{Name: "me", Role: access.Admin})
	for name, test := range map[string]struct {
		headers []string
		in      bool
	}{
		"as it should be":         {[]string{"Bearer " + token}, true},
		"the scheme in capitals":  {[]string{"BEARER " + token}, true},
		"spaces around":           {[]string{"bearer   " + token + "  "}, true},
		"two, the same":           {[]string{"Bearer " + token, "Bearer " + token}, false},
		"two, one of them wrong":  {[]string{"Bearer " + token, "Bearer " + access.NewSecret()}, false},
		"two in one":              {[]string{"Bearer " + token + ", Bearer " + token}, false},
		"an empty one before it":  {[]string{"", "Bearer " + token}, false},
		"without a scheme":        {[]string{token}, false},
		"another scheme":          {[]string{"Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+token))}, false},
		"a scheme of ours":        {[]string{"Token " + token}, false},
		"a tab for a space":       {[]string{"Bearer\t" + token}, false},
		"nothing after it":        {[]string{"Bearer"}, false},
		"nothing at all":          {[]string{""}, false},
		"in capitals":             {[]string{"Bearer " + strings.ToUpper(token)}, false},
		"one letter less":         {[]string{"Bearer " + token[:len(token)-1]}, false},
		"one letter more":         {[]string{"Bearer " + token + "a"}, false},
		"another last letter":     {[]string{"Bearer " + token[:len(token)-1] + otherLetter(token)}, false},
		"a right beginning":       {[]string{"Bearer " + token[:30] + access.NewSecret()[30:]}, false},
		"without its prefix":      {[]string{"Bearer " + strings.TrimPrefix(token, "cm_")}, false},
		"a word":                  {[]string{"Bearer admin"}, false},
		"in quotes":               {[]string{`Bearer "` + token + `"`}, false},
		"letters of no alphabet":  {[]string{"Bearer cm_" + strings.Repeat("\xff", 58)}, false},
		"as long as headers may":  {[]string{"Bearer " + strings.Repeat("cm_", 20_000)}, false},
		"the name of the token":   {[]string{"Bearer me"}, false},
		"a parameter beside it":   {[]string{"Bearer " + token + " realm=x"}, false},
		"the scheme said twice":   {[]string{"Bearer Bearer " + token}, false},
		"what stands in the base": {[]string{"Bearer " + g.inTheBase()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			for _, value := range test.headers {
				headers = append(headers, "Authorization", value)
			}
			a := g.as("", "GET", "/me", headers...)
			if (a.status == 200) != test.in || !test.in && a.status != 401 {
				t.Errorf("%d: %s", a.status, a.body)
			}
			if strings.Contains(string(a.body), token[3:20]) {
				t.Errorf("the answer repeats the token: %s", a.body)
			}
		})
	}
	for _, path := range []string{"/me?access_token=", "/me?token=", "/coaching-users?q="} {
		g.as("", "GET", path+token).problem(401, "unauthorized")
	}
	g.as("", "GET", "/me", "Cookie", "token="+token).problem(401, "unauthorized")
	if strings.Contains(g.log.String(), token[3:20]) {
		t.Error("the log holds a token")
	}
}

func otherLetter(token string) string {
	if strings.HasSuffix(token, "a") {
		return "b"
	}
	return "a"
}

// inTheBase is what the database has of a token, as a text.
func (g *guarded) inTheBase() string {
	tokens, _, err := g.db.Tokens(g.t.Context())
	g.must(err)
	return "cm_" + base64.RawURLEncoding.EncodeToString(tokens[0].Hash[:])
}

// What is no operation needs no token, and tells nothing.
func TestWhatIsOpenWithoutAToken(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), nil)
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/openapi.yaml": 200, "/docs": 200, "/docs/swagger-ui.css": 200, "/nothing": 404, "/api/v1/nothing": 404,
		"/api/v1/": 404, "/api/v1/coaching-users/": 404, "//api/v1/dialers": 404, "/API/V1/dialers": 404, "/api/v1/dialers/": 404, "/api/v1/%64ialers": 404,
	} {
		if a := g.request("GET", path); a.status != want {
			t.Errorf("%s: %d, want %d: %s", path, a.status, want, a.body)
		}
	}
	for _, method := range []string{"HEAD", "POST", "OPTIONS"} {
		if a := g.request(method, "/api/v1/dialers"); a.status == 200 || len(a.body) > 0 && method == "HEAD" {
			t.Errorf("%s: %d %s", method, a.status, a.body)
		}
	}
}

// A route that the contract does not have lets nobody in, whoever added it.
func TestARouteOutsideTheContractIsNone(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), nil)
	admin := g.token(access.NewToken{Name: "admin", Role: access.Admin})
	for _, path := range []string{"/api/v1/debug", "/debug"} {
		httpapi.AddRoute(g.handler, path)
		for _, token := range []string{"", admin} {
			if a := g.request("GET", path, "Authorization", "Bearer "+token); a.status != 404 || strings.Contains(string(a.body), "let in") {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	}
}

// Numbers are nowhere in what those get who may not see them.
func TestMaskedNumbersLeakNowhere(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), nil)
	_, s := g.listen(supervisor, agent, coaching.TypeCoach)
	g.talk(agent, s)
	g.over(supervisor, agent, coaching.TypeMonitor)
	g.over(supervisor, agent, coaching.TypeMonitor)
	viewer := g.token(access.NewToken{Name: "viewer", Role: access.Viewer})
	manager := g.token(access.NewToken{Name: "manager", Role: access.Manager})
	digits, user := strings.TrimPrefix(number, "+"), "/coaching-users/"+s.User.ID.String()
	_, ended := g.listen(otherSupervisor, otherAgent, coaching.TypeMonitor)
	decoded[api.Session](g.as(manager, "DELETE", "/coaching-sessions/"+ended.ID.String()+"?reason=customer%20%2B"+digits+"%20asked"), 200)
	masked := 0
	for _, path := range []string{
		"/coaching-users", "/coaching-users?q=" + digits[3:], user, user + "/current-calls", user + "/history?limit=1", "/coaching-sessions?limit=1",
		"/coaching-sessions?state=live", "/coaching-sessions/" + s.ID.String(), "/coaching-sessions/" + ended.ID.String(), "/dialers", "/me",
	} {
		a := g.as(viewer, "GET", path)
		for name, values := range a.header {
			a.body = append(a.body, name+strings.Join(values, "")...)
		}
		text := string(a.body)
		for _, cursor := range regexp.MustCompile(`"next_cursor":"([^"]*)"`).FindAllStringSubmatch(text, -1) {
			raw, err := base64.RawURLEncoding.DecodeString(cursor[1])
			g.must(err)
			text += string(raw)
		}
		if strings.Contains(text, digits[1:]) || strings.Contains(text, digits[len(digits)-4:]) {
			t.Errorf("%s: %s", path, text)
		}
		masked += strings.Count(text, `"phone_number":"*****32"`)
		if text := string(g.as(manager, "GET", path).body); strings.Contains(text, "*") {
			t.Errorf("%s, for a manager: %s", path, text)
		}
	}
	if masked < 5 {
		t.Errorf("%d numbers were shown masked", masked)
	}
	if r := decoded[api.Session](g.as(viewer, "GET", "/coaching-sessions/"+ended.ID.String()), 200).DisconnectRequests; len(r) != 1 || *r[0].Reason != "customer *****32 asked" {
		t.Errorf("the reason is shown as %+v", r)
	}
	// Whether a number is known is not told either, nor whether it is well formed.
	for _, given := range []string{"%2B" + digits, "%2B15550000000", "1"} {
		a := g.as(viewer, "GET", "/coaching-sessions?phone_number="+given)
		if p := a.problem(403, "forbidden"); strings.Contains(p.Detail, given) {
			t.Errorf("%s: %+v", given, p)
		}
	}
	if page := decoded[api.HistoryPage](g.as(manager, "GET", "/coaching-sessions?phone_number=%2B"+digits), 200); len(page.Items) == 0 {
		t.Error("a manager does not find the number")
	}
	if strings.Contains(g.log.String(), digits) {
		t.Error("the log holds a number")
	}
}

// Guessing is slowed by address, and holds up nobody who has a token.
func TestGuessing(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), nil)
	token := g.token(access.NewToken{Name: "me", Role: access.Viewer})
	ask := func(token, forwarded string) *answer {
		return g.request("GET", "/api/v1/me", "Authorization", "Bearer "+token, "X-Forwarded-For", forwarded)
	}
	guess := func(forwarded string) int { return ask(access.NewSecret(), forwarded).status }
	const guesser = "203.0.113.7"
	for range 20 {
		if status := guess("9.9.9.9, " + guesser); status != 401 { // what it writes itself counts for nothing
			t.Fatalf("answered %d", status)
		}
	}
	g.waitFor("the guesser to be slowed", func() bool { return guess("8.8.8.8, "+guesser) == 429 })
	if a := ask(access.NewSecret(), guesser); a.status == 429 {
		if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 1 {
			t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
		}
	}
	for _, other := range []string{"203.0.113.8", guesser + ", 198.51.100.1", "2001:db8::1", ""} {
		if status := guess(other); status != 401 {
			t.Errorf("%q: answered %d", other, status)
		}
	}
	if a := ask(token, guesser); a.status != 200 {
		t.Errorf("a valid token of the same address: %d", a.status)
	}
	// A network of IPv6 is one guesser.
	g.waitFor("a network to be slowed", func() bool {
		g.callers.Add(1)
		return guess("2001:db8:1:1::"+strconv.FormatInt(g.callers.Load(), 16)) == 429
	})
}

// Nobody is believed on where a request comes from but those who are trusted.
func TestForwardedAddressesOfStrangersCountForNothing(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), func(o *httpapi.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	g.waitFor("it to be slowed", func() bool {
		n := strconv.FormatInt(g.callers.Add(1)%200, 10)
		return g.request("GET", "/api/v1/me", "Authorization", "Bearer x", "X-Forwarded-For", "203.0.113."+n).status == 429
	})
}

// Proxies that are trusted write addresses with and without a port.
func TestForwardedAddressesWithPortsAreOneCaller(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), nil)
	g.waitFor("it to be slowed", func() bool {
		n := strconv.FormatInt(1024+g.callers.Add(1), 10)
		return g.request("GET", "/api/v1/me", "Authorization", "Bearer x", "X-Forwarded-For", "203.0.113.9:"+n).status == 429
	})
	if a := g.request("GET", "/api/v1/me", "Authorization", "Bearer x", "X-Forwarded-For", "203.0.113.9"); a.status != 429 {
		t.Errorf("without a port: %d", a.status)
	}
	if a := g.request("GET", "/api/v1/me", "Authorization", "Bearer x", "X-Forwarded-For", "203.0.113.10:1"); a.status != 401 {
		t.Errorf("somebody else: %d", a.status)
	}
}

// A token works from the moment it is made, though the guard has not heard of it.
func TestATokenWorksAtOnce(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), nil)
	deaf := access.NewGuard(g.db, g.floor, time.Hour, g.options.Log)
	g.must(deaf.Open(t.Context()))
	text := access.NewSecret()
	hash, _ := access.HashOf(text)
	_, err := g.db.CreateToken(t.Context(), access.NewToken{Name: "me", Role: access.Viewer, Hash: hash})
	g.must(err)
	g.waitFor("the token", func() bool { _, err := deaf.Authenticate(t.Context(), text); return err == nil })
}

// Tokens that cannot be judged are slowed like wrong ones, and the audit counts them.
func TestGuessesWhileTheProviderIsDownAreSlowed(t *testing.T) {
	t.Parallel()
	s := newSigning(t, func(s *signing) { s.provider.Down() })
	s.options.TokenRate = 10_000
	s.serve()
	admin := s.token(access.NewToken{Name: "admin", Role: access.Admin})
	guess := func() int {
		return s.request("GET", "/api/v1/me", "Authorization", "Bearer a.b.c", "X-Forwarded-For", "203.0.113.77").status
	}
	s.waitFor("the guesser to be slowed", func() bool { return guess() == 429 })
	s.waitFor("the audit to tell", func() bool {
		for _, e := range s.audited(admin, "&action=request.refused") {
			if e.Result == "identity_provider_unavailable" {
				return true
			}
		}
		return false
	})
}

// Known tokens are trusted for a while when the database is away, and no longer.
func TestTokensWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), nil)
	token := g.token(access.NewToken{Name: "me", Role: access.Admin})
	careful := access.NewGuard(g.db, g.floor, 500*time.Millisecond, g.options.Log)
	g.must(careful.Open(t.Context()))
	g.alongside(careful.Run)
	g.store.Away.Store(true)
	g.until("it is away", func(*coaching.Live) bool { return g.floor.DatabaseAnswers(t.Context()) != nil })
	if a := g.as(token, "GET", "/coaching-users"); a.status != 200 {
		t.Errorf("answered %d", a.status)
	}
	g.as(access.NewSecret(), "GET", "/coaching-users").problem(401, "unauthorized")

	g.options.Guard = careful
	g.serve()
	g.waitFor("the trust to end", func() bool { return g.as(token, "GET", "/coaching-users").status == 503 })
	if a := g.as(token, "GET", "/coaching-users"); a.problem(503, "database_unavailable").Detail == "" || a.header.Get("Retry-After") == "" {
		t.Errorf("%+v", a.header)
	}
	for path, item := range contract().Paths.Map() {
		for method := range item.Operations() {
			g.as(token, method, strings.NewReplacer("{user_id}", uuid.NewString(), "{session_id}", uuid.NewString()).Replace(path)).problem(503, "database_unavailable")
		}
	}
	g.store.Away.Store(false)
	g.waitFor("the trust to be back", func() bool { return g.as(token, "GET", "/coaching-users").status == 200 })
}

func TestOtherSitesPagesNeedToBeNamed(t *testing.T) {
	t.Parallel()
	const desk = "https://desk.example"
	g := newGuarded(t, engines["sqlite"](t), func(o *httpapi.Options) { o.Origins = []string{desk, "http://localhost:3000"} })
	token := g.token(access.NewToken{Name: "me", Role: access.Admin})
	a := g.as(token, "GET", "/coaching-users", "Origin", desk)
	if a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != desk || a.header.Get("Access-Control-Allow-Credentials") != "" ||
		a.header.Get("Access-Control-Expose-Headers") != "ETag, Date, Retry-After, X-Request-Id, Coach-Revision, Coach-As-Of" ||
		!strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Origin") {
		t.Errorf("%d %v", a.status, a.header)
	}
	// A page reads why it was refused, too.
	if a := g.as("", "GET", "/coaching-users", "Origin", desk); a.header.Get("Access-Control-Allow-Origin") != desk {
		t.Errorf("%d %v", a.status, a.header)
	}
	preflight := g.request("OPTIONS", "/api/v1/coaching-users", "Origin", desk, "Access-Control-Request-Method", "DELETE", "Access-Control-Request-Headers", "authorization")
	if preflight.status != 204 || !strings.Contains(preflight.header.Get("Access-Control-Allow-Methods"), "DELETE") ||
		!strings.Contains(preflight.header.Get("Access-Control-Allow-Headers"), "Authorization, If-Match") {
		t.Errorf("%d %v", preflight.status, preflight.header)
	}
	for _, origin := range []string{"https://desk.example.evil", "https://DESK.example", "http://desk.example", "https://desk.example:8443", "null", "", desk + "/", "*"} {
		for _, a := range []*answer{
			g.as(token, "GET", "/coaching-users", "Origin", origin),
			g.request("OPTIONS", "/api/v1/coaching-users", "Origin", origin, "Access-Control-Request-Method", "GET"),
		} {
			for name := range a.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%q: %s", origin, name)
				}
			}
		}
	}
	if a := g.as(token, "GET", "/me", "Origin", desk, "Origin", "https://evil.example"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("two origins: %v", a.header)
	}
}

// A service that asks for tokens has names of its own, and says how it was reached.
func TestWithTokensAnyHostIsAnswered(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), func(o *httpapi.Options) { o.TLS = true })
	token := g.token(access.NewToken{Name: "me", Role: access.Viewer})
	status, header, body := raw(t, strings.TrimPrefix(g.url, "http://"),
		"GET /api/v1/me HTTP/1.1\r\nHost: coach.example\r\nOrigin: https://coach.example\r\nAuthorization: Bearer "+token+"\r\nConnection: close\r\n\r\n")
	if status != http.StatusOK || header.Get("Strict-Transport-Security") == "" || header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v %s", status, header, body)
	}
}

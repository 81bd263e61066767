package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

func TestOnlyThisMachineIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	for name, test := range map[string]struct {
		host    string
		headers []string
		refused bool
	}{
		"localhost": {host: "localhost:8080"}, "in capitals": {host: "LOCALHOST"}, "below localhost": {host: "coach.localhost:1"},
		"127.0.0.1": {host: "127.0.0.1:8080"}, "127.9.8.7": {host: "127.9.8.7"}, "IPv6": {host: "[::1]:8080"}, "IPv6 without a port": {host: "[::1]"},
		"IPv4 in IPv6": {host: "[::ffff:127.0.0.1]:80"}, "a port left empty": {host: "localhost:"},
		"another name": {host: "evil.example:8080", refused: true}, "localhost below another": {host: "localhost.evil.example", refused: true},
		"like localhost": {host: "notlocalhost", refused: true}, "an address of the network": {host: "192.168.1.7:8080", refused: true},
		"any address": {host: "0.0.0.0", refused: true}, "any address, IPv6": {host: "[::]:80", refused: true}, "no host": {host: "", refused: true},
		"a short address": {host: "127.1", refused: true}, "an address as a number": {host: "2130706433", refused: true}, "a zone": {host: "[::1%25lo]", refused: true},
		"a port that is none": {host: "localhost:http", refused: true}, "a port too high": {host: "localhost:65536", refused: true},
		"two ports": {host: "localhost:1:2", refused: true}, "a name and a comma": {host: "localhost, evil.example", refused: true},
		"a user": {host: "evil.example@localhost", refused: true},

		"own page":                           {host: "localhost:8080", headers: []string{"Origin", "http://localhost:8080"}},
		"own page, behind TLS":               {host: "localhost", headers: []string{"Origin", "https://localhost"}},
		"own page, usual port":               {host: "localhost:80", headers: []string{"Origin", "http://localhost"}},
		"own page, in capitals":              {host: "localhost:8080", headers: []string{"Origin", "http://LOCALHOST:8080"}},
		"own page, fetched":                  {host: "localhost:8080", headers: []string{"Origin", "http://localhost:8080", "Sec-Fetch-Site", "same-origin"}},
		"another page":                       {host: "localhost:8080", headers: []string{"Origin", "https://evil.example"}, refused: true},
		"a page on another port":             {host: "localhost:8080", headers: []string{"Origin", "http://localhost:3000"}, refused: true},
		"a page on another name":             {host: "localhost:8080", headers: []string{"Origin", "http://127.0.0.1:8080"}, refused: true},
		"a page of nowhere":                  {host: "localhost:8080", headers: []string{"Origin", "null"}, refused: true},
		"an empty origin":                    {host: "localhost:8080", headers: []string{"Origin", ""}, refused: true},
		"a file":                             {host: "localhost:8080", headers: []string{"Origin", "file://localhost:8080"}, refused: true},
		"an extension":                       {host: "localhost:8080", headers: []string{"Origin", "chrome-extension://localhost:8080"}, refused: true},
		"two origins":                        {host: "localhost:8080", headers: []string{"Origin", "http://localhost:8080", "Origin", "http://evil.example"}, refused: true},
		"origins in one":                     {host: "localhost:8080", headers: []string{"Origin", "http://localhost:8080 http://evil.example"}, refused: true},
		"an origin with a path":              {host: "localhost:8080", headers: []string{"Origin", "http://localhost:8080/"}, refused: true},
		"an origin with a user":              {host: "localhost:8080", headers: []string{"Origin", "http://evil@localhost:8080"}, refused: true},
		"fetched by another port's page":     {host: "localhost:8080", headers: []string{"Sec-Fetch-Site", "same-site"}, refused: true},
		"passed on by a proxy":               {host: "localhost:8080", headers: []string{"X-Forwarded-For", "203.0.113.7"}, refused: true},
		"passed on, in the standard's words": {host: "localhost:8080", headers: []string{"Forwarded", "for=203.0.113.7"}, refused: true},
		"fetched by another page":            {host: "localhost:8080", headers: []string{"Sec-Fetch-Site", "cross-site"}, refused: true},
		"typed into a browser":               {host: "localhost:8080", headers: []string{"Sec-Fetch-Site", "none"}},
		"preflight from elsewhere":           {host: "localhost:8080", headers: []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "DELETE"}, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := *w
			w.t = t
			for _, path := range []string{"/api/v1/dialers", "/healthz", "/readyz", "/openapi.yaml", "/docs", "/docs/swagger-ui.css", "/", "/nothing"} {
				r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
				r.Host = test.host
				for i := 0; i < len(test.headers); i += 2 {
					r.Header.Add(test.headers[i], test.headers[i+1])
				}
				if a := w.send(r); test.refused {
					a.problem(403, "forbidden")
				} else if a.status == 403 {
					t.Errorf("%s: refused", path)
				}
			}
		})
	}
}

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	for _, path := range []string{"/api/v1/coaching-users", "/api/v1/dialers?x=1", "/nothing", "/healthz", "/readyz", "/openapi.yaml", "/docs", "/"} {
		h := w.do("GET", path).header
		if at, err := time.Parse(http.TimeFormat, h.Get("Date")); err != nil || time.Since(at) > time.Minute {
			t.Errorf("%s: Date %q", path, h.Get("Date"))
		}
		if id, err := uuid.Parse(h.Get("X-Request-Id")); err != nil || id.Version() != 7 {
			t.Errorf("%s: request id %q", path, h.Get("X-Request-Id"))
		}
		for name, want := range map[string]string{
			"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := h.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: policy %q", path, h.Get("Content-Security-Policy"))
		}
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	for given, taken := range map[string]bool{
		"abc-DEF_1.2": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, "a b": false, "a\nb": false, "<b>": false, "": false, "é": false,
	} {
		if got := w.get("/dialers", "X-Request-Id", given).header.Get("X-Request-Id"); (got == given) != taken || got == "" {
			t.Errorf("%q became %q", given, got)
		}
	}
	if p := w.get("/nothing", "X-Request-Id", "mine").problem(404, "not_found"); p.RequestID != "mine" {
		t.Errorf("request id %q, want the caller's", p.RequestID)
	}
}

func TestHeadAnswersLikeGetWithoutABody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	user := "/api/v1/coaching-users/" + s.User.ID.String()
	for _, path := range []string{
		"/api/v1/coaching-users", user, user + "/current-calls", user + "/history", "/api/v1/coaching-sessions", "/api/v1/coaching-sessions/" + s.ID.String(),
		"/api/v1/dialers", "/healthz", "/readyz", "/openapi.yaml", "/docs", "/docs/swagger-ui-bundle.js", "/", "/nothing", "/api/v1/dialers?x=1",
	} {
		get, head := w.do("GET", path), w.do("HEAD", path)
		if head.status != get.status || len(head.body) != 0 || head.header.Get("Content-Type") != get.header.Get("Content-Type") ||
			head.header.Get("ETag") != get.header.Get("ETag") {
			t.Errorf("%s: HEAD %d with %d bytes, %v; GET %d, %v", path, head.status, len(head.body), head.header, get.status, get.header)
		}
	}
	etag := w.get("/coaching-users").header.Get("ETag")
	if a := w.do("HEAD", "/api/v1/coaching-users", "If-None-Match", etag); a.status != 304 {
		t.Errorf("HEAD with the tag: %d", a.status)
	}
}

func TestOptionsTellsTheMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	for path, want := range map[string]string{
		"/api/v1/coaching-users": "GET, HEAD, OPTIONS", "/api/v1/coaching-sessions/" + unknown: "DELETE, GET, HEAD, OPTIONS", "/healthz": "GET, HEAD, OPTIONS",
	} {
		if a := w.do("OPTIONS", path); a.status != 204 || len(a.body) != 0 || a.header.Get("Allow") != want {
			t.Errorf("%s: %d, Allow %q, want 204 and %q", path, a.status, a.header.Get("Allow"), want)
		}
		a := w.do("PUT", path)
		if a.problem(405, "method_not_allowed"); a.header.Get("Allow") != want {
			t.Errorf("%s: 405 with Allow %q, want %q", path, a.header.Get("Allow"), want)
		}
	}
	w.do("OPTIONS", "/nothing").problem(404, "not_found")
}

// A mistake of ours is logged with all that helps, and told without any of it.
func TestMistakesOfOursStayInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	w.store.panics.Store(true)
	p := w.get("/coaching-sessions/"+unknown, "X-Request-Id", "the-panic").problem(500, "internal")
	if p.Detail == "" || p.Session != nil {
		t.Errorf("problem %+v", p)
	}
	w.store.panics.Store(false)
	broken := errors.New(secret)
	w.store.broken.Store(&broken)
	w.get("/coaching-sessions/"+unknown, "X-Request-Id", "the-failure").problem(500, "internal")
	for _, want := range []string{`a request panicked" request_id=the-panic`, "world_test.go", secret, `a request failed" request_id=the-failure`} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log does not have %q: %s", want, w.log)
		}
	}
	w.get("/dialers") // the next request is answered
}

func TestTheAccessLogTellsNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	w.get("/coaching-sessions?phone_number=%2B4915112345678&call_id=1794822097.4412", "X-Request-Id", "one")
	w.get("/coaching-users/"+unknown, "X-Request-Id", "two")
	w.delete("/coaching-sessions/"+unknown+"?reason=private%20matter", "X-Request-Id", "three")
	w.get("/0151-2345678?x=secretquery", "X-Request-Id", "four")
	w.do("PUT", "/api/v1/dialers", "X-Request-Id", "five")
	w.do("HEAD", "/healthz", "X-Request-Id", "six")
	log := w.log.String()
	for _, want := range []string{
		"method=GET route=/api/v1/coaching-sessions status=200", "method=GET route=/api/v1/coaching-users/:user_id status=404",
		"method=DELETE route=/api/v1/coaching-sessions/:session_id status=404", "method=GET route=none status=404",
		"method=PUT route=/api/v1/dialers status=405", "method=HEAD route=/healthz status=200",
		"request_id=one", "request_id=two", "request_id=three", "request_id=four", "request_id=five", "request_id=six", "duration=", "bytes=",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not have %q:\n%s", want, log)
		}
	}
	for _, secret := range []string{"4915112345678", "1794822097", "private", "2345678", "secretquery", unknown} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
}

func TestLargeAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	small := w.get("/coaching-users", "Accept-Encoding", "gzip")
	if small.header.Get("Content-Encoding") != "" {
		t.Error("a small answer is compressed")
	}
	for _, whom := range []string{"2001", "2002", "2003"} {
		w.listen(supervisor, whom, coaching.TypeMonitor)
	}
	plain, packed := w.get("/coaching-users"), w.get("/coaching-users", "Accept-Encoding", "gzip")
	r, err := gzip.NewReader(bytes.NewReader(packed.body))
	if err != nil {
		t.Fatalf("not compressed: %v; %d bytes", err, len(packed.body))
	}
	if unpacked, err := io.ReadAll(r); err != nil || !bytes.Equal(unpacked, plain.body) {
		t.Errorf("%v: compressed, it is another answer", err)
	}
	if packed.header.Get("Vary") != "Accept-Encoding" || !strings.HasPrefix(packed.header.Get("ETag"), `W/"`) {
		t.Errorf("headers %v", packed.header)
	}
}

// readiness is what /readyz says.
func (w *world) readiness(database, dialer bool) string {
	return fmt.Sprintf(`{"ok":%t,"process":"test","revision":"%v","dependencies":[{"name":"database","ok":%t},{"name":"dialer sim","ok":%t,"watched_by":"test"}]}`+"\n",
		database && dialer, w.floor.Live().Revision, database, dialer)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	if a := w.do("GET", "/healthz"); a.status != 200 || string(a.body) != `{"status":"ok","version":"1.2.3-test"}`+"\n" {
		t.Errorf("/healthz: %d %s", a.status, a.body)
	}
	if a := w.do("GET", "/readyz"); a.status != 200 || string(a.body) != w.readiness(true, true) {
		t.Errorf("/readyz: %d %s", a.status, a.body)
	}
	w.loseDialer()
	if a := w.do("GET", "/readyz"); a.status != 503 || string(a.body) != w.readiness(true, false) {
		t.Errorf("/readyz: %d %s", a.status, a.body)
	}
	if a := w.do("GET", "/healthz"); a.status != 200 {
		t.Errorf("/healthz: %d; it is alive", a.status)
	}
}

func TestTheContractIsServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	a := w.do("GET", "/openapi.yaml")
	if a.status != 200 || !bytes.Equal(a.body, api.Document) || a.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%d, %d bytes, %s", a.status, len(a.body), a.header.Get("Content-Type"))
	}
	if again := w.do("GET", "/openapi.yaml", "If-None-Match", a.header.Get("ETag")); again.status != 304 || len(again.body) != 0 {
		t.Errorf("%d, want 304", again.status)
	}
}

// The page needs nothing from elsewhere, and its policy lets in nothing else.
func TestTheDocumentationWorksOffline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	if a := w.do("GET", "/"); a.status != 302 || a.header.Get("Location") != "/docs" {
		t.Errorf("/: %d to %q", a.status, a.header.Get("Location"))
	}
	page := w.do("GET", "/docs")
	if page.status != 200 || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %v", page.status, page.header)
	}
	for _, found := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllSubmatch(page.body, -1) {
		path := string(found[1])
		if file := w.do("GET", path, "Accept-Encoding", "gzip"); !strings.HasPrefix(path, "/docs/") || file.status != 200 || len(file.body) == 0 {
			t.Errorf("the page asks for %s: %d", path, file.status)
		}
	}
	policy := page.header.Get("Content-Security-Policy")
	if strings.Contains(policy, "script-src 'self' 'unsafe-inline'") || strings.Contains(policy, "unsafe-eval") || strings.Contains(policy, "http") ||
		strings.Count(policy, "'sha256-") != bytes.Count(page.body, []byte("<script>")) {
		t.Errorf("policy %s", policy)
	}
	w.do("GET", "/docs/nothing").problem(404, "not_found")
	w.do("GET", "/docs/").problem(404, "not_found")
}

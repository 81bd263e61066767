package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// unknown is an id that nothing has.
const unknown = "01a1e3bc-4b50-7e13-8f2a-b04d67c91e35"

// places fills in the ids of a world with one live and one ended session.
func places(t *testing.T) (*world, *strings.Replacer) {
	t.Helper()
	w := newWorld(t, coaching.Timing{})
	ended := w.over(supervisor, otherAgent, coaching.TypeMonitor)
	_, live := w.listen(supervisor, agent, coaching.TypeCoach)
	return w, strings.NewReplacer("{user}", w.user(live).String(), "{live}", live.ID.String(), "{ended}", ended.String(), "{unknown}", unknown)
}

// The whole of "How it behaves" that a request alone decides.
func TestRequestsAreChecked(t *testing.T) {
	t.Parallel()
	w, places := places(t)
	for name, test := range map[string]struct {
		method, path string // GET where it is ""
		headers      []string
		status       int
		code         string
		field, says  string // a field, and what its reason has in it
	}{
		"unknown user":                {path: "/coaching-users/{unknown}", status: 404, code: "user_not_found"},
		"unknown user's calls":        {path: "/coaching-users/{unknown}/current-calls", status: 404, code: "user_not_found"},
		"unknown user's history":      {path: "/coaching-users/{unknown}/history", status: 404, code: "user_not_found"},
		"unknown session":             {path: "/coaching-sessions/{unknown}", status: 404, code: "session_not_found"},
		"a nil id":                    {path: "/coaching-users/00000000-0000-0000-0000-000000000000", status: 404, code: "user_not_found"},
		"malformed id":                {path: "/coaching-users/7", status: 400, code: "invalid_request", field: "user_id", says: "UUID"},
		"malformed id, calls":         {path: "/coaching-users/7/current-calls", status: 400, code: "invalid_request", field: "user_id", says: "UUID"},
		"malformed session id":        {path: "/coaching-sessions/7", status: 400, code: "invalid_request", field: "session_id", says: "UUID"},
		"an id in braces":             {path: "/coaching-users/%7B{unknown}%7D", status: 400, code: "invalid_request", field: "user_id", says: "UUID"},
		"malformed id in a query":     {path: "/coaching-sessions?user_id=7", status: 400, code: "invalid_request", field: "user_id", says: "UUID"},
		"limit 0":                     {path: "/coaching-sessions?limit=0", status: 400, code: "invalid_request", field: "limit", says: "at least 1"},
		"limit 201":                   {path: "/coaching-sessions?limit=201", status: 400, code: "invalid_request", field: "limit", says: "at most 200"},
		"number with a bare +":        {path: "/coaching-sessions?phone_number=+442079460427", status: 400, code: "invalid_request", field: "phone_number", says: "%2B"},
		"limit x":                     {path: "/coaching-users/{user}/history?limit=x", status: 400, code: "invalid_request", field: "limit", says: "whole number"},
		"limit beyond all numbers":    {path: "/coaching-sessions?limit=99999999999999999999", status: 400, code: "invalid_request", field: "limit", says: "whole number"},
		"unknown type":                {path: "/coaching-users?type=whisper", status: 400, code: "invalid_request", field: "type", says: "one of monitor, coach"},
		"types with a comma":          {path: "/coaching-users?type=coach,barge", status: 400, code: "invalid_request", field: "type", says: "one of"},
		"too many types":              {path: "/coaching-users?" + strings.Repeat("type=coach&", 6), status: 400, code: "invalid_request", field: "type", says: "at most 5 times"},
		"unknown state":               {path: "/coaching-sessions?state=active", status: 400, code: "invalid_request", field: "state", says: "one of live, ended, all"},
		"unknown end reason":          {path: "/coaching-sessions?end_reason=bored", status: 400, code: "invalid_request", field: "end_reason", says: "one of supervisor_left"},
		"from after to":               {path: "/coaching-sessions?from=2026-11-17T00:00:00Z&to=2026-11-16T00:00:00Z", status: 400, code: "invalid_request", field: "to", says: "later than from"},
		"from is to, in two offsets":  {path: "/coaching-users/{user}/history?from=2026-11-17T01:00:00%2B01:00&to=2026-11-17T00:00:00Z", status: 400, code: "invalid_request", field: "to", says: "later than from"},
		"a day is no time":            {path: "/coaching-sessions?from=2026-11-17", status: 400, code: "invalid_request", field: "from", says: "must be a time"},
		"a day that does not exist":   {path: "/coaching-sessions?from=2026-02-30T00:00:00Z", status: 400, code: "invalid_request", field: "from", says: "must be a time"},
		"an offset's + left as it is": {path: "/coaching-sessions?at=2026-11-17T00:00:00+01:00", status: 400, code: "invalid_request", field: "at", says: "%2B"},
		"unknown parameter":           {path: "/dialers?colour=red", status: 400, code: "invalid_request", field: "colour", says: "not a parameter"},
		"parameter in other letters":  {path: "/coaching-sessions?LIMIT=5", status: 400, code: "invalid_request", field: "LIMIT", says: "not a parameter"},
		"one given twice":             {path: "/coaching-sessions?limit=5&limit=6", status: 400, code: "invalid_request", field: "limit", says: "only once"},
		"one without a value":         {path: "/coaching-users?q=", status: 400, code: "invalid_request", field: "q", says: "leave it out"},
		"one without =":               {path: "/coaching-users?dialer", status: 400, code: "invalid_request", field: "dialer", says: "leave it out"},
		"too long":                    {path: "/coaching-users?q=" + strings.Repeat("x", 101), status: 400, code: "invalid_request", field: "q", says: "at most 100 characters"},
		"long in bytes only":          {path: "/coaching-users?q=" + strings.Repeat("%F0%9F%8E%A7", 100), status: 200},
		"broken cursor":               {path: "/coaching-users/{user}/history?cursor=abc", status: 400, code: "invalid_cursor", field: "cursor", says: "broken"},
		"force is no number":          {method: "DELETE", path: "/coaching-sessions/{live}?force=1", status: 400, code: "invalid_request", field: "force", says: "true or false"},
		"reason too long":             {method: "DELETE", path: "/coaching-sessions/{live}?reason=" + strings.Repeat("%F0%9F%8E%A7", 201), status: 400, code: "invalid_request", field: "reason", says: "at most 200 characters"},
		"If-Match without quotes":     {method: "DELETE", path: "/coaching-sessions/{live}", headers: []string{"If-Match", "abc"}, status: 400, code: "invalid_request", field: "If-Match", says: "in quotes"},
		"If-Match without an end":     {method: "DELETE", path: "/coaching-sessions/{live}", headers: []string{"If-Match", `"abc`}, status: 400, code: "invalid_request", field: "If-Match", says: "in quotes"},
		"If-Match of nothing":         {method: "DELETE", path: "/coaching-sessions/{live}", headers: []string{"If-Match", ""}, status: 400, code: "invalid_request", field: "If-Match"},
		"If-Match of commas":          {method: "DELETE", path: "/coaching-sessions/{live}", headers: []string{"If-Match", ", ,"}, status: 400, code: "invalid_request", field: "If-Match"},
		"If-Match too long":           {method: "DELETE", path: "/coaching-sessions/{live}", headers: []string{"If-Match", `"` + strings.Repeat("x", 512) + `"`}, status: 400, code: "invalid_request", field: "If-Match", says: "at most 512"},
		"If-None-Match too long":      {path: "/coaching-users", headers: []string{"If-None-Match", strings.Repeat("x", 513)}, status: 400, code: "invalid_request", field: "If-None-Match"},
		"malformed session to end":    {method: "DELETE", path: "/coaching-sessions/x", status: 400, code: "invalid_request", field: "session_id", says: "UUID"},
		"unknown session to end":      {method: "DELETE", path: "/coaching-sessions/{unknown}", status: 404, code: "session_not_found"},
		"a slash at the end":          {path: "/coaching-users/", status: 404, code: "not_found"},
		"a slash after an id":         {path: "/coaching-users/{user}/", status: 404, code: "not_found"},
		"no path":                     {path: "/nothing", status: 404, code: "not_found"},
		"the base path":               {path: "", status: 404, code: "not_found"},
		"a wrong method":              {method: "POST", path: "/coaching-users", status: 405, code: "method_not_allowed"},
		"a wrong method on an id":     {method: "DELETE", path: "/coaching-users/{user}", status: 405, code: "method_not_allowed"},
		"an invented method":          {method: "BREW", path: "/dialers", status: 405, code: "method_not_allowed"},
		"odd Accept":                  {path: "/dialers", headers: []string{"Accept", "image/webp;q=x, ???"}, status: 200},
		"a percent-encoded id":        {path: "/coaching-users/%30%30%30%30%30%30%30%30-0000-0000-0000-000000000000", status: 404, code: "user_not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := *w
			w.t = t
			if test.method == "" {
				test.method = http.MethodGet
			}
			a := w.do(test.method, "/api/v1"+places.Replace(test.path), test.headers...)
			if test.code == "" {
				if a.status != test.status {
					t.Errorf("%d, want %d: %s", a.status, test.status, a.body)
				}
				return
			}
			p := a.problem(test.status, test.code)
			if got := reason(p, test.field); test.field != "" && (got == "" || !strings.Contains(got, test.says)) {
				t.Errorf("%s: %q, want it to say %q; all: %v", test.field, got, test.says, p.Errors)
			}
			if test.status == http.StatusMethodNotAllowed && !strings.Contains(a.header.Get("Allow"), "OPTIONS") {
				t.Errorf("Allow: %q", a.header.Get("Allow"))
			}
		})
	}
}

func TestEveryMistakeIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	p := w.get("/coaching-sessions?limit=500&colour=red&type=x&from=y&user_id=z").problem(400, "invalid_request")
	for field, want := range map[string]string{
		"limit": "must be at most 200", "colour": "is not a parameter of this operation",
		"type": "must be one of monitor, coach, barge, barge_kick, unknown", "user_id": "must be a UUID",
	} {
		if got := reason(p, field); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	if len(p.Errors) != 5 || p.Detail != "The request has 5 mistakes. See errors." {
		t.Errorf("%d mistakes: %v; detail %q", len(p.Errors), p.Errors, p.Detail)
	}
	many := w.get("/coaching-sessions?"+strings.Repeat("x&", 30)+manyNames(100)).problem(400, "invalid_request")
	if len(many.Errors) != 20 {
		t.Errorf("%d mistakes are told, want no more than 20", len(many.Errors))
	}
}

func manyNames(n int) string {
	var names []string
	for i := range n {
		names = append(names, "p"+strings.Repeat("q", i)+"=1")
	}
	return strings.Join(names, "&")
}

// hostile are values that nobody means well with, as they stand in a query.
var hostile = map[string]string{
	"quotes": `'%22;--`, "NUL": "%00", "NUL inside": "a%00b", "raw NUL": "a\x00b", "dots": "../../etc/passwd", "encoded dots": "..%2F..%2F",
	"10 kB": strings.Repeat("x", 10_000), "emoji": "%F0%9F%8E%A7%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB", "raw emoji": "🎧",
	"invalid UTF-8": "%FF%FE", "raw invalid UTF-8": "\xff\xfe", "cut percent": "%", "bad percent": "%zz", "overlong": "%C0%AF",
	"semicolon": "a;b=c", "newline": "%0D%0AX-Evil:%201", "SQL": "1%27%20OR%20%271%27=%271", "wildcards": "%25_%25", "ampersands": "&&&=&",
	"format": "%25s%25n", "template": "${jndi:ldap://x}", "braces": "{}[]", "surrogate": "%ED%A0%80", "backslashes": `\\x\`, "space": "%20",
	"tag": "<script>alert(1)</script>", "right to left": "%E2%80%AE",
}

// A hostile value is refused or matches nothing; it is never a mistake of ours.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	w, places := places(t)
	for name, value := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := *w
			w.t = t
			harmless := func(a *answer) {
				t.Helper()
				if a.status >= 500 {
					t.Errorf("%.200s: %d: %s", a.what, a.status, a.body)
				}
				if a.header.Get("X-Evil") != "" {
					t.Errorf("%.200s: a header was smuggled in", a.what)
				}
			}
			for _, parameter := range []string{
				"/coaching-users?q=", "/coaching-users?dialer=", "/coaching-users?type=", "/coaching-sessions?call_id=", "/coaching-sessions?phone_number=",
				"/coaching-sessions?dialer=", "/coaching-sessions?user_id=", "/coaching-sessions?cursor=", "/coaching-sessions?at=", "/coaching-sessions?",
				"/coaching-sessions?limit=", "/coaching-users/{user}/history?cursor=", "/coaching-users/{user}/history?target_campaign_id=",
			} {
				harmless(w.get(places.Replace(parameter) + value))
			}
			harmless(w.delete("/coaching-sessions/" + unknown + "?reason=" + value))
			for _, header := range []string{"If-None-Match", "If-Match", "X-Request-Id", "Accept", "Accept-Encoding", "Origin", "Sec-Fetch-Site"} {
				harmless(w.get("/coaching-users", header, value))
				harmless(w.delete("/coaching-sessions/"+unknown, header, `"`+value+`"`))
			}
			for _, path := range []string{"/coaching-users/", "/coaching-sessions/", "/coaching-users/" + unknown + "/", "/"} {
				r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
				r.URL.Path, r.URL.RawPath = "/api/v1"+path+value, "/api/v1"+path+value
				r.Host = "127.0.0.1"
				recorder := httptest.NewRecorder()
				w.handler.ServeHTTP(recorder, r)
				if recorder.Code < 400 || recorder.Code >= 500 {
					t.Errorf("%.200s: %d, want what is refused or not there", r.URL.Path, recorder.Code)
				}
			}
		})
	}
}

func TestHostileNamesAreShownHarmlessly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	for _, query := range []string{strings.Repeat("n", 10_000) + "=1", "%FF=1", "%zz=1", "a%00b=1", "%0Ax=1", "=1"} {
		p := w.get("/dialers?"+query).problem(400, "invalid_request")
		if len(p.Errors) != 1 || len([]rune(p.Errors[0].Field)) > 65 || strings.ContainsAny(p.Errors[0].Field, "\x00\n") {
			t.Errorf("%.40q: %.200v", query, p.Errors)
		}
	}
}

// Each operation refuses, by itself, what all have to refuse.
func TestEveryOperationRefuses(t *testing.T) {
	t.Parallel()
	w, places := places(t)
	for _, operation := range []string{
		"GET /coaching-users", "GET /coaching-users/{user}", "GET /coaching-users/{user}/current-calls", "GET /coaching-users/{user}/history",
		"GET /coaching-sessions", "GET /coaching-sessions/{live}", "DELETE /coaching-sessions/{live}", "GET /dialers", "GET /users", "GET /campaigns", "GET /audit",
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			w := *w
			w.t = t
			method, path, _ := strings.Cut(places.Replace(operation), " ")
			path = "/api/v1" + path
			w.do(method, path+"?colour=red").problem(400, "invalid_request")
			w.do(method, path, "Origin", "http://evil.example").problem(403, "forbidden")
			w.do("PATCH", path).problem(405, "method_not_allowed")

			large := httptest.NewRequest(method, path, strings.NewReader(strings.Repeat("x", 70_000)))
			w.send(large).problem(413, "request_too_large")
			chunked := httptest.NewRequest(method, path, strings.NewReader(strings.Repeat("x", 70_000)))
			chunked.ContentLength = -1
			w.send(chunked).problem(413, "request_too_large")
			small := httptest.NewRequest(method, path, strings.NewReader(`{"force":true}`))
			if p := w.send(small).problem(400, "invalid_request"); reason(p, "body") == "" {
				t.Errorf("errors %v, want one about the body", p.Errors)
			}
		})
	}
}

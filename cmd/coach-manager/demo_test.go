package main

import (
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var curl = regexp.MustCompile(`curl -s '(http://[^']+)'`)

// The whole program, from its start to its end, and once more on what it kept.
func TestDemoShowsAContactCentreAndGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "demo.db")
	p := start(t, nil, "demo", "--days", "2", "--db", db)
	waitFor(t, "the welcome", func() bool { return strings.Contains(p.out(), "/docs") })
	looks := curl.FindAllStringSubmatch(p.out(), -1)
	if len(looks) != 3 || !strings.Contains(p.out(), db) {
		t.Errorf("got %s", p.out())
	}
	for _, look := range looks {
		path, of := strings.CutPrefix(look[1], p.url)
		if status, body := p.ask(http.MethodGet, path); status != http.StatusOK || !of {
			t.Errorf("%s: got %d %s", look[1], status, body)
		}
	}
	ended := p.disconnectSomeone()

	begun := time.Now()
	if code := p.stop(); code != 0 || time.Since(begun) > 10*time.Second {
		t.Errorf("got exit code %d after %v", code, time.Since(begun))
	}

	p = start(t, nil, "demo", "--days", "2", "--db", db)
	if got := get[session](p, "/coaching-sessions/"+ended.ID); got.EndReason != "disconnected" {
		t.Errorf("got %+v of the session that the first run ended", got)
	}
	if n := len(get[page[session]](p, "/coaching-sessions?state=ended&limit=20").Items); n != 20 {
		t.Errorf("got %d sessions of the past", n)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
	noSecretsNorNumbers(t, p.logs())
}

// disconnectSomeone walks through the API as the page does, and ends a session.
func (p *program) disconnectSomeone() session {
	t := p.t
	t.Helper()
	u := p.someone()
	path := "/coaching-users/" + u.ID
	if got := get[coachingUser](p, path); got.ID != u.ID || got.Name != u.Name || len(got.Sessions) == 0 {
		t.Errorf("selected user: got %+v, want %+v", got, u)
	}
	get[page[any]](p, path+"/current-calls")
	s := u.Sessions[0]
	status, body := p.ask(http.MethodDelete, "/api/v1/coaching-sessions/"+s.ID)
	// A barge-kick is refused, and a session may end by itself meanwhile; there are others.
	for ; status == http.StatusConflict; status, body = p.ask(http.MethodDelete, "/api/v1/coaching-sessions/"+s.ID) {
		u = p.someone()
		path, s = "/coaching-users/"+u.ID, u.Sessions[0]
	}
	if status != http.StatusOK && status != http.StatusAccepted {
		t.Errorf("DELETE: got %d %s", status, body)
	}
	waitFor(t, "the session's end", func() bool {
		s = get[session](p, "/coaching-sessions/"+s.ID)
		return s.State == "ended"
	})
	history := get[page[session]](p, path+"/history").Items
	if !slices.ContainsFunc(history, func(h session) bool { return h.ID == s.ID }) {
		t.Errorf("the session is not in the history: %+v", history)
	}
	return s
}

func TestServeAnswersAndStops(t *testing.T) {
	t.Parallel()
	p := start(t, []string{"COACH_TYPO=1"}, "serve", "--database", "sqlite:"+filepath.Join(t.TempDir(), "coach.db"),
		"--dialer", "north=simulator://?seed=7")
	p.disconnectSomeone()
	got := get[page[dialerState]](p, "/dialers").Items
	if want := []dialerState{{"north", "simulator", true}}; !slices.Equal(got, want) {
		t.Errorf("dialers: got %v, want %v", got, want)
	}
	for _, path := range []string{"/healthz", "/readyz", "/openapi.yaml", "/docs"} {
		if status, body := p.ask(http.MethodGet, path); status != http.StatusOK {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
	if out, logs := p.out(), p.logs(); out != "" || !strings.Contains(logs, "COACH_TYPO") || !strings.Contains(logs, "msg=stopped") {
		t.Errorf("got %s and %s", out, logs)
	}
	noSecretsNorNumbers(t, p.logs())
}

// number is what a phone number looks like in a log; request ids and times do not.
var number = regexp.MustCompile(`\+\d{7,}|%2B\d{7,}`)

func noSecretsNorNumbers(t *testing.T, logs string) {
	t.Helper()
	if found := number.FindString(logs); found != "" || strings.Contains(logs, "state=") || strings.Contains(logs, "limit=") {
		t.Errorf("the log holds a number (%s) or a query:\n%s", found, logs)
	}
	for _, line := range strings.Split(logs, "\n") {
		if strings.Contains(line, "level=ERROR") {
			t.Errorf("an error: %s", line)
		}
	}
}

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
	"github.com/coachmanager/coachmanager/internal/housetest/proxytest"
)

// What somebody asks with, and nobody is to read in a log or a problem.
const (
	askedNumber = "49301237599"
	askedName   = "Zebrafinch"
	wrongToken  = "cm_unsaidunsaidunsaidunsaidunsaidunsaidunsaidunsaidunsaidu"
)

// asker asks a program in all kinds of ways, and gathers the problems it gets.
type asker struct {
	*program
	token    string
	problems strings.Builder
}

// send sends a request and takes down what a problem answers, headers included.
func (a *asker) send(method, path string, header http.Header) int {
	a.t.Helper()
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.url+"/", strings.NewReader(header.Get("Body")))
	if err != nil {
		a.t.Fatal(err)
	}
	request.URL.Opaque = path // as it is, however wrong
	request.Header = http.Header{"Authorization": {"Bearer " + a.token}}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Host = request.Header.Get("Host")
	request.Header.Del("Host")
	request.Header.Del("Body")
	answer, err := client.Do(request)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode >= 300 {
		fmt.Fprintf(&a.problems, "%d %v %s\n", answer.StatusCode, answer.Header, body)
	}
	return answer.StatusCode
}

// raw sends bytes that no client would.
func (a *asker) raw(text string) {
	a.t.Helper()
	conn, err := new(net.Dialer).DialContext(a.t.Context(), "tcp", strings.TrimPrefix(a.url, "http://"))
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(conn, text)
	_ = conn.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(conn)
	a.problems.Write(answer)
}

// queries are parameters, good and bad, that hold what is not to be said.
func queries() (all []string) {
	number, name := "%2B"+askedNumber, askedName
	for _, parameter := range []string{"phone_number", "call_id", "user_id", "target_user_id", "target_campaign_id", "type", "dialer", "end_reason", "from", "to", "at", "cursor", "limit", "state", "q"} {
		all = append(all, parameter+"="+number, parameter+"="+name, parameter+"="+number+"&"+parameter+"="+number, parameter+"=+"+askedNumber+"%zz", parameter+"="+number+";")
	}
	return append(all, "access_token="+wrongToken, wrongToken, wrongToken+"=1", number, number+"=1", askedNumber+"=1", "phone_number%2B"+askedNumber,
		"%zz"+askedNumber, "phone_number="+strings.Repeat(askedNumber, 30), "phone_number="+number+"%00", "reason="+number+"+"+name, "force="+number)
}

func (a *asker) askInEveryWay(session string) {
	a.t.Helper()
	const api = "/api/v1"
	for _, query := range queries() {
		for _, path := range []string{"/coaching-sessions", "/coaching-users", "/users", "/campaigns", "/coaching-users/" + session + "/history"} {
			a.send(http.MethodGet, api+path+"?"+query, nil)
		}
		a.send(http.MethodDelete, api+"/coaching-sessions/01950000-0000-7000-8000-00000000232a?"+query, nil)
	}
	for _, path := range []string{
		"/" + askedNumber, api + "/" + askedNumber, api + "/coaching-users/" + askedNumber, api + "/coaching-users/" + askedName + "/history", api + "/coaching-sessions/%2B" + askedNumber,
		api + "/coaching-sessions/" + wrongToken, api + "/coaching-sessions/%2F" + askedNumber, "/healthz?" + askedNumber, "/docs/" + askedNumber,
	} {
		for _, method := range []string{http.MethodGet, http.MethodDelete, http.MethodPost, http.MethodOptions, "FETCH" + askedNumber} {
			a.send(method, path, nil)
		}
	}
	for name, value := range map[string]string{
		"If-Match": `"` + askedNumber + `"`, "If-None-Match": `W/"` + askedNumber + `"`, "Authorization": "Bearer " + wrongToken, "X-Request-Id": askedNumber,
		"Origin": "https://" + askedName + ".example", "Host": askedName + ".example", "X-Forwarded-For": askedNumber, "User-Agent": askedName + askedNumber,
		"Referer": "https://desk.example/?phone_number=" + askedNumber, "Body": "phone_number=" + askedNumber, "Content-Type": askedName, "Accept": askedName,
	} {
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			a.send(method, api+"/coaching-sessions/01950000-0000-7000-8000-00000000232a", http.Header{name: {value}})
		}
	}
	a.send(http.MethodGet, api+"/me", http.Header{"X-Request-Id": {wrongToken}, "Authorization": {"Basic " + wrongToken}})
	a.send(http.MethodGet, api+"/me", http.Header{"Authorization": {"Bearer " + a.token + wrongToken}})
	for _, text := range []string{
		"GET /" + askedNumber + " HTTP/9.9\r\n\r\n", "GET /" + askedNumber + "\r\n\r\n", "GET http://[" + askedNumber + "/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: " + askedName + "\x01\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n" + askedNumber + " : " + askedName + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat(askedNumber, 10_000) + "\r\n\r\n", "\x16\x03\x01" + askedNumber,
		"POST /api/v1/me HTTP/1.1\r\nHost: a\r\nContent-Length: " + askedNumber + "\r\n\r\n" + askedName,
	} {
		a.raw(text)
	}
}

// wantUnsaid looks through all that was said.
func (a *asker) wantUnsaid() {
	a.t.Helper()
	for where, text := range map[string]string{"the log": a.logs(), "a problem": a.problems.String()} {
		for _, line := range strings.Split(text, "\n") {
			for what, hidden := range map[string]string{
				"the number": askedNumber, "a name": askedName, "a wrong token": wrongToken[3:40], "the token": a.token[3:40],
				"a query": "phone_number=", "a reason": "reason=%",
			} {
				if strings.Contains(line, hidden) {
					a.t.Errorf("%s holds %s: %.600s", where, what, line)
				}
			}
			if found := number.FindString(line); found != "" {
				a.t.Errorf("%s holds a number: %.600s", where, line)
			}
		}
	}
	if strings.Count(a.problems.String(), "application/problem+json") < 100 || !strings.Contains(a.logs(), "level=DEBUG") {
		a.t.Error("nearly nothing was asked")
	}
}

// Whatever somebody asks, and whatever goes wrong with it, no log and no problem
// holds a number, a token or a query.
func TestNumbersTokensAndQueriesAreSaidNowhere(t *testing.T) {
	t.Parallel()
	serve := func(t *testing.T, address, shown string) *asker {
		token := newToken(t, address, "me", "admin")
		p, _ := startChild(t, childFolder(t), "serve", "--auth", "tokens", "--token-rate", "10000", "--database", shown, "--dialer", "sim=simulator://?seed=7", "--log-level", "debug", "--lease", "6s")
		return &asker{program: p, token: token}
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		address := "sqlite:" + filepath.Join(t.TempDir(), "coach.db")
		a := serve(t, address, address)
		a.askInEveryWay("01950000-0000-7000-8000-00000000232a")
		a.wantUnsaid()
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		address := postgrestest.Database(t)
		way := proxytest.New(t, address)
		a := serve(t, address, way.URL)
		a.askInEveryWay("01950000-0000-7000-8000-00000000232a")
		search := "/api/v1/coaching-sessions?phone_number=" + url.QueryEscape("+"+askedNumber)

		// The database refuses statements that have a number among their values.
		change(t, address, "ALTER TABLE session_calls ADD CONSTRAINT nobody CHECK (phone_number = '') NOT VALID")
		waitFor(t, "a report that cannot be kept", func() bool { return strings.Contains(a.logs(), "a report cannot be kept") })
		change(t, address, "ALTER TABLE session_calls DROP CONSTRAINT nobody")
		change(t, address, "ALTER TABLE session_calls RENAME COLUMN phone_number TO gone")
		if status := a.send(http.MethodGet, search, nil); status != http.StatusInternalServerError {
			t.Errorf("a statement that fails: got %d", status)
		}
		change(t, address, "ALTER TABLE session_calls RENAME COLUMN gone TO phone_number")

		way.Refuse()
		way.Cut()
		waitFor(t, "the database to be away", func() bool { return a.send(http.MethodGet, search, nil) == http.StatusServiceUnavailable })
		a.send(http.MethodDelete, "/api/v1/coaching-sessions/01950000-0000-7000-8000-00000000232a?reason=%2B"+askedNumber, nil)
		code, _, logs := runOnce(t, nil, "privacy", "erase", "--phone-number", askedNumber, "--database", way.URL)
		if code != 1 || strings.Contains(logs, askedNumber) {
			t.Errorf("the command says %d, %s", code, logs)
		}
		way.Work()
		a.wantUnsaid()
	})
}

// change changes a database by hand.
func change(t *testing.T, address, statement string) {
	t.Helper()
	c := cluster{t: t, database: address}
	c.inDatabase(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, statement)
		return err
	})
}

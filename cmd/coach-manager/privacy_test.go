package main

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
	"github.com/coachmanager/coachmanager/internal/store"
)

// allRows are all rows of all tables of a database, as text.
func allRows(t *testing.T, address string) string {
	t.Helper()
	driver, tables := "pgx", "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	path, isFile := strings.CutPrefix(address, "sqlite:")
	if isFile {
		driver, tables = "sqlite", "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	db, err := sql.Open(driver, path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var all strings.Builder
	each := func(query string, row func(fields []any)) {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		columns, _ := rows.Columns()
		for rows.Next() {
			fields, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range fields {
				into[i] = &fields[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			row(fields)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	each(tables, func(fields []any) { names = append(names, fmt.Sprint(fields[0])) })
	for _, name := range names {
		each("SELECT * FROM "+name, func(fields []any) {
			for _, f := range fields {
				if raw, ok := f.([]byte); ok {
					f = string(raw)
				}
				fmt.Fprint(&all, f, " ")
			}
		})
	}
	return all.String()
}

// heardCall is a call that is being heard.
type heardCall struct {
	CallID      string  `json:"call_id"`
	PhoneNumber *string `json:"phone_number"`
}

// someCall is a call with a number in the live list, and who hears it.
func (p *program) someCall() (user, session string, call heardCall) {
	p.t.Helper()
	type listener struct {
		ID       string `json:"id"`
		Sessions []struct {
			ID           string      `json:"id"`
			CurrentCalls []heardCall `json:"current_calls"`
		} `json:"sessions"`
	}
	waitFor(p.t, "a call with a number", func() bool {
		for _, u := range get[page[listener]](p, "/coaching-users").Items {
			for _, s := range u.Sessions {
				for _, c := range s.CurrentCalls {
					if c.PhoneNumber != nil {
						user, session, call = u.ID, s.ID, c
						return true
					}
				}
			}
		}
		return false
	})
	return user, session, call
}

// shows tells whether an answer has a text.
func (p *program) shows(path, text string) bool {
	p.t.Helper()
	status, body := p.ask(http.MethodGet, "/api/v1"+path)
	if status != http.StatusOK {
		p.t.Fatalf("%s: got %d %s", path, status, body)
	}
	return strings.Contains(string(body), text)
}

// A number of a call that is being heard goes from every process, while the call
// goes on.
func TestANumberIsErasedBesideServingProcesses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address   func(*testing.T) string
		processes int
	}{
		"one on sqlite":   {func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "coach.db") }, 1},
		"two on postgres": {func(t *testing.T) string { return postgrestest.Database(t) }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := c.address(t)
			var all []*program
			for range c.processes {
				p, _ := startChild(t, childFolder(t), "serve", "--database", address, "--dialer", "sim=simulator://?seed=7", "--log-level", "debug")
				all = append(all, p)
			}
			p := all[0]
			user, session, call := p.someCall()
			search := "/coaching-sessions?state=all&phone_number=" + url.QueryEscape(*call.PhoneNumber)
			if !p.shows(search, session) {
				t.Error("the search does not find the session before")
			}
			began := time.Now()
			out := said(t, "privacy", "erase", "--phone-number", strings.TrimPrefix(*call.PhoneNumber, "+"), "--database", address)
			if !strings.Contains(out, "lost the number (1 spelling); 1 of the sessions is live and goes on without it") || strings.Contains(out, (*call.PhoneNumber)[1:]) {
				t.Errorf("got %s", out)
			}
			done := time.Now()
			for _, p := range all {
				waitFor(t, "the live list without the number", func() bool { return !p.shows("/coaching-users", *call.PhoneNumber) })
			}
			t.Logf("erased in %v, shown nowhere %v later", done.Sub(began), time.Since(done))
			for _, p := range all {
				for _, path := range []string{"/coaching-sessions/" + session, "/coaching-users/" + user + "/history", "/coaching-users/" + user + "/current-calls"} {
					if p.shows(path, *call.PhoneNumber) {
						t.Errorf("%s still shows the number", path)
					}
				}
				if p.shows(search, `"id"`) || !p.shows("/coaching-sessions?state=all&call_id="+call.CallID, session) {
					t.Error("it is found by its number, or no more by its call")
				}
			}
			if status, body := all[len(all)-1].ask(http.MethodDelete, "/api/v1/coaching-sessions/"+session); status >= 300 || strings.Contains(string(body), *call.PhoneNumber) {
				t.Errorf("its end: got %d %s", status, body)
			}
			if strings.Contains(allRows(t, address), *call.PhoneNumber) {
				t.Error("the number came back")
			}
			for _, p := range all {
				noSecretsNorNumbers(t, p.logs())
			}
		})
	}
}

func TestNumbersOfAnAgeAreErasedByTheService(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, address string) {
		db, err := store.Open(t.Context(), strings.TrimPrefix(address, "sqlite:"), store.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		old, young := sampleListening(1, time.Now().Add(-49*time.Hour)), sampleListening(2, time.Now().Add(-time.Hour))
		_, err = db.ImportHistory(t.Context(), store.History{Sessions: []*coaching.Session{old, young}})
		if closed := db.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
		p := start(t, nil, "serve", "--database", address, "--dialer", "sim=simulator://", "--erase-numbers-after", "2d")
		waitFor(t, "the old number to go", func() bool {
			return p.shows("/coaching-sessions/"+old.ID.String(), `"phone_number":null`)
		})
		if !p.shows("/coaching-sessions/"+young.ID.String(), `"phone_number":"+49307770002"`) {
			t.Error("the young number went, too")
		}
		waitFor(t, "the log to count it", func() bool { return strings.Contains(p.logs(), `msg="old numbers erased" calls=1`) })
		noSecretsNorNumbers(t, p.logs())
		if code := p.stop(); code != 0 {
			t.Errorf("got exit code %d", code)
		}
		if out := said(t, "privacy", "erase", "--older-than", "1d", "--database", address); !strings.HasPrefix(out, "0 calls lost their numbers") {
			t.Errorf("got %s", out)
		}
	})
}

// sampleListening is a session with a call of a customer, that ended soon after it
// began.
func sampleListening(n uint64, began time.Time) *coaching.Session {
	s := coachingtest.Listening(coachingtest.ID(n), coaching.TypeMonitor, began)
	end := began.Add(90 * time.Second)
	s.Calls = []coaching.HeardCall{{Call: coaching.Call{
		CallID: fmt.Sprint("c", n), PhoneNumber: fmt.Sprintf("+4930777%04d", n), Direction: coaching.DirectionInbound, State: coaching.CallEnded,
		StartedAt: began, EndedAt: &end,
	}, HeardFrom: began, HeardUntil: &end}}
	return coachingtest.Ended(s, end)
}

const wantReport = `Who listened to Agent 1 (id 01950000-0000-7000-8000-00000000232a)
A ~ marks a moment that nobody saw: it was inferred.

STARTED                ENDED                  LENGTH      HOW                       DIALER        END                 BY
2026-03-02T11:00:00Z   -                      goes on     barge                     pbx1                              Supervisor 1
2026-03-02T10:00:00Z   ~2026-03-02T10:01:30Z  1m30s       monitor, coach            pbx1          supervisor_left     =Eva
2026-03-02T09:00:00Z   2026-03-02T09:01:30Z   1m30s       monitor                   pbx1          supervisor_left     Supervisor 1
3 sessions, begun from 2026-03-02T09:00:00Z to 2026-03-02T11:00:00Z.
The history goes back to 2026-03-02T09:00:00Z, and sessions are kept without an end.
`

const wantReportCSV = `started_at,started_at_exact,ended_at,ended_at_exact,length_seconds,types,supervisor,dialer,end_reason
2026-03-02T10:00:00Z,true,2026-03-02T10:01:30Z,false,90,monitor coach,'=Eva,pbx1,supervisor_left
`

func TestAReportTellsAUserWhoListened(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, address string) {
		db, err := store.Open(t.Context(), strings.TrimPrefix(address, "sqlite:"), store.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		first, second := sampleListening(1, coachingtest.At(0)), sampleListening(2, coachingtest.At(3600))
		second.Timeline = append(second.Timeline, coaching.TypeSince{Type: coaching.TypeCoach, Since: coachingtest.At(3610)})
		second.User.Name, second.EndedAtExact = "=Eva", false
		other := sampleListening(4, coachingtest.At(10))
		other.Target = &coaching.UserName{ID: coachingtest.ID(9003), Name: "Agent 2"}
		agent := &coaching.User{ID: coachingtest.ID(9002), ExternalID: "emp-1", Name: "Agent 1", Presence: coaching.Presence{Status: coaching.StatusUnknown}}
		supervisor := &coaching.User{ID: coachingtest.ID(9001), ExternalID: "emp-2", Name: "Supervisor 1", Presence: coaching.Presence{Status: coaching.StatusUnknown},
			Extensions: []coaching.Extension{{Dialer: coachingtest.Dialer, Extension: coachingtest.Supervisor(1).Extension}}}
		agent.Extensions = []coaching.Extension{{Dialer: coachingtest.Dialer, Extension: coachingtest.Agent(1).Extension}}
		_, err = db.ImportHistory(t.Context(), store.History{Users: []*coaching.User{agent, supervisor}, Sessions: []*coaching.Session{first, second, other}})
		if err == nil {
			scope := coaching.Scope{Dialer: coachingtest.Dialer, Kind: "simulator", Legs: []string{"l"}, Extensions: []string{agent.Extensions[0].Extension, supervisor.Extensions[0].Extension}}
			_, err = db.Change(t.Context(), scope, func(b *coaching.Board) error {
				b.Observe(coaching.Position{Connection: 1, Seq: 1}, coachingtest.Attached("l", coachingtest.Agent(1), coaching.TypeBarge, coachingtest.At(7200)))
				return nil
			})
		}
		if closed := db.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
		for _, user := range []string{"emp-1", agent.ID.String()} {
			if out := said(t, "privacy", "report", "--user", user, "--database", address); out != wantReport {
				t.Errorf("got\n%swant\n%s", out, wantReport)
			}
		}
		code, out, logs := runOnce(t, nil, "privacy", "report", "--user", "emp-1", "--format", "csv", "--from", "2026-03-02T09:30:00Z", "--to", "2026-03-02T11:00:00Z", "--database", address)
		if code != 0 || out != wantReportCSV || !strings.HasPrefix(logs, "1 session, begun from") || !strings.Contains(logs, "Asked for were none before 2026-03-02T09:30:00Z. Asked for were none from 2026-03-02T11:00:00Z on.") {
			t.Errorf("got %d,\n%s and %s", code, out, logs)
		}
		if out := said(t, "privacy", "report", "--user", "emp-2", "--database", address); !strings.Contains(out, "\n0 sessions.\n") {
			t.Errorf("got %s", out)
		}
		if code, out, logs := runOnce(t, nil, "privacy", "report", "--user", "nobody", "--database", address); code != 1 {
			t.Errorf("got %d", code)
		} else {
			oneLine(t, out, logs, "no user has this id or external id")
		}
		db, err = store.Open(t.Context(), address, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		page, err := db.AuditPage(t.Context(), audit.Query{Action: audit.ListeningReported, Limit: 10})
		if closed := db.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
		if n := len(page.Entries); n != 4 || page.Entries[n-1].Subject != (audit.Subject{Kind: audit.User, ID: agent.ID.String()}) {
			t.Errorf("the audit tells of %+v, want 4 reports", page.Entries)
		}
	})
}

func TestPrivacyMakesNoDatabase(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"erase", "--phone-number", "49307770199"}, {"report", "--user", "emp-1"}} {
		path := filepath.Join(t.TempDir(), "none.db")
		code, out, logs := runOnce(t, nil, append(append([]string{"privacy"}, args...), "--database", "sqlite:"+path)...)
		if code != 1 || strings.Contains(logs, "7770199") {
			t.Errorf("got %d: %s", code, logs)
		}
		oneLine(t, out, logs, "there is no such database")
	}
}

func TestANumberIsReadFromTheInput(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"+49 30 7770199\n": true, "\n": false, "1\n2\n": false, strings.Repeat("1", 201): false} {
		number, err := phoneNumber("-", strings.NewReader(text))
		if got := err == nil && number.Is("49307770199"); got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n+") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

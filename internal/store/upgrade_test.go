package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// stored is what the program that made the data of a testdata/schema_N read in it:
// want.json.
type stored struct {
	Epoch     string    `json:"epoch"`
	Revision  int64     `json:"revision"`
	AsOf      time.Time `json:"as_of"`
	Forgotten int64     `json:"forgotten"` // the newest revision from which the change log cannot be followed

	Users     []*coaching.User          `json:"users"`
	Dialers   []coaching.DialerState    `json:"dialers"`
	Catalogue []coaching.CatalogueEntry `json:"catalogue"`
	Live      []coaching.SessionID      `json:"live"`
	Sessions  []*coaching.Session       `json:"sessions"` // whole, newest first
	Queries   []storedQuery             `json:"queries"`
	Changes   []storedChange            `json:"changes"` // all that are kept
}

// storedQuery is a way into the history and the sessions on all of its pages.
type storedQuery struct {
	Query    coaching.SessionQuery `json:"query"`
	Sessions []coaching.SessionID  `json:"sessions"`
}

type storedChange struct {
	Number    int64                    `json:"number"`
	At        time.Time                `json:"at"`
	Kind      coaching.ChangeKind      `json:"kind"`
	Session   *coaching.Session        `json:"session"`
	User      *coaching.User           `json:"user"`
	Dialer    *coaching.DialerState    `json:"dialer"`
	Catalogue *coaching.CatalogueEntry `json:"catalogue"`
}

// change is the change as it is read now.
func (c storedChange) change() coaching.Change {
	return coaching.Change{
		Number: c.Number, At: c.At, Kind: c.Kind, Session: c.Session, User: c.User, Dialer: c.Dialer, Catalogue: c.Catalogue,
	}
}

// storedSchema is a database of a schema that was released, as files.
type storedSchema struct {
	number int64
	folder string
}

// storedSchemas are all that testdata has, the oldest first.
func storedSchemas(t *testing.T) []storedSchema {
	t.Helper()
	folders, err := filepath.Glob("testdata/schema_*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("found no stored schema: %v", err)
	}
	schemas := make([]storedSchema, len(folders))
	for i, folder := range folders {
		schemas[i].folder = folder
		if _, err := fmt.Sscanf(filepath.Base(folder), "schema_%d", &schemas[i].number); err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
	}
	slices.SortFunc(schemas, func(a, b storedSchema) int { return int(a.number - b.number) })
	return schemas
}

// restore fills an empty database.
func (s storedSchema) restore(t *testing.T, url string) {
	t.Helper()
	db, engine := rawDB(t, url)
	text, err := os.ReadFile(filepath.Join(s.folder, engine+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	run(t, db, string(text))
	if got := version(t, db); got != s.number {
		t.Fatalf("%s/%s.sql has schema %d", s.folder, engine, got)
	}
}

// want is what is to be read in it. A field that nobody knows any more would be
// compared with nothing, and so fails.
func (s storedSchema) want(t *testing.T) stored {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "want.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want stored
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&want); err != nil {
		t.Fatalf("%s: %v", s.folder, err)
	}
	for _, session := range want.Sessions {
		for i := range session.Calls {
			// Schema 9 ends what that program left open.
			if c := &session.Calls[i]; c.State != coaching.CallEnded && c.HeardUntil != nil {
				c.State = coaching.CallEnded
				if c.EndedAt == nil {
					c.EndedAt = c.HeardUntil
				}
			}
		}
	}
	return want
}

// onEachStoredSchema runs a test with a database of each schema, on each engine,
// that no present program has opened.
func onEachStoredSchema(t *testing.T, test func(t *testing.T, schema storedSchema, url string)) {
	t.Parallel()
	for engine, database := range engines {
		for _, schema := range storedSchemas(t) {
			t.Run(fmt.Sprintf("%s, schema %d", engine, schema.number), func(t *testing.T) {
				t.Parallel()
				url := database(t)
				schema.restore(t, url)
				test(t, schema, url)
			})
		}
	}
}

// rawDB is a database without this program's schema, statements or rules. It is
// closed when the test ends.
func rawDB(t *testing.T, url string) (db *sql.DB, engine string) {
	t.Helper()
	var err error
	if engine = "sqlite"; strings.HasPrefix(url, "postgres:") {
		engine = "postgres"
		db, err = sql.Open("pgx", url)
	} else {
		db, err = sqliteDB(url, time.Minute, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, engine
}

func run(t *testing.T, db *sql.DB, statements string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatalf("%.300s: %v", statements, err)
	}
}

// version is the schema that a database says it has.
func version(t *testing.T, db *sql.DB) (v int64) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT max(version_id) FROM schema_versions").Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDataOfEveryReleasedSchemaReadsAsItDid(t *testing.T) {
	onEachStoredSchema(t, func(t *testing.T, schema storedSchema, url string) {
		s, want := open(t, url), schema.want(t)
		checkLiveSet(t, s, want)
		checkSessions(t, s, want)
		checkQueries(t, s, want)
		checkChanges(t, s, want)
	})
}

func checkLiveSet(t *testing.T, s *Store, want stored) {
	t.Helper()
	set, err := s.LiveSet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	live := coaching.LiveSet{
		Revision: coaching.Revision{Epoch: want.Epoch, Number: want.Revision, At: want.AsOf},
		Users:    want.Users, Dialers: want.Dialers, Catalogue: want.Catalogue,
	}
	for _, session := range want.Sessions {
		if slices.Contains(want.Live, session.ID) {
			live.Sessions = append(live.Sessions, session)
		}
	}
	inAnyOrder := cmp.Options{
		cmpopts.SortSlices(func(a, b *coaching.Session) bool { return a.ID.String() < b.ID.String() }),
		cmpopts.SortSlices(func(a, b *coaching.User) bool { return a.ID.String() < b.ID.String() }),
		cmpopts.SortSlices(func(a, b coaching.DialerState) bool { return a.Name < b.Name }),
		cmpopts.SortSlices(func(a, b coaching.CatalogueEntry) bool { return a.ID.String() < b.ID.String() }),
	}
	if diff := cmp.Diff(live, set, inAnyOrder, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("live set (-want +got):\n%s", diff)
	}
}

func checkSessions(t *testing.T, s *Store, want stored) {
	t.Helper()
	for _, session := range want.Sessions {
		got, err := s.Session(t.Context(), session.ID)
		if diff := cmp.Diff(session, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("session %s (-want +got), %v:\n%s", session.ID, err, diff)
		}
	}
}

func checkQueries(t *testing.T, s *Store, want stored) {
	t.Helper()
	whole := map[coaching.SessionID]*coaching.Session{}
	for _, session := range want.Sessions {
		whole[session.ID] = session
	}
	for _, q := range want.Queries {
		var rows []*coaching.Session
		for _, id := range q.Sessions {
			row := whole[id].Clone()
			row.Calls, row.Requests = nil, nil
			rows = append(rows, row)
		}
		if diff := cmp.Diff(rows, allPages(t, s, q.Query), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", q.Query, diff)
		}
	}
}

func allPages(t *testing.T, s *Store, q coaching.SessionQuery) (all []*coaching.Session) {
	t.Helper()
	for {
		page, err := s.Sessions(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		all = append(all, page.Sessions...)
		if page.Next == nil {
			return all
		}
		q.After = page.Next
	}
}

// checkChanges has readers go on from where the old program left them, and sees
// new changes follow.
func checkChanges(t *testing.T, s *Store, want stored) {
	t.Helper()
	var log []coaching.Change
	for _, c := range want.Changes {
		log = append(log, c.change())
	}
	after := func(number int64, limit int) ([]coaching.Change, error) {
		return s.Changes(t.Context(), coaching.Revision{Epoch: want.Epoch, Number: number}, limit)
	}
	whole, err := after(log[0].Number-1, 10_000)
	if diff := cmp.Diff(log, whole, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("change log (-want +got), %v:\n%s", err, diff)
	}
	for i, c := range log {
		next, err := after(c.Number-1, 1)
		if diff := cmp.Diff(log[i:i+1], next, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("the change after %d (-want +got), %v:\n%s", c.Number-1, err, diff)
		}
	}
	if _, err := after(want.Forgotten, 1); !isNotFound(err) {
		t.Errorf("after %d, which was forgotten: got %v, want ErrNotFound", want.Forgotten, err)
	}
	checkNews(t, s, want)
}

// checkNews makes a change and has a reader see it who stands where want does.
func checkNews(t *testing.T, s *Store, want stored) {
	t.Helper()
	commit, err := countUp(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	news, err := s.Changes(t.Context(), coaching.Revision{Epoch: want.Epoch, Number: want.Revision, At: want.AsOf}, 10)
	if diff := cmp.Diff(commit.Changes, news, cmpopts.EquateEmpty()); err != nil || diff != "" || len(news) == 0 {
		t.Errorf("%d new changes (-committed +read), %v:\n%s", len(news), err, diff)
	}
	for i, c := range news {
		if c.Number != want.Revision+int64(i)+1 || c.At.Before(want.AsOf) {
			t.Errorf("new change %d: got number %d at %v, want what follows %d, not before %v", i, c.Number, c.At, want.Revision, want.AsOf)
		}
	}
}

func TestWhatWasLiveBeforeAnUpgradeEndsAfterIt(t *testing.T) {
	onEachStoredSchema(t, func(t *testing.T, schema storedSchema, url string) {
		s, want := open(t, url), schema.want(t)
		for _, id := range want.Live {
			before, err := s.Session(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			gone := endedBy(t, s, before)
			after, err := s.Session(t.Context(), id)
			if diff := cmp.Diff(gone, after, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("session (-as the rules ended it +got), %v:\n%s", err, diff)
			}
			if after.Live() || after.Pending() != nil || len(after.CurrentCalls()) > 0 {
				t.Errorf("it is not over: %+v", after)
			}
			for i, r := range before.Requests {
				done := map[bool]coaching.Outcome{false: coaching.OutcomeAlreadyGone, true: coaching.OutcomeConfirmed}[r.AcceptedAt != nil]
				if r.Outcome != coaching.OutcomePending {
					done = r.Outcome
				}
				if got := after.Requests[i]; got.Outcome != done || got.FinishedAt == nil || got.ID != r.ID {
					t.Errorf("request: got %+v, want outcome %s of\n%+v", got, done, r)
				}
			}
		}
		if live := allPages(t, s, coaching.SessionQuery{State: coaching.OnlyLive, Limit: 50}); len(live) > 0 {
			t.Errorf("%d sessions are live still", len(live))
		}
		if all := allPages(t, s, coaching.SessionQuery{Limit: 50}); len(all) != len(want.Sessions) {
			t.Errorf("got %d sessions, want all %d", len(all), len(want.Sessions))
		}
	})
}

// endedBy has a session's supervisor leave, and returns the session as the rules
// have it then.
func endedBy(t *testing.T, s *Store, session *coaching.Session) (ended *coaching.Session) {
	t.Helper()
	scope := coaching.Scope{Dialer: session.Dialer, Legs: []string{session.Leg}}
	_, err := s.Change(t.Context(), scope, func(b *coaching.Board) error {
		pos := coaching.Position{Connection: b.Dialer().Connection, Seq: 1 << 40}
		b.Observe(pos, coachingtest.Gone(session.Leg, session.StartedAt.Add(time.Hour)))
		ended = b.Session(session.ID).Clone()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range ended.Requests { // by the database's clock, which is more exact than what it keeps
		if at := &ended.Requests[i].FinishedAt; *at != nil {
			kept := (*at).UTC().Truncate(time.Microsecond)
			*at = &kept
		}
	}
	return ended
}

func TestAnUpgradeIsMadeOnce(t *testing.T) {
	onEachStoredSchema(t, func(t *testing.T, schema storedSchema, url string) {
		first, err := Migrate(t.Context(), url, quiet)
		if err != nil || first.From != schema.number || first.To < schema.number {
			t.Fatalf("got %+v, %v, want one from %d", first, err, schema.number)
		}
		db, engine := rawDB(t, url)
		rows, objects := everyRow(t, db, engine), everyObject(t, db, engine)
		if again, err := Migrate(t.Context(), url, quiet); err != nil || again != (Migration{From: first.To, To: first.To}) {
			t.Errorf("again: got %+v, %v, want that there is nothing to do", again, err)
		}
		open(t, url)
		checkUntouched(t, db, engine, rows, objects)
	})
}

func TestEveryUpgradeComesToTheSameSchema(t *testing.T) {
	onEachStoredSchema(t, func(t *testing.T, _ storedSchema, url string) {
		open(t, url)
		upgraded, engine := rawDB(t, url)
		empty := engines[engine](t)
		open(t, empty)
		fresh, _ := rawDB(t, empty)
		want, got := everyObject(t, fresh, engine), everyObject(t, upgraded, engine)
		if len(want) < 30 {
			t.Errorf("found only %d objects", len(want))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("schema (-from empty +upgraded):\n%s", diff)
		}
	})
}

// The program of the first schema knows nothing of leases and would go on to watch
// the dialers beside the new one.
func TestAnUpgradeIsRefusedWhileAnOlderProgramServes(t *testing.T) {
	t.Parallel()
	serve := map[string]func(t *testing.T, url string) (stop func()){"sqlite": serveFileAsBefore, "postgres": servePostgresAsBefore}
	for engine, database := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := database(t)
			storedSchemas(t)[0].restore(t, url)
			db, _ := rawDB(t, url)
			rows, objects := everyRow(t, db, engine), everyObject(t, db, engine)
			stop := serve[engine](t, url)
			for name, open := range opens(url) {
				if err := open(t.Context()); err == nil || !strings.Contains(err.Error(), "Coach Manager is serving this database; stop it first") {
					t.Errorf("%s: got %v, want that another one serves the database", name, err)
				}
			}
			checkUntouched(t, db, engine, rows, objects)
			stop()
			for name, open := range opens(url) {
				if err := open(t.Context()); err != nil {
					t.Errorf("%s, when it has stopped: %v", name, err)
				}
			}
		})
	}
}

func serveFileAsBefore(t *testing.T, path string) (stop func()) {
	t.Helper()
	unlock, err := tryLockFile(path + ".serve.lock")
	if err != nil {
		t.Fatal(err)
	}
	return unlock
}

func servePostgresAsBefore(t *testing.T, url string) (stop func()) {
	t.Helper()
	db, _ := rawDB(t, url)
	conn, err := db.Conn(t.Context())
	if err == nil {
		_, err = conn.ExecContext(t.Context(), "SELECT pg_advisory_lock(1668243811, hashtext(current_schema()) & 2147483647)")
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		// To the pool it may go back only without its lock.
		if _, err := conn.ExecContext(t.Context(), "SELECT pg_advisory_unlock_all()"); err != nil {
			t.Error(err)
		}
		_ = conn.Close()
	}
}

// objects asks each engine for all that a schema is made of, as text.
var objects = map[string]string{
	"postgres": `SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ', may be null: ' || is_nullable || ', default: ' ||
			coalesce(column_default, 'none') || ', identity: ' || coalesce(identity_generation, 'no')
		FROM information_schema.columns WHERE table_schema = 'public'
		UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
		FROM pg_constraint WHERE connamespace = 'public'::regnamespace`,
	"sqlite": `SELECT 'column ' || m.name || '.' || c.name || ' ' || c.type || ', not null: ' || c."notnull" || ', default: ' ||
			coalesce(c.dflt_value, 'none') || ', primary: ' || c.pk || ', hidden: ' || c.hidden
		FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c WHERE m.type = 'table'
		UNION ALL SELECT type || ' ' || name || ': ' || coalesce(sql, 'automatic') FROM sqlite_master`,
}

// notSaid is what SQLite keeps of a statement's text and what makes no difference.
var notSaid = regexp.MustCompile(`--[^\n]*|\s+`)

// everyObject are all columns, indexes and constraints, sorted.
func everyObject(t *testing.T, db *sql.DB, engine string) []string {
	t.Helper()
	all := ask(t, db, objects[engine])
	for i, text := range all {
		all[i] = strings.Join(strings.Fields(notSaid.ReplaceAllString(text, " ")), " ")
	}
	slices.Sort(all)
	return all
}

// everyRow are all rows of all tables, as text, sorted.
func everyRow(t *testing.T, db *sql.DB, engine string) (all []string) {
	t.Helper()
	for _, table := range tables(t, db, engine) {
		for _, row := range ask(t, db, "SELECT * FROM "+table) {
			all = append(all, table+": "+row)
		}
	}
	slices.Sort(all)
	return all
}

func tables(t *testing.T, db *sql.DB, engine string) []string {
	t.Helper()
	return ask(t, db, map[string]string{
		"postgres": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
		"sqlite":   "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1",
	}[engine])
}

// ask returns the rows of an answer, each as one text.
func ask(t *testing.T, db *sql.DB, question string) (answer []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		fields, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range fields {
			into[i] = &fields[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(fields))
		for i, field := range fields {
			texts[i] = fmt.Sprint(field)
		}
		answer = append(answer, strings.Join(texts, " | "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return answer
}

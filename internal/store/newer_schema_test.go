package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
)

// further brings a database of this program's schema to the next one, as a later
// version of the same release would: it adds columns, tables and indexes and takes
// nothing away. It writes into what it added, too.
func further(t *testing.T, url string) (schema int64) {
	t.Helper()
	db, engine := rawDB(t, url)
	schema = version(t, db) + 1
	statements := []string{"BEGIN"}
	for _, table := range tables(t, db, engine) {
		if table != "schema_versions" {
			statements = append(statements, "ALTER TABLE "+table+" ADD COLUMN room text NOT NULL DEFAULT 'none'")
			if table != "audit" { // which nobody changes
				statements = append(statements, "UPDATE "+table+" SET room = 'the newer program''s'")
			}
		}
	}
	const inside = `{"rooms":[{"floor":1}],` // goes into what is kept as JSON
	statements = append(
		statements,
		"CREATE INDEX sessions_by_room ON sessions (room, started_at, id)",
		"CREATE TABLE rooms (name text NOT NULL PRIMARY KEY, floor integer NOT NULL)",
		"INSERT INTO rooms (name, floor) VALUES ('north', 1)",
		"UPDATE changes SET payload = '"+inside+"' || substr(payload, 2)",
		"UPDATE sessions SET timeline = replace(timeline, '{', '"+inside+"')",
		fmt.Sprintf("INSERT INTO schema_versions (version_id, is_applied) VALUES (%d, TRUE)", schema),
		"COMMIT",
	)
	run(t, db, strings.Join(statements, ";\n"))
	return schema
}

// tellOfARoom has a newer program write a change of a kind of its own.
func tellOfARoom(t *testing.T, url string) {
	t.Helper()
	db, _ := rawDB(t, url)
	run(t, db, `BEGIN;
		UPDATE counter SET revision = revision + 1;
		INSERT INTO changes (number, at, kind, entity_id, payload)
		SELECT revision, as_of, 'room.changed', 'north', '["not", "even", {"an": "object"}]' FROM counter;
		COMMIT`)
}

func TestAProgramWorksOnANewerSchemaOfItsRelease(t *testing.T) {
	onEachStoredSchema(t, func(t *testing.T, stored storedSchema, url string) {
		if _, err := Migrate(t.Context(), url, quiet); err != nil {
			t.Fatal(err)
		}
		newer := further(t, url)
		if done, err := Migrate(t.Context(), url, quiet); err != nil || done != (Migration{From: newer, To: newer}) {
			t.Errorf("migrate: got %+v, %v, want that schema %d stays", done, err, newer)
		}
		checkWorks(t, open(t, url), stored.want(t))
		checkRoomsStay(t, url)
	})
}

// A rolling update: the new program brings the schema further while this one works,
// with its connections open and its statements prepared.
func TestARunningProgramDoesNotNoticeThatTheSchemaIsBroughtFurther(t *testing.T) {
	onEachStoredSchema(t, func(t *testing.T, stored storedSchema, url string) {
		s := open(t, url)
		before := callAll(t, s, stored.want(t))
		if len(before) > 0 {
			t.Fatalf("before: %v", before)
		}
		further(t, url)
		for failed, times := range callAll(t, s, stored.want(t)) {
			t.Errorf("%d times %s", times, failed)
		}
		checkWorks(t, s, withRevision(t, s, stored.want(t)))
		checkRoomsStay(t, url)
	})
}

// callAll makes all calls, many at once and again, so that every connection has
// made each. It returns those that failed, and how often.
func callAll(t *testing.T, s *Store, want stored) map[string]int {
	t.Helper()
	all := calls(s)
	all["Session with calls"] = func(ctx context.Context) error { _, err := s.Session(ctx, want.Live[0]); return err }
	all["Changes with entries"] = func(ctx context.Context) error {
		_, err := s.Changes(ctx, coaching.Revision{Epoch: want.Epoch, Number: want.Revision - 1}, 5)
		return err
	}
	for i, q := range want.Queries {
		all[fmt.Sprintf("Sessions, query %d", i)] = func(ctx context.Context) error { _, err := s.Sessions(ctx, q.Query); return err }
	}
	all["Change of all"] = func(ctx context.Context) error {
		scope := coaching.Scope{Dialer: "pbx1", AllLive: true, Extensions: []string{"PJSIP/1001"}, Calls: []string{"1772442000.30"}}
		_, err := s.Change(ctx, scope, func(*coaching.Board) error { return nil })
		return err
	}
	var mu sync.Mutex
	failed := map[string]int{}
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for name, call := range all {
				if err := call(t.Context()); err != nil {
					mu.Lock()
					failed[fmt.Sprintf("%s: %v", name, err)]++
					mu.Unlock()
				}
			}
		})
	}
	callers.Wait()
	return failed
}

// withRevision is want where readers stand now: the database has changed since.
func withRevision(t *testing.T, s *Store, want stored) stored {
	t.Helper()
	set, err := s.LiveSet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want.Revision, want.AsOf, want.Users, want.Dialers = set.Revision.Number, set.Revision.At, set.Users, set.Dialers
	return want
}

// checkWorks reads everything, follows the log, and ends every live session.
func checkWorks(t *testing.T, s *Store, want stored) {
	t.Helper()
	checkLiveSet(t, s, want)
	checkSessions(t, s, want)
	checkQueries(t, s, want)
	checkNews(t, s, want)
	for _, id := range want.Live {
		session, err := s.Session(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		gone := endedBy(t, s, session)
		got, err := s.Session(t.Context(), id)
		if diff := cmp.Diff(gone, got, cmpopts.EquateEmpty()); err != nil || diff != "" || got.Live() {
			t.Errorf("ended session (-want +got), %v:\n%s", err, diff)
		}
	}
}

// checkRoomsStay sees that what a newer program wrote into rows outlives this
// program's writing them, and that rows of this program have the default.
func checkRoomsStay(t *testing.T, url string) {
	t.Helper()
	db, engine := rawDB(t, url)
	for _, table := range []string{"sessions", "session_calls", "disconnect_requests", "users", "user_extensions", "dialers", "counter"} {
		if !slices.Contains(tables(t, db, engine), table) {
			t.Fatalf("no table %s", table)
		}
		rooms := ask(t, db, "SELECT DISTINCT room FROM "+table+" ORDER BY 1")
		added := table == "users" || table == "user_extensions" // countUp's agent
		if !slices.Equal(rooms, []string{"the newer program's"}) && (!added || !slices.Equal(rooms, []string{"none", "the newer program's"})) {
			t.Errorf("%s: got rooms %q", table, rooms)
		}
	}
	if rooms := ask(t, db, "SELECT room FROM changes ORDER BY number DESC LIMIT 1"); !slices.Equal(rooms, []string{"none"}) {
		t.Errorf("the newest change: got room %q, want the default", rooms)
	}
}

func TestChangesOfAKindThatOnlyANewerProgramKnowsArePassedOver(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		before, err := countUp(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		further(t, url)
		tellOfARoom(t, url)
		tellOfARoom(t, url)
		after, err := countUp(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		for limit := 1; limit <= 4; limit++ {
			got := follow(t, s, before.Revision, limit)
			if len(got) != 2+len(after.Changes) {
				t.Fatalf("%d at a time: got %d changes, want 2 of rooms and %d", limit, len(got), len(after.Changes))
			}
			for i, c := range got[:2] {
				unknown := coaching.Change{Number: before.Revision.Number + int64(i) + 1, Kind: "room.changed", At: before.Revision.At}
				if diff := cmp.Diff(unknown, c); diff != "" {
					t.Errorf("a change of a room (-want +got):\n%s", diff)
				}
			}
			if diff := cmp.Diff(after.Changes, got[2:], cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("what follows (-want +got):\n%s", diff)
			}
		}
	})
}

// follow reads the change log from a revision to its end, as a reader does that
// stands where the last change left it.
func follow(t *testing.T, s *Store, from coaching.Revision, limit int) (all []coaching.Change) {
	t.Helper()
	for {
		changes, err := s.Changes(t.Context(), from, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			return all
		}
		all = append(all, changes...)
		last := changes[len(changes)-1]
		from.Number, from.At = last.Number, last.At
	}
}

func TestTheLiveViewGoesOnPastWhatOnlyANewerProgramKnows(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		floor := coaching.NewFloor(s, "old", nil, coaching.Timing{Poll: 10 * time.Millisecond}, quiet)
		if err := floor.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { floor.Run(ctx) })
		defer running.Wait()
		defer stop()

		further(t, url)
		var last coaching.Commit
		for range 3 {
			tellOfARoom(t, url)
			var err error
			if last, err = countUp(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		tellOfARoom(t, url)
		housetest.WaitFor(t, "the newest revision", func() bool { return floor.Live().Revision.Number > last.Revision.Number })
		for _, c := range last.Changes {
			if c.User == nil {
				continue
			}
			got, err := floor.User(t.Context(), c.User.ID)
			if diff := cmp.Diff(*c.User, got.User, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("the user that changed last (-want +got), %v:\n%s", err, diff)
			}
		}
	})
}

func TestASchemaThatNeedsANewerProgramIsRefusedAndLeftAsItIs(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		known, err := Migrate(t.Context(), url, quiet)
		if err != nil {
			t.Fatal(err)
		}
		newer := further(t, url)
		db, engine := rawDB(t, url)
		allow := func(oldest int64) { run(t, db, fmt.Sprintf("UPDATE compatibility SET oldest = %d", oldest)) }

		allow(newer)
		rows, objects := everyRow(t, db, engine), everyObject(t, db, engine)
		refusal := fmt.Sprintf("the database has schema %d, made by a newer Coach Manager; this one knows schemas up to %d", newer, known.To)
		for name, open := range opens(url) {
			if err := open(t.Context()); err == nil || !strings.HasPrefix(err.Error(), refusal) || !strings.Contains(err.Error(), "restore a backup") {
				t.Errorf("%s: got %v, want: %s ... and what to do", name, err, refusal)
			}
		}
		checkUntouched(t, db, engine, rows, objects)

		allow(known.To)
		for name, open := range opens(url) {
			if err := open(t.Context()); err != nil {
				t.Errorf("%s, when schema %d will do: %v", name, known.To, err)
			}
		}
	})
}

// opens are the ways to open a database.
func opens(url string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Migrate": func(ctx context.Context) error { _, err := Migrate(ctx, url, quiet); return err },
		"Open": func(ctx context.Context) error {
			s, err := Open(ctx, url, Options{Log: quiet, Patience: time.Minute})
			if err != nil {
				return err
			}
			return s.Close()
		},
	}
}

func checkUntouched(t *testing.T, db *sql.DB, engine string, rows, objects []string) {
	t.Helper()
	if diff := cmp.Diff(rows, everyRow(t, db, engine)); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(objects, everyObject(t, db, engine)); diff != "" {
		t.Errorf("schema (-before +after):\n%s", diff)
	}
}

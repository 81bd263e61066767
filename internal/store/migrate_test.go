package store

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

var quiet = slog.New(slog.DiscardHandler)

func TestMigrateSeveralAtOnceAndAgain(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		var all sync.WaitGroup
		results := make([]Migration, 4)
		for i := range results {
			all.Go(func() {
				var err error
				if results[i], err = Migrate(t.Context(), url, quiet); err != nil {
					t.Errorf("process %d: %v", i, err)
				}
			})
		}
		all.Wait()
		newest := results[0].To
		fromEmpty := 0
		for _, r := range results {
			if r.To != newest || newest < 1 {
				t.Errorf("got schema %d, want %d", r.To, newest)
			}
			if r.From == 0 {
				fromEmpty++
			}
		}
		if fromEmpty != 1 {
			t.Errorf("%d of 4 made the schema, want 1: %+v", fromEmpty, results)
		}
		if again, err := Migrate(t.Context(), url, quiet); err != nil || again != (Migration{From: newest, To: newest}) {
			t.Errorf("again: got %+v, %v, want that there is nothing to do", again, err)
		}
		s := open(t, url)
		if _, err := s.ImportHistory(t.Context(), sampleHistory(10)); err != nil {
			t.Error(err)
		}
	})
}

func TestBothEnginesHaveTheSameColumns(t *testing.T) {
	t.Parallel()
	columns := func(engine, question string) map[string]bool {
		s := open(t, engines[engine](t))
		var rows []struct{ Tab, Col, Nul string }
		if err := s.reading.Raw(question).Scan(&rows).Error; err != nil {
			t.Fatal(err)
		}
		all := map[string]bool{}
		for _, r := range rows {
			all[fmt.Sprintf("%s.%s, may be null: %s", r.Tab, r.Col, r.Nul)] = true
		}
		return all
	}
	sqlite := columns("sqlite", `SELECT m.name AS tab, c.name AS col, CASE c."notnull" WHEN 1 THEN 'NO' ELSE 'YES' END AS nul
		FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT IN ('schema_versions', 'sqlite_sequence')`)
	postgres := columns("postgres", `SELECT table_name AS tab, column_name AS col, is_nullable AS nul
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_versions'`)
	if len(sqlite) < 50 {
		t.Errorf("found only %d columns", len(sqlite))
	}
	if diff := cmp.Diff(postgres, sqlite); diff != "" {
		t.Errorf("columns (-Postgres +SQLite):\n%s", diff)
	}
}

func TestEveryTypeHasABitOfItsOwn(t *testing.T) {
	t.Parallel()
	mask := 0
	for _, typ := range coaching.Types() {
		if bit := typeBits[typ]; bit == 0 || mask&bit != 0 {
			t.Errorf("type %s has bit %b", typ, bit)
		}
		mask |= typeBits[typ]
	}
}

func TestAnotherDatabaseHasAnotherEpoch(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		commit, err := countUp(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		name := "sqlite"
		if s.writing.Name() != name {
			name = "postgres"
		}
		other := open(t, engines[name](t))
		if _, err := other.Changes(t.Context(), commit.Revision, 1); !isNotFound(err) {
			t.Errorf("another database's revision: got %v, want ErrNotFound", err)
		}
	})
}

// Two branches made a migration each: a database that has the later one only gets
// the earlier one too.
func TestMigrationsThatWereMadeBesideOneAnotherComeInAnyOrder(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		newest, err := Migrate(t.Context(), url, quiet)
		if err != nil {
			t.Fatal(err)
		}
		db, _ := rawDB(t, url)
		run(t, db, `DROP TABLE leases; DROP TABLE compatibility; DROP TABLE freed;
			ALTER TABLE dialers DROP COLUMN clock_at; ALTER TABLE counter DROP COLUMN prior;
			DELETE FROM schema_versions WHERE version_id = 2`)
		if done, err := Migrate(t.Context(), url, quiet); err != nil || done.To != newest.To {
			t.Errorf("got %+v, %v", done, err)
		}
		if _, err := open(t, url).Leases(t.Context()); err != nil {
			t.Errorf("what the earlier one makes is missing: %v", err)
		}
		if again, err := Migrate(t.Context(), url, quiet); err != nil || again != (Migration{From: newest.To, To: newest.To}) {
			t.Errorf("again: got %+v, %v, want that there is nothing to do", again, err)
		}
	})
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// looked is an entry of a look, told apart by a number.
func looked(i int) audit.Entry {
	return audit.Entry{
		Action: audit.SearchedByNumber, Result: "allowed",
		Actor:   audit.Actor{Kind: audit.ByToken, ID: coachingtest.ID(uint64(i%7 + 1)).String()},
		Subject: audit.Subject{Kind: audit.Session, ID: coachingtest.ID(uint64(i%5 + 1)).String()},
		Details: fmt.Sprintf(`{"i":%d}`, i),
	}
}

func lookedUpTo(n int) []audit.Entry {
	entries := make([]audit.Entry, n)
	for i := range entries {
		entries[i] = looked(i)
		if i%3 == 0 {
			entries[i].Action = audit.RequestRefused
		}
	}
	return entries
}

func appendTo(t *testing.T, s *Store, entries ...audit.Entry) {
	t.Helper()
	if err := s.AppendAudit(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
}

// verified is where the audit ends, which is as it was written.
func verified(t *testing.T, s *Store) audit.Head {
	t.Helper()
	head, err := audit.Verify(t.Context(), s, nil, func(int64) {})
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// audited are all entries, but for their hashes and times, from the first.
func audited(t *testing.T, s *Store) []audit.Entry {
	t.Helper()
	verified(t, s)
	entries, err := s.AuditEntries(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// Several processes append at once, and one of them is killed.
func TestTheAuditIsOneChainWhoeverAppends(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		one, two := open(t, url), open(t, url)
		killed := startChild(t, "audit", url)
		killed.line() // it appends
		var all sync.WaitGroup
		for i := range 8 {
			s := []*Store{one, two}[i%2]
			all.Go(func() {
				for j := range 10 {
					if err := s.AppendAudit(t.Context(), lookedUpTo(1+j%3)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		killed.line()
		killed.kill()
		all.Wait()
		entries := audited(t, one)
		if len(entries) < 8*19+2 {
			t.Errorf("%d entries", len(entries))
		}
		for i := 1; i < len(entries); i++ {
			if entries[i].At.Before(entries[i-1].At) {
				t.Errorf("entry %d is of %v, the one before of %v", i+1, entries[i].At, entries[i-1].At)
			}
		}
	})
}

// appendWithoutEnd is what a child does.
func appendWithoutEnd(ctx context.Context, s *Store) error {
	for {
		if err := s.AppendAudit(ctx, []audit.Entry{looked(1), looked(2)}); err != nil {
			return err
		}
		fmt.Println("appended")
	}
}

// unprotected is the database for somebody who owns it: the triggers are off.
func unprotected(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, engine := rawDB(t, url)
	if engine == "postgres" {
		run(t, db, "DROP TRIGGER audit_stays ON audit; DROP TRIGGER audit_stays_whole ON audit")
	} else {
		run(t, db, "DROP TRIGGER audit_stays; DROP TRIGGER audit_stays_unchanged")
	}
	return db
}

func TestWhateverIsDoneToTheAuditIsFound(t *testing.T) {
	another := "'" + uuid.NewString() + "'"
	for name, test := range map[string]struct{ do, finds string }{
		"nothing":                    {"SELECT 1", ""},
		"the action is changed":      {"UPDATE audit SET action = 'token.created' WHERE number = 4", "entry 4 is not as"},
		"the result is changed":      {"UPDATE audit SET result = 'denied' WHERE number = 4", "entry 4 is not as"},
		"the kind is changed":        {"UPDATE audit SET actor_kind = 'sso' WHERE number = 4", "entry 4 is not as"},
		"the actor is changed":       {"UPDATE audit SET actor_id = " + another + " WHERE number = 4", "entry 4 is not as"},
		"the subject is changed":     {"UPDATE audit SET subject_id = " + another + " WHERE number = 4", "entry 4 is not as"},
		"its kind is changed":        {"UPDATE audit SET subject_kind = 'token' WHERE number = 4", "entry 4 is not as"},
		"the details are changed":    {"UPDATE audit SET details = '{}' WHERE number = 4", "entry 4 is not as"},
		"a space is put in":          {"UPDATE audit SET details = details || ' ' WHERE number = 4", "entry 4 is not as"},
		"something moves over":       {"UPDATE audit SET result = result || actor_kind, actor_kind = '' WHERE number = 4", "entry 4 is not as"},
		"the hash is changed":        {"UPDATE audit SET hash = (SELECT hash FROM audit WHERE number = 5) WHERE number = 4", "entry 4 is not as"},
		"the first is taken out":     {"DELETE FROM audit WHERE number = 1", "entry 1 is missing"},
		"one is taken out":           {"DELETE FROM audit WHERE number = 4", "entry 4 is missing"},
		"the last is taken out":      {"DELETE FROM audit WHERE number = 10", "entry 10 is missing"},
		"the last ones are":          {"DELETE FROM audit WHERE number > 6", "entry 7 is missing"},
		"all are":                    {"DELETE FROM audit", "entry 1 is missing"},
		"two change places":          {"UPDATE audit SET number = 99 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = 5; UPDATE audit SET number = 5 WHERE number = 99", "entry 3 is not as"},
		"one is put behind the last": {copyOf(10, 11), "entry 11 is not as"},
		"one is put before all":      {copyOf(10, 0), "entry 0 is one too many"},
		"the head is changed":        {"UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE number = 5)", "entry 10 is not the one that the chain's head names"},
		"the end is taken off with its head": {
			"DELETE FROM audit WHERE number > 6; UPDATE audit_head SET number = 6, hash = (SELECT hash FROM audit WHERE number = 6)", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEachEngine(t, func(t *testing.T, url string) {
				s := open(t, url)
				appendTo(t, s, lookedUpTo(10)...)
				noted := verified(t, s)
				run(t, unprotected(t, url), test.do)
				for _, expected := range []*audit.Head{nil, &noted} {
					finds := test.finds
					if expected != nil && strings.HasPrefix(name, "the end") {
						finds = "entry 7 is missing: a head was noted at 10"
					}
					_, err := audit.Verify(t.Context(), s, expected, func(int64) {})
					if got := fmt.Sprint(err); finds == "" && err != nil || !strings.Contains(got, finds) {
						t.Errorf("got %s, want %q", got, finds)
					}
				}
			})
		})
	}
}

// copyOf is a statement that puts a copy of an entry in.
func copyOf(number, to int) string {
	return fmt.Sprintf(`INSERT INTO audit (number, at, action, result, actor_kind, actor_id, subject_kind, subject_id, details, hash)
		SELECT %d, at, action, result, actor_kind, actor_id, subject_kind, subject_id, details, hash FROM audit WHERE number = %d`, to, number)
}

// Whoever owns the database can compute all hashes anew; what was noted elsewhere
// tells.
func TestAnAuditThatIsWrittenAnewIsFoundByAHeadThatWasNoted(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		appendTo(t, s, lookedUpTo(6)...)
		noted := verified(t, s)
		appendTo(t, s, lookedUpTo(4)...)
		entries := audited(t, s)
		forged := entries[9]
		forged.Number = 11
		forged.Hash = forged.After(entries[9].Hash)
		db := unprotected(t, url)
		if err := s.writing.Create(rowOfAudit(forged)).Error; err != nil {
			t.Fatal(err)
		}
		_, err := audit.Verify(t.Context(), s, nil, func(int64) {})
		if !strings.Contains(fmt.Sprint(err), "entry 11 is one too many") {
			t.Errorf("got %v", err)
		}
		entries[2].Result = "never"
		run(t, db, "DELETE FROM audit; UPDATE audit_head SET number = 0, hash = (SELECT "+zeroHash(s)+")")
		appendTo(t, s, entries...)
		verified(t, s)
		_, err = audit.Verify(t.Context(), s, &noted, func(int64) {})
		if !strings.Contains(fmt.Sprint(err), "entry 6 is not the one that was noted") {
			t.Errorf("got %v", err)
		}
	})
}

func zeroHash(s *Store) string {
	if s.writing.Name() == "sqlite" {
		return "zeroblob(32)"
	}
	return "decode(repeat('00', 32), 'hex')"
}

func TestTheAuditIsNotChangedByAccident(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		appendTo(t, s, lookedUpTo(3)...)
		statements := []string{"UPDATE audit SET result = ''", "DELETE FROM audit WHERE number = 3"}
		if s.writing.Name() == "postgres" {
			statements = append(statements, "TRUNCATE audit")
		}
		for _, statement := range statements {
			if err := s.writing.Exec(statement).Error; !strings.Contains(fmt.Sprint(err), "only ever appended to") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		verified(t, s)
	})
}

func TestALongAuditIsVerifiedInParts(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		const long = 6500
		appendTo(t, s, lookedUpTo(long)...)
		var seen []int64
		head, err := audit.Verify(t.Context(), s, nil, func(n int64) { seen = append(seen, n) })
		if err != nil || head.Number != long || len(seen) < 3 || seen[len(seen)-1] != long {
			t.Errorf("got %v, %v, seen %v", head, err, seen)
		}
	})
}

func TestPagesOfTheAudit(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		appendTo(t, s, lookedUpTo(60)...)
		if err := s.writing.Exec("UPDATE audit_head SET at = ?", at(time.Now().Add(time.Hour))).Error; err != nil { // the clock was set back since
			t.Fatal(err)
		}
		appendTo(t, s, lookedUpTo(60)...)
		all := audited(t, s)
		from, to := all[60].At, all[60].At.Add(time.Microsecond)
		actor, subject := all[3].Actor.ID, all[3].Subject.ID
		for name, q := range map[string]audit.Query{
			"all": {}, "an action": {Action: audit.RequestRefused}, "an actor": {ActorID: actor}, "a subject": {SubjectID: subject},
			"all three": {Action: audit.RequestRefused, ActorID: actor, SubjectID: subject}, "from": {From: &from}, "to": {To: &from},
			"an actor, from": {ActorID: actor, From: &from, To: &to}, "nobody": {ActorID: "nobody"}, "later": {From: &to}, "no text": {ActorID: "\x00"},
		} {
			for _, most := range []int{mostEntries, 7} {
				s.mostEntries = most
				if got, want := numbersOf(allAuditPages(t, s, q)), matching(all, q); got != want {
					t.Errorf("%s, %d at most: got %s, want %s", name, most, got, want)
				}
			}
		}
	})
}

func allAuditPages(t *testing.T, s *Store, q audit.Query) (all []audit.Entry) {
	t.Helper()
	for q.Limit = 4; ; {
		page, err := s.AuditPage(t.Context(), q)
		if err != nil || page.Head.Number != 120 {
			t.Fatalf("%+v: %v, head %v", q, err, page.Head)
		}
		all = append(all, page.Entries...)
		if page.Next == 0 {
			return all
		}
		q.Before = page.Next
	}
}

// matching are the numbers that a query is for, newest first.
func matching(all []audit.Entry, q audit.Query) string {
	var found []audit.Entry
	for i := len(all) - 1; i >= 0; i-- {
		e := all[i]
		if (q.Action == "" || q.Action == e.Action) && (q.ActorID == "" || q.ActorID == e.Actor.ID) && (q.SubjectID == "" || q.SubjectID == e.Subject.ID) &&
			(q.From == nil || !e.At.Before(*q.From)) && (q.To == nil || e.At.Before(*q.To)) {
			found = append(found, e)
		}
	}
	return numbersOf(found)
}

func numbersOf(entries []audit.Entry) string {
	var numbers []int64
	for _, e := range entries {
		numbers = append(numbers, e.Number)
	}
	return fmt.Sprint(numbers)
}

func TestEveryWayIntoTheAuditWalksItsIndex(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		appendTo(t, s, lookedUpTo(2000)...)
		from := time.Now().Add(-time.Hour)
		for _, statistics := range []bool{false, true} {
			if statistics {
				if err := s.writing.Exec("ANALYZE").Error; err != nil {
					t.Fatal(err)
				}
			}
			for index, q := range map[string]audit.Query{
				"audit_by_subject": {SubjectID: looked(3).Subject.ID, ActorID: "x", Action: "y", From: &from}, "audit_by_actor": {ActorID: looked(3).Actor.ID, Action: "y"},
				"audit_by_action": {Action: audit.RequestRefused, Before: 1000}, "": {Before: 1000},
			} {
				w, err := newAuditWalk(s.reading.WithContext(t.Context()), q)
				if err != nil {
					t.Fatal(err)
				}
				where, args := w.statement()
				checkAuditPlan(t, s, index, "SELECT * FROM audit WHERE "+where+" ORDER BY "+w.order()+" LIMIT 51", args...)
			}
			checkAuditPlan(t, s, "audit_by_time", "SELECT number FROM audit WHERE at >= ? ORDER BY at, number LIMIT 1", at(from))
			checkAuditPlan(t, s, "", "SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT 2000", 5)
		}
	})
}

// checkAuditPlan wants an index walked in its order; "" is the primary key.
func checkAuditPlan(t *testing.T, s *Store, index, sql string, args ...any) {
	t.Helper()
	plan := explain(t, s, sql, args)
	if index == "" {
		index = map[string]string{"sqlite": "PRIMARY KEY", "postgres": "audit_pkey"}[s.writing.Name()]
	}
	if !strings.Contains(plan, index) {
		t.Errorf("does not walk %s:\n%s\n%s", index, sql, plan)
	}
	for _, bad := range []string{"Seq Scan", "Sort", "Bitmap", "SCAN", "TEMP B-TREE"} {
		if strings.Contains(plan, bad) {
			t.Errorf("%s in the plan of\n%s\n%s", bad, sql, plan)
		}
	}
}

// The first token of a fresh deployment locks what others lock, in their order.
func TestTokensAndTheAuditDoNotWaitForEachOther(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				n := newToken(fmt.Sprint("first ", i))
				if _, err := s.CreateFirstToken(t.Context(), n); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				if _, err := s.CreateToken(t.Context(), newToken(fmt.Sprint("token ", i))); err != nil {
					t.Error(err)
				}
				appendTo(t, s, looked(i))
			})
		}
		all.Wait()
		verified(t, s)
	})
}

// summary is what an entry says, without what is made up.
func summary(e audit.Entry) string {
	return fmt.Sprintf("%s %s by %s of %s", e.Action, e.Result, e.Actor.Kind, e.Subject.Kind)
}

func checkAudited(t *testing.T, s *Store, want ...string) []audit.Entry {
	t.Helper()
	entries := audited(t, s)
	var got []string
	for _, e := range entries {
		got = append(got, summary(e))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return entries
}

func TestWhatIsDoneToATokenIsAudited(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		if made, err := s.CreateFirstToken(t.Context(), newToken("first")); err != nil || !made {
			t.Fatal(made, err)
		}
		if made, err := s.CreateFirstToken(t.Context(), newToken("second")); err != nil || made {
			t.Fatal(made, err)
		}
		n := newToken("Anna's page")
		n.Team, n.Expires = "Nord & Süd", time.Hour
		made, err := s.CreateToken(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateToken(t.Context(), n); err == nil {
			t.Fatal("made twice")
		}
		for range 2 {
			if _, err := s.RevokeToken(t.Context(), n.Name); err != nil {
				_, err = s.RevokeToken(t.Context(), made.ID.String())
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		entries := checkAudited(t, s, "token.first_created done by service of token", "token.created done by command of token", "token.revoked done by command of token")
		for _, e := range entries[1:] {
			if e.Subject.ID != made.ID.String() || !strings.Contains(e.Details, `"role":"manager","team_hash":"`) || !strings.Contains(e.Details, `"expires_at":"20`) ||
				strings.Contains(e.Details, "Nord") || strings.Contains(e.Details, "Anna") {
				t.Errorf("got %+v", e)
			}
		}
	})
}

func TestImportsAreAudited(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		in := staff(portionSize + 3)
		bring(t, s, in)
		bring(t, s, in) // changes nothing
		bring(t, s, Import{Entries: []coaching.ImportedEntry{{Kind: coaching.KindCampaign, Dialer: "pbx1", Key: "1", Name: "Spring"}}})
		entries := checkAudited(t, s, "users.imported done by command of import", "users.changed done by command of import",
			"users.changed done by command of import", "catalog.imported done by command of import")
		if want := fmt.Sprintf(`{"changed":0,"completed":0,"created":%d,"deactivated":0,"moved":0,"unchanged":0}`, portionSize+3); entries[0].Details != want {
			t.Errorf("got %s, want %s", entries[0].Details, want)
		}
		for _, u := range liveSetOf(t, s).Users {
			if !strings.Contains(entries[1].Details+entries[2].Details, u.ID.String()) {
				t.Errorf("user %v is not among those who were changed", u.ID)
			}
		}
		if id := entries[0].Subject.ID; id != entries[1].Subject.ID || id != entries[2].Subject.ID || id == entries[3].Subject.ID {
			t.Errorf("imports %s, %s, %s and %s", id, entries[1].Subject.ID, entries[2].Subject.ID, entries[3].Subject.ID)
		}
	})
}

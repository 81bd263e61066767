package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// erasedNumber is who asked for erasure; the spellings are how dialers told it.
const erasedNumber = "+49 30 7770199"

var spelt = []string{"+49 30 7770199", "49307770199", "+49-30-777-0199"}

// privacy is a database with a past, and a dialer that reports.
type privacy struct {
	*Store
	t   *testing.T
	url string
	seq int64
}

// pastOf gives every nth call of a past the number, in one of its spellings.
func pastOf(sessions, nth int) (h History, calls int) {
	h = sampleHistory(sessions)
	for i, s := range h.Sessions {
		if i%nth == 0 {
			s.Calls[0].PhoneNumber = spelt[i/nth%len(spelt)]
			calls++
		}
	}
	written := h.Sessions[1] // heard somebody else
	written.Requests = []coaching.DisconnectRequest{{
		ID: coachingtest.ID(7), AskedAt: written.StartedAt, AskedBy: coaching.Actor{Name: "desk"},
		Reason: "49 30 777 0199 complained", Type: written.Type(), Outcome: coaching.OutcomeConfirmed, FinishedAt: &written.StartedAt,
	}, {
		ID: coachingtest.ID(8), AskedAt: written.StartedAt, AskedBy: coaching.Actor{Name: "desk"},
		Reason: "at 10:30 in room 0199", Type: written.Type(), Outcome: coaching.OutcomeConfirmed, FinishedAt: &written.StartedAt,
	}}
	return h, calls
}

func newPrivacy(t *testing.T, url string, past History) *privacy {
	t.Helper()
	p := &privacy{Store: open(t, url), t: t, url: url}
	if _, err := p.ImportHistory(t.Context(), past); err != nil {
		t.Fatal(err)
	}
	return p
}

// report keeps what the dialer says.
func (p *privacy) report(sightings ...coaching.Sighting) {
	p.t.Helper()
	scope := coaching.Scope{Dialer: coachingtest.Dialer, Kind: "simulator"}
	for _, s := range sightings {
		switch s := s.(type) {
		case coaching.Attached:
			scope.Legs = append(scope.Legs, s.Leg)
			scope.Extensions = append(scope.Extensions, s.Supervisor.Extension, s.Target.Extension)
		case coaching.Detached:
			scope.Legs = append(scope.Legs, s.Leg)
		case coaching.CallSeen:
			scope.Calls, scope.Extensions = append(scope.Calls, s.CallID), append(scope.Extensions, s.Agent.Extension)
		}
	}
	_, err := p.Change(p.t.Context(), scope, func(b *coaching.Board) error {
		for _, s := range sightings {
			p.seq++
			b.Observe(coaching.Position{Connection: 1, Seq: p.seq}, s)
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *privacy) erase(e Erasure) Erased {
	p.t.Helper()
	erased, err := p.EraseNumbers(p.t.Context(), e, func(Erased) {})
	if err != nil {
		p.t.Fatal(err)
	}
	return erased
}

// holds are the rows of all tables in which a text is.
func (p *privacy) holds(text string) (found []string) {
	p.t.Helper()
	db, engine := rawDB(p.t, p.url)
	defer func() { _ = db.Close() }()
	for _, row := range everyRow(p.t, db, engine) {
		if strings.Contains(row, text) {
			found = append(found, row)
		}
	}
	return found
}

// wantGone wants the number to be nowhere: in no row, and in no byte of a file.
func (p *privacy) wantGone() {
	p.t.Helper()
	for _, s := range append(spelt, "777 0199", "7770199") {
		if found := p.holds(s); len(found) > 0 {
			p.t.Errorf("%d rows hold the number as %s, such as %.300s", len(found), s, found[0])
		}
		if strings.HasPrefix(p.url, "postgres:") {
			continue
		}
		for _, name := range []string{p.url, p.url + "-wal"} {
			raw, err := os.ReadFile(name)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				p.t.Fatal(err)
			}
			if strings.Contains(string(raw), s) {
				p.t.Errorf("%s holds the number as %s", name, s)
			}
		}
	}
}

// counted is all that the history pages show.
func (p *privacy) counted() (ids []string) {
	p.t.Helper()
	for _, s := range allPages(p.t, p.Store, coaching.SessionQuery{State: coaching.AnyState, Limit: 100}) {
		ids = append(ids, fmt.Sprint(s.ID, s.User, s.StartedAt, s.EndedAt, s.HadTypes()))
	}
	return ids
}

func (p *privacy) rowsOf(table string) string {
	p.t.Helper()
	db, _ := rawDB(p.t, p.url)
	defer func() { _ = db.Close() }()
	return ask(p.t, db, "SELECT count(*) FROM "+table)[0]
}

func TestANumberIsErasedEverywhereAndHistoryStaysCountable(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		past, calls := pastOf(300, 3)
		p := newPrivacy(t, url, past)
		talking := coachingtest.Talking("live-1", coachingtest.Agent(1), coachingtest.At(1e6))
		talking.PhoneNumber = spelt[1]
		p.report(coachingtest.Attached("leg1", coachingtest.Agent(1), coaching.TypeMonitor, coachingtest.At(1e6)), talking)
		before, callRows, requestRows := p.counted(), p.rowsOf("session_calls"), p.rowsOf("disconnect_requests")
		from := liveSetOf(t, p.Store).Revision

		want := Erased{Calls: calls + 1, Sessions: calls + 1, Live: 1, Spellings: 3, Reasons: 1}
		of := Erasure{Number: coaching.NewPhoneNumber(erasedNumber), DryRun: true, By: audit.ByCommand}
		if diff := cmp.Diff(want, p.erase(of)); diff != "" {
			t.Error("dry run:", diff)
		}
		if len(p.holds("7770199")) == 0 || liveSetOf(t, p.Store).Revision != from {
			t.Error("the dry run changed something")
		}
		of.DryRun = false
		got := p.erase(of)
		if got.Changes == 0 || got.Files == ScrubbedBusy || got.Files == "" {
			t.Errorf("got %+v", got)
		}
		got.Changes, got.Files = 0, ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		p.wantGone()
		if diff := cmp.Diff(before, p.counted()); diff != "" {
			t.Error("the history shows something else:", diff)
		}
		if p.rowsOf("session_calls") != callRows || p.rowsOf("disconnect_requests") != requestRows || len(p.holds("room 0199")) != 1 {
			t.Error("rows are missing, or another reason")
		}
		for _, s := range spelt {
			if page, err := p.Sessions(t.Context(), coaching.SessionQuery{PhoneNumber: s, Limit: 10}); err != nil || len(page.Sessions) > 0 {
				t.Errorf("%s still finds sessions: %v", s, err)
			}
		}
		changes, err := p.Changes(t.Context(), from, 100)
		if err != nil || len(changes) != 1 || changes[0].Kind != coaching.SessionChanged || changes[0].Session.CurrentCalls()[0].PhoneNumber != "" {
			t.Errorf("whoever follows is told %+v, %v", changes, err)
		}
		if got := erasuresIn(t, audited(t, p.Store)); got != want.Calls {
			t.Errorf("the audit tells of %d calls, want %d", got, want.Calls)
		}
		if again := p.erase(of); again != (Erased{Files: again.Files}) {
			t.Errorf("once more: %+v", again)
		}
		p.goesOnWithout(talking)
	})
}

// erasuresIn counts the calls whose numbers were erased by a command, as the audit
// tells it.
func erasuresIn(t *testing.T, entries []audit.Entry) (calls int) {
	t.Helper()
	for _, e := range entries {
		if e.Action != audit.NumbersErased || e.Actor != (audit.Actor{Kind: audit.ByCommand}) {
			continue
		}
		var details struct {
			Calls    int                  `json:"calls"`
			Sessions []coaching.SessionID `json:"session_ids"`
		}
		if err := json.Unmarshal([]byte(e.Details), &details); err != nil || len(details.Sessions) < details.Calls {
			t.Errorf("%s: %v", e.Details, err)
		}
		calls += details.Calls
	}
	return calls
}

// goesOnWithout lets a call whose number is erased go on to its end, and be heard by
// somebody else.
func (p *privacy) goesOnWithout(talking coaching.CallSeen) {
	p.t.Helper()
	second := coachingtest.Attached("leg2", coachingtest.Agent(1), coaching.TypeCoach, coachingtest.At(1e6+20))
	second.Supervisor = coachingtest.Supervisor(2)
	held := talking
	held.State, held.At = coaching.CallOnHold, coachingtest.At(1e6+30)
	p.report(held)
	p.report(second)
	held.State, held.At = coaching.CallTalking, coachingtest.At(1e6+40)
	p.report(held)
	p.report(coachingtest.Gone("leg1", coachingtest.At(1e6+50)))
	over := coachingtest.Over(talking, coachingtest.At(1e6+60))
	p.report(over)
	p.report(coachingtest.Gone("leg2", coachingtest.At(1e6+70)))
	over.At, over.ResultCode = coachingtest.At(1e6+80), coaching.Named{Key: "SALE"}
	p.report(over)
	p.wantGone()
	page, err := p.Sessions(p.t.Context(), coaching.SessionQuery{CallID: "live-1", Limit: 10})
	if err != nil || len(page.Sessions) != 2 {
		p.t.Errorf("%d sessions heard the call, %v, want 2", len(page.Sessions), err)
	}
	next := coachingtest.Talking("live-2", coachingtest.Agent(1), coachingtest.At(1e6+90))
	next.PhoneNumber = erasedNumber
	p.report(coachingtest.Attached("leg3", coachingtest.Agent(1), coaching.TypeMonitor, coachingtest.At(1e6+90)), next)
	if len(p.holds(erasedNumber)) == 0 {
		p.t.Error("a call that came after the erasure is not known by its number")
	}
}

func TestAnErasureThatIsKilledLeavesTheRestToTheNext(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		past, calls := pastOf(900, 2)
		p := newPrivacy(t, url, past)
		killed := startChild(t, "erase", url)
		first, err := strconv.Atoi(killed.line())
		killed.kill()
		left := len(p.holds("0199"))
		if err != nil || first == 0 || left == 0 {
			t.Errorf("after %d calls it was killed, and %d rows are left; %v", first, left, err)
		}
		got := p.erase(Erasure{Number: coaching.NewPhoneNumber(erasedNumber)})
		if got.Calls+first > calls {
			t.Errorf("of %d calls it erased %d and then %d", calls, first, got.Calls)
		}
		p.wantGone()
	})
}

func TestAnErasureThatIsCutOffSaysSo(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		past, _ := pastOf(300, 1)
		p := newPrivacy(t, url, past)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := p.EraseNumbers(ctx, Erasure{Number: coaching.NewPhoneNumber(erasedNumber)}, func(Erased) { cancel() })
		if !errors.Is(err, ErrNotErased) || strings.Contains(err.Error(), "7770199") {
			t.Errorf("got %v", err)
		}
	})
}

// Dialers report, others erase another number, and nothing is lost or comes back.
func TestErasuresAndReportsAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		past, _ := pastOf(300, 2)
		for i := 1; i < len(past.Sessions); i += 2 {
			past.Sessions[i].Calls[0].PhoneNumber = sampleNumber(i % 4) // 1 and 3
			past.Sessions[i-1].Calls[0].PhoneNumber = []string{spelt[0], sampleNumber(2)}[i/2%2]
		}
		p := newPrivacy(t, url, past)
		var calls []coaching.CallSeen
		for n := range 8 {
			call := coachingtest.Talking(fmt.Sprint("live-", n), coachingtest.Agent(n), coachingtest.At(1e6))
			call.PhoneNumber = spelt[n%len(spelt)]
			attached := coachingtest.Attached(fmt.Sprint("leg", n), coachingtest.Agent(n), coaching.TypeMonitor, coachingtest.At(1e6))
			attached.Supervisor = coachingtest.Supervisor(n)
			p.report(attached, call)
			calls = append(calls, call)
		}
		var all sync.WaitGroup
		for _, number := range []string{erasedNumber, sampleNumber(1), sampleNumber(2)} {
			all.Go(func() {
				if _, err := p.EraseNumbers(t.Context(), Erasure{Number: coaching.NewPhoneNumber(number)}, func(Erased) {}); err != nil {
					t.Error(err)
				}
			})
		}
		for second := range 40 {
			call := calls[second%len(calls)]
			call.State = []coaching.CallState{coaching.CallOnHold, coaching.CallTalking}[second/len(calls)%2]
			call.At = coachingtest.At(1e6 + 1 + second)
			p.report(call)
		}
		all.Wait()
		p.erase(Erasure{Number: coaching.NewPhoneNumber(erasedNumber)}) // of files, which others used
		p.wantGone()
		for _, number := range []string{sampleNumber(1), sampleNumber(2)} {
			if found := p.holds(number); len(found) > 0 {
				t.Errorf("%d rows hold %s", len(found), number)
			}
		}
		if len(p.holds(sampleNumber(3))) == 0 {
			t.Error("somebody else's number went, too")
		}
	})
}

func TestNumbersOfAnAgeAreErased(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		past, _ := pastOf(900, 300)
		cutoff := past.Sessions[600].StartedAt
		old, young := 0, 0
		for _, s := range past.Sessions {
			for _, c := range s.Calls {
				if c.HeardUntil.Before(cutoff) {
					old++
				} else {
					young++
				}
			}
		}
		p := newPrivacy(t, url, past)
		call := coachingtest.Talking("live-1", coachingtest.Agent(1), coachingtest.At(0)) // heard all day and night
		call.PhoneNumber = "+49 30 7770198"
		second := coachingtest.Talking("live-2", coachingtest.Agent(1), coachingtest.At(60))
		p.report(coachingtest.Attached("leg1", coachingtest.Agent(1), coaching.TypeMonitor, coachingtest.At(0)), call,
			coachingtest.Over(call, coachingtest.At(50)), second)
		callRows := p.rowsOf("session_calls")
		now, err := p.engine.now(p.reading)
		if err != nil {
			t.Fatal(err)
		}
		of := Erasure{OlderThan: now.Sub(cutoff), DryRun: true}
		if got := p.erase(of); got.Calls < old || got.Calls > old+1 || got.Reasons != 2 { // the clock goes on: a call that ended at the cutoff
			t.Errorf("dry run: got %+v, want %d calls and 2 reasons", got, old+1)
		}
		of.DryRun = false
		if got := p.erase(of); got.Calls != old+1 || got.Reasons != 2 {
			t.Errorf("got %+v, want %d calls and 2 reasons", got, old+1)
		}
		if again := p.erase(of); again.Calls+again.Reasons != 0 {
			t.Errorf("again: %+v", again)
		}
		if found := append(p.holds("complained"), p.holds("room 0199")...); len(found) > 0 {
			t.Errorf("reasons are left: %s", found)
		}
		db, _ := rawDB(t, url)
		if got := ask(t, db, "SELECT count(*) FROM session_calls WHERE phone_number <> ''")[0]; got != fmt.Sprint(young+1) {
			t.Errorf("%s calls have a number, want %d", got, young+1)
		}
		if found := p.holds("7770198"); len(found) > 0 || p.rowsOf("session_calls") != callRows {
			t.Errorf("the live session's old call: %s", found)
		}
		if got := liveSetOf(t, p.Store).Sessions[0].CurrentCalls(); len(got) != 1 || got[0].PhoneNumber != second.PhoneNumber {
			t.Errorf("the call that is heard now: %+v", got)
		}
	})
}

// What an erasure walks it walks along an index, however long the history is.
func TestErasuresWalkAnIndex(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		p := newPrivacy(t, url, sampleHistory(2000))
		for question, with := range map[string]struct {
			args  []any
			index string
		}{
			numbersAfter:  {[]any{"", spellingsAtOnce}, "session_calls_by_number"},
			callsOfNumber: {[]any{spelt[0], instant{}, key{}, erasedAtOnce}, "session_calls_by_number"},
			oldNumbers:    {[]any{at(coachingtest.At(5000)), instant{}, key{}, 0, 256}, "session_calls_with_number"},
			oldReasons:    {[]any{at(coachingtest.At(5000)), instant{}, key{}, 0, 256}, "disconnect_requests_with_reason"},
		} {
			plan := explain(t, p.Store, question, with.args)
			if !strings.Contains(plan, with.index) || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("does not walk %s:\n%s\n%s", with.index, question, plan)
			}
		}
	})
}

// A program before this one did not write over what it deleted.
func TestTracesInAFileAreWrittenOver(t *testing.T) {
	t.Parallel()
	p := newPrivacy(t, engines["sqlite"](t), sampleHistory(50))
	of := Erasure{Number: coaching.NewPhoneNumber(erasedNumber)}
	if got := p.erase(of); got.Files != ScrubbedClean {
		t.Errorf("before: %+v", got)
	}
	db, _ := rawDB(t, p.url)
	db.SetMaxOpenConns(1)
	run(t, db, "PRAGMA secure_delete = 0; INSERT INTO changes SELECT 1000, 0, 'room', '"+spelt[2]+"', ''; DELETE FROM changes WHERE number = 1000")
	_ = db.Close()
	before := p.counted()
	if got := p.erase(of); got.Files != ScrubbedRewritten {
		t.Errorf("with traces: %+v", got)
	}
	p.wantGone()
	if diff := cmp.Diff(before, p.counted()); diff != "" {
		t.Error(diff)
	}
}

// A newer program may have written more into an entry than this one knows.
func TestAnEntryKeepsWhatIsNotErased(t *testing.T) {
	t.Parallel()
	e := eraser{rules: coaching.NumberErasure{Number: coaching.NewPhoneNumber(erasedNumber)}}
	row := changeRow{Number: 1, Kind: string(coaching.SessionChanged), Payload: `{"calls":[{"call_id":"1","phone_number":"49307770199","mood":7},` +
		`{"call_id":"2","phone_number":"110"}],"requests":[{"reason":"of 49307770199"}],"room":12345678901234567890,"sighted":{}}`}
	const want = `{"calls":[{"call_id":"1","mood":7,"number_erased":true},{"call_id":"2","phone_number":"110"}],"requests":[{}],"room":12345678901234567890,"sighted":{}}`
	if got, holds, err := e.without(row); got != want || !holds || err != nil {
		t.Errorf("got %s, %v, %v", got, holds, err)
	}
	row.Payload = want
	if _, holds, err := e.without(row); holds || err != nil {
		t.Errorf("once more: %v, %v", holds, err)
	}
}

func TestForgetKeys(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		year, thisMonth, _ := time.Now().UTC().Date()
		first := func(monthsAgo int) time.Time {
			return time.Date(year, thisMonth-time.Month(monthsAgo), 1, 0, 0, 0, 0, time.UTC)
		}
		current := audit.KeyName(first(0))
		for _, name := range []string{audit.KeyName(first(2)), audit.KeyName(first(1)), current, "cursor", "other 2026-01"} {
			if _, err := s.Key(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		n, err := s.ForgetKeys(t.Context(), audit.KeyFamily, time.Since(first(0)))
		if err != nil || n != 2 {
			t.Errorf("forgot %d, %v, want those of the two months before", n, err)
		}
		var db *sql.DB
		db, _ = rawDB(t, url)
		if got := ask(t, db, "SELECT name FROM keys ORDER BY name"); !cmp.Equal(got, []string{current, "cursor", "other 2026-01"}) {
			t.Errorf("left: %v", got)
		}
	})
}

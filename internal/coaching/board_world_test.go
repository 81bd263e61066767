package coaching_test

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// Short names of the builders: the scenarios below read as sentences.
var (
	at       = coachingtest.At
	attached = coachingtest.Attached
	gone     = coachingtest.Gone
	waits    = coachingtest.Waits
	talking  = coachingtest.Talking
	over     = coachingtest.Over
	alice    = coachingtest.Agent(1)
	bob      = coachingtest.Agent(2)
	carol    = coachingtest.Agent(3)
	boss     = coachingtest.Supervisor(1)
	operator = coaching.Actor{Name: "operator"}
)

const (
	monitor   = coaching.TypeMonitor
	coach     = coaching.TypeCoach
	barge     = coaching.TypeBarge
	bargeKick = coaching.TypeBargeKick
	unknown   = coaching.TypeUnknown
)

// failer is what a ledger needs of *testing.T and *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// ledger keeps rows as a store would, in memory, and gives every board all of
// them. It holds what a session's end was and what the change log comes to, and
// fails as soon as a rule breaks a promise that holds always.
type ledger struct {
	t         failer
	now       time.Time // the database's clock
	newID     func() uuid.UUID
	dialer    coaching.DialerState
	users     map[coaching.UserID]*coaching.User
	sessions  map[coaching.SessionID]*coaching.Session
	order     []coaching.SessionID
	catalogue map[uuid.UUID]coaching.CatalogueEntry
	memory    *coaching.Memory
	seq       int64
	log       []coaching.Change
	replayed  map[coaching.SessionID]*coaching.Session // what the change log comes to
}

// newLedger is a ledger without a past, whose dialer is not connected.
func newLedger(t failer) *ledger {
	return &ledger{
		t: t, now: at(0), newID: coachingtest.IDs(),
		dialer:    coaching.DialerState{Name: coachingtest.Dialer, Kind: "simulator"},
		users:     map[coaching.UserID]*coaching.User{},
		sessions:  map[coaching.SessionID]*coaching.Session{},
		catalogue: map[uuid.UUID]coaching.CatalogueEntry{},
		memory:    coaching.NewMemory(), replayed: map[coaching.SessionID]*coaching.Session{},
	}
}

// watched is a ledger whose dialer has been connected since at(0), in its run
// "boot-1", and had nothing alive then.
func watched(t *testing.T) *ledger {
	t.Helper()
	w := newLedger(t)
	w.connect()
	w.report(coaching.SnapshotBegun{Boot: "boot-1"}, coaching.Snapshot{At: at(0)})
	return w
}

// change runs a rule in what stands for a transaction.
func (w *ledger) change(rule func(*coaching.Board) error) ([]coaching.Change, error) {
	w.t.Helper()
	board := coaching.NewBoard(w.rows())
	if err := rule(board); err != nil {
		return nil, err
	}
	return w.keep(board.Writes()), nil
}

// rows copies everything, in a fixed order.
func (w *ledger) rows() coaching.Rows {
	rows := coaching.Rows{Now: w.now, Dialer: w.dialer, NewID: w.newID}
	for _, id := range w.order {
		rows.Sessions = append(rows.Sessions, w.sessions[id].Clone())
	}
	for _, id := range slices.SortedFunc(maps.Keys(w.users), compareIDs) {
		rows.Users = append(rows.Users, w.users[id].Clone())
	}
	for _, id := range slices.SortedFunc(maps.Keys(w.catalogue), compareIDs) {
		rows.Catalogue = append(rows.Catalogue, w.catalogue[id])
	}
	return rows
}

func compareIDs(a, b uuid.UUID) int { return cmp.Compare(a.String(), b.String()) }

func (w *ledger) keep(writes coaching.Writes) []coaching.Change {
	w.t.Helper()
	for _, s := range writes.Sessions {
		w.holds(s)
		if w.sessions[s.ID] == nil {
			w.order = append(w.order, s.ID)
		}
		w.sessions[s.ID] = s.Clone()
	}
	for _, u := range writes.Users {
		w.users[u.ID] = u.Clone()
	}
	for _, e := range writes.Catalogue {
		w.catalogue[e.ID] = e
	}
	if writes.Dialer != nil {
		w.dialer = *writes.Dialer
	}
	for _, c := range writes.Changes {
		w.replay(c)
	}
	w.log = append(w.log, writes.Changes...)
	return writes.Changes
}

// holds fails unless a session as it is to be keeps the promises made to all.
func (w *ledger) holds(s *coaching.Session) {
	w.t.Helper()
	fail := func(what string) { w.t.Helper(); w.t.Fatalf("%s: %+v", what, s) }
	if before := w.sessions[s.ID]; before != nil && !before.Live() {
		if s.Live() || !s.EndedAt.Equal(*before.EndedAt) || s.EndReason != before.EndReason || s.EndedAtExact != before.EndedAtExact {
			fail("an ended session came back to life or ended again")
		}
	}
	if s.Live() != (s.EndedAt == nil) || s.Live() != (s.EndReason == "") {
		fail("a session is live and ended at once")
	}
	if s.EndedAt != nil && s.EndedAt.Before(s.StartedAt) {
		fail("a session ended before it began")
	}
	for i, entry := range s.Timeline {
		if i == 0 && !entry.Since.Equal(s.StartedAt) {
			fail("a timeline begins at another moment than its session")
		}
		if i > 0 && (!entry.Since.After(s.Timeline[i-1].Since) || entry.Type == s.Timeline[i-1].Type) {
			fail("a timeline is out of order or has equal neighbours")
		}
	}
	if s.EndedAt != nil && s.TypeSince().After(*s.EndedAt) {
		fail("a type was taken after the session's end")
	}
	for _, c := range s.Calls {
		if c.HeardFrom.Before(s.StartedAt) || c.HeardUntil != nil && c.HeardUntil.Before(c.HeardFrom) || !s.Live() && c.HeardUntil == nil {
			fail("a call was heard for a negative length, or outside the session")
		}
		if !s.Live() && c.HeardUntil.After(*s.EndedAt) {
			fail("a call was heard after the session's end")
		}
	}
	pending := 0
	for _, r := range s.Requests {
		if (r.Outcome == coaching.OutcomePending) != (r.FinishedAt == nil) {
			fail("a request is pending and finished at once")
		}
		if r.Outcome == coaching.OutcomePending {
			pending++
		}
	}
	if (s.State == coaching.StateDisconnecting) != (pending > 0) {
		fail("a session is disconnecting without a request, or the other way round")
	}
}

// brief is what the change log holds of sessions.
func brief(sessions map[coaching.SessionID]*coaching.Session) map[coaching.SessionID]*coaching.Session {
	all := map[coaching.SessionID]*coaching.Session{}
	for id, s := range sessions {
		all[id] = s.Brief()
	}
	return all
}

// replay applies a change as a reader of the change log does.
func (w *ledger) replay(c coaching.Change) {
	w.t.Helper()
	if c.Session == nil {
		return
	}
	before := w.replayed[c.Session.ID]
	right := false
	switch c.Kind {
	case coaching.SessionStarted:
		right = before == nil && c.Session.Live()
	case coaching.SessionChanged:
		right = before != nil && before.Live() == c.Session.Live()
	case coaching.SessionEnded:
		right = before != nil && before.Live() && !c.Session.Live()
	}
	if !right {
		w.t.Fatalf("%s does not follow what the log told before:\n%+v\n%+v", c.Kind, before, c.Session)
	}
	w.replayed[c.Session.ID] = c.Session
}

// connect begins a watch.
func (w *ledger) connect() []coaching.Change {
	w.t.Helper()
	w.memory, w.seq = coaching.NewMemory(), 0
	changes, _ := w.change(func(b *coaching.Board) error { b.Connect("simulator"); return nil })
	return changes
}

// lose loses the connection; the dialer was last heard at a moment.
func (w *ledger) lose(heard time.Time) []coaching.Change {
	w.t.Helper()
	changes, _ := w.change(func(b *coaching.Board) error {
		b.Lose()
		b.Heard(coaching.Heard{Ago: w.now.Sub(heard), ClockAt: &heard})
		return nil
	})
	return changes
}

// report applies reports as one batch, in this order, and returns what changed.
func (w *ledger) report(sightings ...coaching.Sighting) []coaching.Change {
	w.t.Helper()
	var after *coaching.Memory
	changes, _ := w.change(func(b *coaching.Board) error {
		b.Recall(w.memory)
		for _, s := range sightings {
			w.seq++
			b.Observe(coaching.Position{Connection: w.dialer.Connection, Seq: w.seq}, s)
		}
		after = b.Remembered()
		return nil
	})
	w.memory = after
	return changes
}

// do runs a rule that cannot fail.
func (w *ledger) do(rule func(*coaching.Board)) []coaching.Change {
	w.t.Helper()
	changes, _ := w.change(func(b *coaching.Board) error { rule(b); return nil })
	return changes
}

// ask asks for a session's end as the operator.
func (w *ledger) ask(d coaching.Disconnect) (request uuid.UUID, err error) {
	w.t.Helper()
	d.By = operator
	_, err = w.change(func(b *coaching.Board) error {
		request, err = b.Ask(d)
		return err
	})
	return request, err
}

// on returns the sessions of a leg in the order of their start.
func (w *ledger) on(leg string) []*coaching.Session {
	var sessions []*coaching.Session
	for _, id := range w.order {
		if s := w.sessions[id]; s.Leg == leg {
			sessions = append(sessions, s)
		}
	}
	slices.SortStableFunc(sessions, func(a, b *coaching.Session) int { return a.StartedAt.Compare(b.StartedAt) })
	return sessions
}

// only returns the only session there is.
func (w *ledger) only() *coaching.Session {
	w.t.Helper()
	if len(w.order) != 1 {
		w.t.Fatalf("got %d sessions, want 1", len(w.order))
	}
	return w.sessions[w.order[0]]
}

// user returns the user with an extension.
func (w *ledger) user(extension string) *coaching.User {
	w.t.Helper()
	for _, u := range w.users {
		if u.At(w.dialer.Name) == extension {
			return u
		}
	}
	w.t.Fatalf("no user with extension %s", extension)
	return nil
}

// entry returns the catalogue's entry for what the dialer calls by a key.
func (w *ledger) entry(kind coaching.CatalogueKind, key string) coaching.CatalogueEntry {
	w.t.Helper()
	for _, e := range w.catalogue {
		if e.Kind == kind && e.Key == key {
			return e
		}
	}
	w.t.Fatalf("no %s %q in the catalogue", kind, key)
	return coaching.CatalogueEntry{}
}

// sameAsLog fails unless the change log comes to the rows that are kept. Where a
// session stands in the dialer's order and which run it belongs to is for the
// rules only, and kept without telling.
func (w *ledger) sameAsLog() {
	w.t.Helper()
	quiet := cmpopts.IgnoreFields(coaching.Session{}, "Sighted", "TypeStatedAt", "Boot")
	if diff := gocmp.Diff(brief(w.sessions), w.replayed, quiet); diff != "" {
		w.t.Fatalf("the change log (+) differs from the rows (-):\n%s", diff)
	}
}

// told sums up sessions: target, type, how it ended.
func told(sessions ...*coaching.Session) string {
	var lines []string
	for _, s := range sessions {
		target := "?"
		if s.Target != nil {
			target = s.Target.Name
		}
		line := target + " " + string(s.Type()) + " " + clock(&s.StartedAt, s.StartedAtExact) + "-"
		if !s.Live() {
			line += clock(s.EndedAt, s.EndedAtExact) + " " + string(s.EndReason)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// clock writes a moment as seconds after the start, with ~ where it is inferred.
func clock(t *time.Time, exact bool) string {
	text := strconv.FormatFloat(t.Sub(at(0)).Seconds(), 'f', -1, 64)
	if !exact {
		return "~" + text
	}
	return text
}

// timeline sums up a session's timeline.
func timeline(s *coaching.Session) string {
	var entries []string
	for _, e := range s.Timeline {
		entries = append(entries, string(e.Type)+"@"+clock(&e.Since, true))
	}
	return strings.Join(entries, " ")
}

// kinds lists the kinds of changes.
func kinds(changes []coaching.Change) string {
	var list []string
	for _, c := range changes {
		list = append(list, string(c.Kind))
	}
	return strings.Join(list, " ")
}

// is fails unless got is want.
func is(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

package coaching_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// dialerUnderTest is the truth, what is delivered of it, what must come of it,
// and what the rules make of it.
type dialerUnderTest struct {
	*truth
	expected *expected
	kept     *ledger
}

// Sequences are longer than rapid makes them; -rapid.steps still decides.
func init() { _ = flag.Set("rapid.steps", "100") }

// TestWhateverADialerReportsTheSessionsAreThoseItHad runs a dialer at random:
// its reports come repeated, swapped, in batches of any size, with gaps and
// restarts, while people ask for sessions to end. After every step each
// attachment that was told of has exactly one session; what holds of every row is
// checked by the ledger as it is kept.
func TestWhateverADialerReportsTheSessionsAreThoseItHad(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := &dialerUnderTest{truth: newTruth(), expected: newExpected(), kept: newLedger(t)}
		t.Repeat(map[string]func(*rapid.T){
			"attach": d.attach, "attach more": d.attach, "change": d.change, "change more": d.change,
			"move": d.move, "leave": d.leave, "call": d.call, "status": d.status,
			"again": d.again, "again more": d.again, "swap": d.swap, "swap more": d.swap,
			"deliver": d.deliver, "deliver more": d.deliver, "deliver yet more": d.deliver,
			"snapshot": d.snapshotStep, "snapshot more": d.snapshotStep, "lose the connection": d.connection,
			"ask": d.ask, "settle": d.settle, "settle more": d.settle,
		})
		d.finally(t)
	})
}

// deliver keeps a batch; now and then its commit is in doubt, and it is applied
// once more, with what was remembered before.
func (d *dialerUnderTest) deliver(t *rapid.T) {
	d.deliverBatch(t, rapid.IntRange(1, 8).Draw(t, "batch"))
	if rapid.IntRange(0, 9).Draw(t, "flush") == 0 {
		d.flush(t)
	}
}

func (d *dialerUnderTest) deliverBatch(t *rapid.T, n int) {
	batch := d.take(n)
	if len(batch) == 0 {
		return
	}
	var sightings []coaching.Sighting
	for _, report := range batch {
		sightings = append(sightings, report.sighting)
		d.expected.deliver(report)
		t.Logf("delivered (again: %t): %s", report.again, describe(report.sighting))
	}
	d.kept.now = d.clockNow()
	memory, seq := d.kept.memory, d.kept.seq
	d.kept.report(sightings...)
	d.check(t)
	if rapid.IntRange(0, 9).Draw(t, "in doubt") == 0 {
		d.kept.memory, d.kept.seq = memory, seq
		d.kept.report(sightings...)
		d.check(t)
	}
}

// describe is a report in short.
func describe(s coaching.Sighting) string {
	switch s := s.(type) {
	case coaching.Attached:
		target := "?"
		if s.Target != nil {
			target = s.Target.Name
		}
		return fmt.Sprintf("%s on %s in %s since %s", s.Leg, target, s.Type, clock(&s.At, s.Exact))
	case coaching.Detached:
		return fmt.Sprintf("%s left at %s, gone %t", s.Leg, clock(&s.At, s.Exact), s.Gone)
	case coaching.Snapshot:
		text := "snapshot of " + clock(&s.At, true)
		for _, l := range s.Legs {
			text += "; " + describe(l)
		}
		return text
	default:
		return fmt.Sprintf("%T", s)
	}
}

func (d *dialerUnderTest) flush(t *rapid.T) {
	for len(d.outbox) > 0 {
		d.deliverBatch(t, rapid.IntRange(1, 20).Draw(t, "batch"))
	}
}

func (d *dialerUnderTest) check(t *rapid.T) {
	t.Helper()
	if diff := gocmp.Diff(d.expected.sum(), sumOf(d.kept)); diff != "" {
		t.Fatalf("the sessions (+) are not those there must be (-):\n%s", diff)
	}
}

// snapshotStep begins a snapshot or reports the one that was begun.
func (d *dialerUnderTest) snapshotStep(t *rapid.T) {
	switch {
	case !d.connected:
		d.reconnect(t)
	case d.snapshot != nil:
		d.finishSnapshot()
	case !slices.ContainsFunc(d.outbox, func(r delivery) bool { return r.about == "" }):
		d.beginSnapshot(t)
	}
}

func (d *dialerUnderTest) reconnect(t *rapid.T) {
	d.connected = true
	d.kept.now = d.clockNow()
	d.kept.connect()
	d.expected.reconnected()
	d.beginSnapshot(t)
}

// connection loses the connection with all that was not delivered; the dialer may
// have restarted. Nothing ends by that.
func (d *dialerUnderTest) connection(t *rapid.T) {
	if !d.connected || rapid.Bool().Draw(t, "keep it") {
		return
	}
	d.disconnect()
	d.kept.now = d.clockNow()
	t.Logf("connection lost at %d", d.tick)
	d.kept.lose(d.clockNow())
	d.check(t)
	if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
		d.restart()
	}
}

// pickSession draws a session, any or one being disconnected; nil if there is none.
func (d *dialerUnderTest) pickSession(t *rapid.T, pass func(*coaching.Session) bool) *coaching.Session {
	var sessions []*coaching.Session
	for _, id := range d.kept.order {
		if s := d.kept.sessions[id]; pass(s) {
			sessions = append(sessions, s)
		}
	}
	if len(sessions) == 0 {
		return nil
	}
	return sessions[rapid.IntRange(0, len(sessions)-1).Draw(t, "session")]
}

// only runs a rule about one session and fails if it changed anything else.
func (d *dialerUnderTest) only(t *rapid.T, s *coaching.Session, rule func(*coaching.Board)) {
	t.Helper()
	d.kept.now = d.clockNow()
	for _, c := range d.kept.do(rule) {
		if c.Session == nil || c.Session.ID != s.ID {
			t.Fatalf("a request for session %s changed something else: %+v", s.ID, c)
		}
	}
	d.check(t)
}

func (d *dialerUnderTest) ask(t *rapid.T) {
	s := d.pickSession(t, func(*coaching.Session) bool { return true })
	if s == nil {
		return
	}
	ask := coaching.Disconnect{Session: s.ID, By: operator, IfMatch: []string{s.Tag()}, Force: rapid.Bool().Draw(t, "force")}
	if rapid.IntRange(0, 5).Draw(t, "stale") == 0 {
		ask.IfMatch = []string{"stale"}
	}
	requests := len(s.Requests)
	d.only(t, s, func(b *coaching.Board) {
		id, err := b.Ask(ask)
		after := b.Session(s.ID)
		if asked := err == nil && s.Live(); asked != (len(after.Requests) == requests+1) || asked != (after.Request(id) != nil) {
			t.Fatalf("asked %t, request %s, %v: %+v", asked, id, err, after.Requests)
		}
	})
}

// settle goes on with a session being disconnected: the dialer accepts or gives
// up, or its leg, looked at once all reports are kept, is gone.
func (d *dialerUnderTest) settle(t *rapid.T) {
	s := d.pickSession(t, func(s *coaching.Session) bool { return s.State == coaching.StateDisconnecting })
	if rapid.IntRange(0, 5).Draw(t, "late") == 0 {
		s = d.pickSession(t, func(*coaching.Session) bool { return true })
	}
	if s == nil {
		return
	}
	switch rapid.IntRange(0, 3).Draw(t, "verdict") {
	case 0:
		d.only(t, s, func(b *coaching.Board) { b.Accept(s.ID) })
	case 1:
		outcome := rapid.SampledFrom([]coaching.Outcome{
			coaching.OutcomeRefused, coaching.OutcomeUnreachable, coaching.OutcomeTimedOut, coaching.OutcomeFailed,
		}).Draw(t, "outcome")
		d.only(t, s, func(b *coaching.Board) { b.GiveUp(s.ID, outcome) })
	default:
		d.lookAt(t, s)
	}
}

func (d *dialerUnderTest) lookAt(t *rapid.T, s *coaching.Session) {
	if !d.connected {
		return
	}
	d.flush(t)
	s = d.kept.sessions[s.ID]
	if !s.Live() || d.kept.dialer.Boot != d.bootName() {
		return
	}
	l := d.legs[s.Leg]
	moved := l != nil && l.on != nil && !l.secret && s.Target != nil && d.kept.users[s.Target.ID].At(d.kept.dialer.Name) != l.on.Extension
	if l != nil && l.on != nil && !moved {
		return
	}
	d.tick++ // looked at now
	t.Logf("%s found gone at %d, moved %t", s.Leg, d.tick, moved)
	d.expected.foundGone(s.Leg, moved)
	d.only(t, s, func(b *coaching.Board) { b.FoundGone(s.ID, moved, d.clockNow()) })
}

// finally reconciles once more, while things go on, and compares with the truth; then everything of
// this connection is reported once more, and nothing changes.
func (d *dialerUnderTest) finally(t *rapid.T) {
	if !d.connected {
		d.reconnect(t)
	}
	d.flush(t)
	d.finishSnapshot()
	d.flush(t)
	for _, l := range d.legs {
		l.secret, l.mute = false, false
	}
	d.beginSnapshot(t)
	for range rapid.IntRange(0, 4).Draw(t, "newer than the snapshot") {
		rapid.SampledFrom([]func(*rapid.T){d.change, d.move, d.leave, d.call, d.status}).Draw(t, "step")(t)
	}
	d.finishSnapshot()
	d.flush(t)
	d.compareWithTruth(t)
	d.kept.sameAsLog()
	before := len(d.kept.log)
	for _, r := range d.delivered {
		if !r.corrected {
			d.kept.report(r.sighting)
		}
	}
	if changes := d.kept.log[before:]; len(changes) > 0 {
		t.Fatalf("reporting everything again changed something: %s\n%+v", kinds(changes), changes[0].Session)
	}
}

func (d *dialerUnderTest) compareWithTruth(t *rapid.T) {
	t.Helper()
	live := map[string]*coaching.Session{}
	for _, id := range d.kept.order {
		if s := d.kept.sessions[id]; s.Live() {
			live[s.Leg] = s
		}
	}
	listening := d.sortedLegs(listeningLeg)
	if len(live) != len(listening) {
		t.Fatalf("got %d live sessions, want %d", len(live), len(listening))
	}
	for _, l := range listening {
		s := live[l.id]
		if s == nil || s.Target == nil || s.Target.Name != l.on.Name || s.Type() != l.typ || s.User.Name != l.supervisor.Name {
			t.Fatalf("got %+v, want %s in %s on %s", s, l.supervisor.Name, l.typ, l.on.Name)
		}
		if slices.Contains(s.HadTypes(), coaching.TypeBargeKick) {
			continue // took the customer over, and heard the agent no more
		}
		current := ""
		if c := d.calls[l.on.Extension]; c != nil && c.State != coaching.CallEnded {
			current = c.CallID
		}
		calls := s.CurrentCalls()
		if len(calls) > 1 || (len(calls) == 1) != (current != "") || len(calls) == 1 && calls[0].CallID != current {
			t.Fatalf("got current calls %+v, want %q", calls, current)
		}
	}
	for _, id := range d.kept.order {
		d.checkOpenCalls(t, d.kept.sessions[id])
	}
	for _, agent := range agents {
		if want := d.statuses[agent.Extension]; want != "" && d.kept.user(agent.Extension).Presence.Status != want {
			t.Fatalf("got %s is %+v, want %s", agent.Name, d.kept.user(agent.Extension).Presence, want)
		}
	}
}

// checkOpenCalls fails where a session has a call that goes on, and it does not.
func (d *dialerUnderTest) checkOpenCalls(t *rapid.T, s *coaching.Session) {
	t.Helper()
	for _, c := range s.Calls {
		if c.State == coaching.CallEnded || slices.Contains(s.HadTypes(), coaching.TypeBargeKick) {
			continue // went on with the supervisor
		}
		now := d.calls[d.kept.users[s.Target.ID].At(d.kept.dialer.Name)]
		if s.Boot != d.bootName() || now == nil || now.CallID != c.CallID || now.State != c.State {
			t.Fatalf("got %+v in %+v, want it over: its agent is in %+v", c, s, now)
		}
	}
}

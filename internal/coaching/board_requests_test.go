package coaching_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// outcomes sums up a session's requests and who ended it.
func outcomes(s *coaching.Session) string {
	text := string(s.State) + ":"
	for _, r := range s.Requests {
		text += " " + string(r.Outcome)
	}
	if s.EndedBy != nil {
		text += " by " + s.EndedBy.Name
	}
	return text
}

// listening is a ledger with one session of a type.
func listening(t *testing.T, typ coaching.Type) *ledger {
	t.Helper()
	w := watched(t)
	w.report(attached("leg", alice, typ, at(1)))
	w.now = at(10)
	return w
}

func (w *ledger) mustAsk(d coaching.Disconnect) uuid.UUID {
	w.t.Helper()
	id, err := w.ask(d)
	if err != nil {
		w.t.Fatalf("ask: %v", err)
	}
	return id
}

func TestAskingMarksTheSessionAndKeepsTheRequest(t *testing.T) {
	t.Parallel()
	w := listening(t, coach)
	id := w.mustAsk(coaching.Disconnect{Session: w.only().ID, Reason: "too long"})
	is(t, outcomes(w.only()), "disconnecting: pending")
	r := w.only().Request(id)
	if r == nil || r != w.only().Pending() {
		t.Fatalf("got request %v, want the one pending", r)
	}
	if r.AskedBy.Name != operator.Name || r.Reason != "too long" || r.Type != coach || !r.AskedAt.Equal(at(10)) || r.Forced || r.Joined || r.AcceptedAt != nil {
		t.Errorf("got %+v, want who, why and when, for a coach session", r)
	}
	if !w.only().Live() {
		t.Error("the request ended the session; only its leg's end does")
	}
}

func TestWhatAnAskMeets(t *testing.T) {
	t.Parallel()
	current := func(w *ledger) []string { return []string{w.only().Tag()} }
	stale := func(*ledger) []string { return []string{"0123456789abcdef"} }
	anything := func(*ledger) []string { return []string{"other", "*"} }
	nothing := func(*ledger) []string { return nil }
	for name, tc := range map[string]struct {
		typ     coaching.Type
		ifMatch func(*ledger) []string
		force   bool
		want    coaching.Code
	}{
		"no condition":                     {monitor, nothing, false, ""},
		"the tag of now":                   {monitor, current, false, ""},
		"any tag":                          {monitor, anything, false, ""},
		"another tag":                      {monitor, stale, false, coaching.SessionChangedSince},
		"a take-over":                      {bargeKick, nothing, false, coaching.CustomerWouldDrop},
		"a take-over and the tag":          {bargeKick, current, false, coaching.CustomerWouldDrop},
		"a take-over, by force":            {bargeKick, current, true, ""},
		"a take-over, by force, other tag": {bargeKick, stale, true, coaching.SessionChangedSince},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := listening(t, tc.typ)
			_, err := w.ask(coaching.Disconnect{Session: w.only().ID, IfMatch: tc.ifMatch(w), Force: tc.force})
			if got := coaching.CodeOf(err); got != tc.want {
				t.Fatalf("got %q (%v), want %q", got, err, tc.want)
			}
			if tc.want == "" {
				is(t, outcomes(w.only()), "disconnecting: pending")
			} else {
				is(t, outcomes(w.only()), "active:")
			}
			if tc.force && tc.want == "" && !w.only().Requests[0].Forced {
				t.Error("the request does not say that it was forced")
			}
		})
	}
}

func TestAskingForAnUnknownSession(t *testing.T) {
	t.Parallel()
	w := listening(t, monitor)
	if _, err := w.ask(coaching.Disconnect{Session: w.newID()}); coaching.CodeOf(err) != coaching.SessionNotFound {
		t.Errorf("got %v, want %s", err, coaching.SessionNotFound)
	}
}

func TestAskingForAnEndedSessionIsSafe(t *testing.T) {
	t.Parallel()
	w := listening(t, bargeKick)
	w.report(gone("leg", at(5)))
	id, err := w.ask(coaching.Disconnect{Session: w.only().ID, IfMatch: []string{"another"}})
	if id != uuid.Nil || err != nil {
		t.Errorf("got %s, %v, want no request and no error", id, err)
	}
	is(t, outcomes(w.only()), "ended:")
}

func TestTheTagCoversTypeAndTarget(t *testing.T) {
	t.Parallel()
	w := listening(t, monitor)
	tag := w.only().Tag()
	w.report(attached("leg", alice, coach, at(5)))
	_, err := w.ask(coaching.Disconnect{Session: w.only().ID, IfMatch: []string{tag}})
	if coaching.CodeOf(err) != coaching.SessionChangedSince {
		t.Errorf("got %v after another type, want %s", err, coaching.SessionChangedSince)
	}
	var e *coaching.Error
	if !errors.As(err, &e) || e.Message == "" {
		t.Errorf("got %v, want a message for strangers", err)
	}
}

func TestWhoJoinsSharesTheOutcome(t *testing.T) {
	t.Parallel()
	w := listening(t, monitor)
	w.mustAsk(coaching.Disconnect{Session: w.only().ID})
	w.do(func(b *coaching.Board) { b.Accept(w.only().ID) })
	w.report(attached("leg", alice, bargeKick, at(8)))
	second := w.mustAsk(coaching.Disconnect{Session: w.only().ID}) // no second look at the type: it is under way
	r := w.only().Request(second)
	if !r.Joined || r.AcceptedAt == nil || r.Type != bargeKick {
		t.Errorf("got %+v, want one that joined what the dialer accepted", r)
	}
	if _, err := w.ask(coaching.Disconnect{Session: w.only().ID, IfMatch: []string{"other"}}); coaching.CodeOf(err) != coaching.SessionChangedSince {
		t.Errorf("got %v, want %s for a joiner too", err, coaching.SessionChangedSince)
	}
	w.report(coaching.Detached{Leg: "leg", At: at(9), Exact: true, Reason: coaching.EndDisconnected, Gone: true})
	is(t, outcomes(w.only()), "ended: confirmed confirmed by operator")
}

func TestGivingUpMakesTheSessionActiveAgain(t *testing.T) {
	t.Parallel()
	for _, outcome := range []coaching.Outcome{
		coaching.OutcomeWouldDropCustomer, coaching.OutcomeRefused, coaching.OutcomeUnreachable,
		coaching.OutcomeTimedOut, coaching.OutcomeFailed,
	} {
		t.Run(string(outcome), func(t *testing.T) {
			t.Parallel()
			w := listening(t, monitor)
			id := w.only().ID
			giveUp := func(b *coaching.Board) { b.GiveUp(id, outcome) }
			is(t, kinds(w.do(giveUp)), "") // nobody asked
			w.mustAsk(coaching.Disconnect{Session: id})
			w.mustAsk(coaching.Disconnect{Session: id})
			w.now = at(15)
			is(t, kinds(w.do(giveUp)), "session.changed")
			is(t, outcomes(w.only()), fmt.Sprintf("active: %s %s", outcome, outcome))
			if got := w.only().Requests[1].FinishedAt; got == nil || !got.Equal(at(15)) {
				t.Errorf("got finished at %v, want 15", got)
			}
			is(t, kinds(w.do(giveUp)), "")
			w.mustAsk(coaching.Disconnect{Session: id})
			if w.only().Requests[2].Joined {
				t.Error("an ask after the outcome joined what is over")
			}
			w.report(gone("leg", at(16)))
			is(t, kinds(w.do(giveUp)), "")
			is(t, outcomes(w.only()), fmt.Sprintf("ended: %s %s already_gone", outcome, outcome))
		})
	}
}

func TestAnAcceptanceIsNotedOnce(t *testing.T) {
	t.Parallel()
	w := listening(t, monitor)
	accept := func(b *coaching.Board) { b.Accept(w.order[0]) }
	is(t, kinds(w.do(accept)), "")
	w.mustAsk(coaching.Disconnect{Session: w.only().ID})
	w.now = at(11)
	is(t, kinds(w.do(accept)), "session.changed")
	w.now = at(12)
	is(t, kinds(w.do(accept)), "")
	if got := w.only().Requests[0].AcceptedAt; got == nil || !got.Equal(at(11)) {
		t.Errorf("got accepted at %v, want 11", got)
	}
	is(t, kinds(w.do(func(b *coaching.Board) { b.Accept(w.newID()) })), "")
}

func TestWhatARequestComesToWhenTheSessionEnds(t *testing.T) {
	t.Parallel()
	report := func(s coaching.Sighting) func(*ledger) { return func(w *ledger) { w.report(s) } }
	ends := func(reason coaching.EndReason) func(*ledger) {
		return report(coaching.Detached{Leg: "leg", At: at(20), Exact: true, Reason: reason, Gone: true})
	}
	foundGone := func(moved bool) func(*ledger) {
		return func(w *ledger) { w.do(func(b *coaching.Board) { b.FoundGone(w.order[0], moved, w.now) }) }
	}
	for name, tc := range map[string]struct {
		end              func(*ledger)
		accepted, before string // what it comes to, with and without the dialer's acceptance
	}{
		"the dialer says disconnected": {ends(coaching.EndDisconnected),
			"ended: confirmed by operator disconnected", "ended: confirmed by operator disconnected"},
		"the supervisor leaves": {ends(coaching.EndSupervisorLeft),
			"ended: confirmed supervisor_left", "ended: already_gone supervisor_left"},
		"the call ends": {ends(coaching.EndCallEnded),
			"ended: confirmed call_ended", "ended: already_gone call_ended"},
		"the dialer does not say why": {ends(coaching.EndUnknown),
			"ended: confirmed by operator disconnected", "ended: already_gone unknown"},
		"the supervisor moves on": {report(attached("leg", bob, monitor, at(20))),
			"ended: moved moved_on", "ended: moved moved_on"},
		"the leg is found gone": {foundGone(false),
			"ended: confirmed by operator disconnected", "ended: already_gone unknown"},
		"the leg is found on another target": {foundGone(true),
			"ended: moved moved_on", "ended: moved moved_on"},
		"the leg is missing after a gap": {func(w *ledger) { w.reconnected(at(15)); w.reconciled(at(20)) },
			"ended: confirmed by operator disconnected", "ended: already_gone not_observed"},
		"the dialer restarts": {report(coaching.SnapshotBegun{Boot: boot2}),
			"ended: confirmed dialer_restarted", "ended: already_gone dialer_restarted"},
	} {
		for accepted, want := range map[bool]string{true: tc.accepted, false: tc.before} {
			t.Run(fmt.Sprintf("%s, accepted %t", name, accepted), func(t *testing.T) {
				t.Parallel()
				w := listening(t, monitor)
				id := w.only().ID
				w.mustAsk(coaching.Disconnect{Session: id})
				if accepted {
					w.do(func(b *coaching.Board) { b.Accept(id) })
				}
				tc.end(w)
				is(t, outcomes(w.sessions[id])+" "+string(w.sessions[id].EndReason), want)
				w.sameAsLog()
			})
		}
	}
}

func TestARequestForAnOlderSessionNeverTouchesANewerOne(t *testing.T) {
	t.Parallel()
	w := listening(t, monitor)
	old := w.only().ID
	w.mustAsk(coaching.Disconnect{Session: old})
	w.report(attached("leg", bob, monitor, at(5)))
	w.do(func(b *coaching.Board) {
		b.Accept(old)
		b.FoundGone(old, false, w.now)
		b.GiveUp(old, coaching.OutcomeFailed)
	})
	if id := w.mustAsk(coaching.Disconnect{Session: old}); id != uuid.Nil {
		t.Errorf("got request %s for an ended session, want none", id)
	}
	is(t, told(w.on("leg")...), "Agent 1 monitor 1-5 moved_on; Agent 2 monitor 5-")
	is(t, outcomes(w.on("leg")[1]), "active:")
}

func TestALegThatWasFoundGone(t *testing.T) {
	t.Parallel()
	listed := attached("leg", alice, monitor, at(1))
	found := func(w *ledger, moved bool) {
		id := w.only().ID
		w.mustAsk(coaching.Disconnect{Session: id})
		w.do(func(b *coaching.Board) { b.FoundGone(id, moved, w.now); b.FoundGone(w.newID(), moved, w.now) })
	}
	t.Run("is not begun again by a snapshot under way", func(t *testing.T) {
		t.Parallel()
		w := listening(t, monitor)
		w.report(coaching.SnapshotBegun{Boot: boot1})
		found(w, false)
		w.report(coaching.Snapshot{At: at(9), Legs: []coaching.Attached{listed}}, gone("leg", at(9)))
		is(t, told(w.on("leg")...), "Agent 1 monitor 1-~10 unknown")
	})
	t.Run("ends no earlier than its last statement", func(t *testing.T) {
		t.Parallel()
		w := listening(t, monitor)
		w.report(attached("leg", alice, coach, at(15))) // the dialer's clock is ahead
		found(w, false)
		is(t, told(w.on("leg")...), "Agent 1 coach 1-~15 unknown")
	})
	t.Run("may have been on another target already", func(t *testing.T) {
		t.Parallel()
		w := listening(t, monitor)
		found(w, true)
		want := "Agent 1 monitor 1-~10 moved_on; Agent 2 coach ~10-"
		for range 2 {
			w.report(attached("leg", bob, coach, at(8))) // reported late
			is(t, told(w.on("leg")...), want)
			w.report(listed)
			is(t, told(w.on("leg")...), want)
		}
		w.now = at(20)
		w.reconciled(at(20), attached("leg", bob, coach, at(8)))
		is(t, told(w.on("leg")...), want)
		w.report(gone("leg", at(30)))
		is(t, told(w.on("leg")...), want+"30 supervisor_left")
	})
	t.Run("and changed there, or left again, by then", func(t *testing.T) {
		t.Parallel()
		w := listening(t, monitor)
		found(w, true)
		reports := []coaching.Sighting{
			attached("leg", bob, coach, at(4)), attached("leg", bob, barge, at(5)), attached("leg", carol, coach, at(6)),
		}
		for range 2 { // the second time they change nothing
			w.report(reports...)
			is(t, told(w.on("leg")...), "Agent 1 monitor 1-~10 moved_on; Agent 2 barge ~10-~10 moved_on; Agent 3 coach ~10-")
		}
		w.report(waits("leg", at(7)))
		w.report(reports...)
		is(t, told(w.on("leg")...), "Agent 1 monitor 1-~10 moved_on; Agent 2 barge ~10-~10 moved_on; Agent 3 coach ~10-~10 target_left")
	})
}

func TestTheNextTargetOfALegFoundMovedIsTakenFromTheSnapshotUnderWay(t *testing.T) {
	t.Parallel()
	w := listening(t, monitor)
	w.reconnected(at(5)) // the move was missed
	w.report(coaching.SnapshotBegun{Boot: boot1})
	w.mustAsk(coaching.Disconnect{Session: w.only().ID})
	w.do(func(b *coaching.Board) { b.FoundGone(w.order[0], true, w.now) })
	w.report(coaching.Snapshot{At: at(9), Legs: []coaching.Attached{attached("leg", bob, coach, at(8))}})
	is(t, told(w.on("leg")...), "Agent 1 monitor 1-~10 moved_on; Agent 2 coach ~10-")
}

func TestAnEndThatComesAfterItsRequestFailedIsThatOfWhoAsked(t *testing.T) {
	t.Parallel()
	hungUp := coaching.Detached{Leg: "leg", At: at(9), Exact: true, Reason: coaching.EndDisconnected, Gone: true}
	for outcome, want := range map[coaching.Outcome]string{
		coaching.OutcomeFailed:            "ended: failed by operator",
		coaching.OutcomeTimedOut:          "ended: timed_out by operator",
		coaching.OutcomeRefused:           "ended: refused",
		coaching.OutcomeUnreachable:       "ended: unreachable",
		coaching.OutcomeWouldDropCustomer: "ended: would_drop_customer",
	} {
		w := listening(t, monitor)
		w.mustAsk(coaching.Disconnect{Session: w.only().ID})
		w.do(func(b *coaching.Board) { b.GiveUp(w.only().ID, outcome) })
		w.report(hungUp)
		is(t, outcomes(w.only()), want)
		is(t, told(w.only()), "Agent 1 monitor 1-9 disconnected")
	}
	w := listening(t, monitor)
	w.mustAsk(coaching.Disconnect{Session: w.only().ID})
	w.do(func(b *coaching.Board) { b.GiveUp(w.only().ID, coaching.OutcomeTimedOut) })
	w.report(gone("leg", at(9)))
	is(t, outcomes(w.only()), "ended: timed_out") // left by themselves
}

func TestForsakingADialerSaysNotThatNothingWasDoneWhereItHadAgreed(t *testing.T) {
	t.Parallel()
	w := listening(t, monitor)
	w.report(attached("leg2", bob, monitor, at(2)))
	for _, leg := range []string{"leg", "leg2"} {
		w.mustAsk(coaching.Disconnect{Session: w.on(leg)[0].ID})
	}
	w.do(func(b *coaching.Board) { b.Accept(w.on("leg")[0].ID) })
	w.do((*coaching.Board).Forsake)
	is(t, outcomes(w.on("leg")[0]), "active: failed")
	is(t, outcomes(w.on("leg2")[0]), "active: unreachable")
}

func TestALateRequestDoesNotDelayTheEnd(t *testing.T) {
	t.Parallel()
	w := listening(t, monitor)
	w.now = at(10)
	w.mustAsk(coaching.Disconnect{Session: w.only().ID})
	w.report(gone("leg", at(9)))
	if got := w.only(); got.Length() != 8*time.Second || got.EndReason != coaching.EndSupervisorLeft {
		t.Errorf("got %s after %s, want supervisor_left after 8s: the report is the truth", got.EndReason, got.Length())
	}
}

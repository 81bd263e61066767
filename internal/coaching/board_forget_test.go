package coaching_test

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// forget forgets the ledger's dialer and returns how many sessions that ended.
func (w *ledger) forget() (ended int, changes []coaching.Change) {
	w.t.Helper()
	changes = w.do(func(b *coaching.Board) { ended = b.Forget() })
	return ended, changes
}

func TestForgettingADialerEndsWhatWasLiveWhenItWasLastHeard(t *testing.T) {
	t.Parallel()
	w := listening(t, coach)
	w.report(talking("call", alice, at(2)), attached("leg2", bob, monitor, at(3)))
	w.mustAsk(coaching.Disconnect{Session: w.on("leg")[0].ID})
	w.mustAsk(coaching.Disconnect{Session: w.on("leg2")[0].ID})
	w.do(func(b *coaching.Board) { b.Accept(w.on("leg2")[0].ID) })
	w.now = at(20)
	w.lose(at(8))
	w.now = at(500)
	ended, changes := w.forget()
	is(t, told(w.on("leg")...), "Agent 1 coach 1-~8 not_observed")
	is(t, told(w.on("leg2")...), "Agent 2 monitor 3-~8 not_observed")
	is(t, outcomes(w.on("leg")[0]), "ended: unreachable")
	is(t, outcomes(w.on("leg2")[0]), "ended: failed")
	is(t, kinds(changes), "session.ended session.ended")
	call := w.on("leg")[0].Calls[0]
	if ended != 2 || call.State != coaching.CallEnded || !call.HeardUntil.Equal(at(8)) || !call.EndedAt.Equal(at(8)) {
		t.Errorf("got %d ended and the call %+v", ended, call)
	}
	w.sameAsLog()
	if ended, changes = w.forget(); ended != 0 || len(changes) != 0 {
		t.Errorf("once more: got %d ended, and %s", ended, kinds(changes))
	}
}

// What was stated of a session after its dialer was last heard to be alive counts.
func TestForgettingADialerEndsNoSessionBeforeItBegan(t *testing.T) {
	t.Parallel()
	w := newLedger(t)
	w.connect() // and it never told its clock
	w.report(attached("leg", alice, bargeKick, at(5)))
	w.forget()
	is(t, told(w.only()), "Agent 1 barge_kick 5-~5 not_observed")
	if w.dialer.Connected {
		t.Error("a forgotten dialer is connected")
	}
}

// A call that somebody heard until the end of the session does not go on for ever.
func TestForgettingADialerEndsCallsOfEndedSessions(t *testing.T) {
	t.Parallel()
	w := listening(t, monitor)
	w.report(talking("call", alice, at(2)), gone("leg", at(6)))
	w.lose(at(8))
	ended, changes := w.forget()
	is(t, kinds(changes), "session.changed")
	if call := w.only().Calls[0]; ended != 0 || call.State != coaching.CallEnded || !call.EndedAt.Equal(at(8)) || !call.HeardUntil.Equal(at(6)) {
		t.Errorf("got %d ended and the call %+v", ended, call)
	}
}

func TestAForgottenDialerThatIsWatchedAgainBeginsAnew(t *testing.T) {
	t.Parallel()
	w := listening(t, coach)
	w.lose(at(8))
	w.forget()
	w.now = at(100)
	w.connect()
	begun := attached("leg", alice, coach, at(1))
	begun.Exact = false
	w.report(coaching.SnapshotBegun{Boot: "boot-1"}, coaching.Snapshot{At: at(100), Legs: []coaching.Attached{begun}})
	is(t, told(w.on("leg")...), "Agent 1 coach 1-~8 not_observed; Agent 1 coach ~8-")
	w.report(gone("leg", at(110)))
	is(t, told(w.on("leg")...), "Agent 1 coach 1-~8 not_observed; Agent 1 coach ~8-110 supervisor_left")
	w.sameAsLog()
}

package coaching_test

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// numbers sums up the numbers of all calls of all sessions.
func (w *ledger) numbers() (text string) {
	for _, id := range w.order {
		for _, c := range w.sessions[id].Calls {
			text += "[" + c.PhoneNumber + "]"
		}
	}
	return text
}

func TestACallGetsItsErasedNumberBackFromNoReport(t *testing.T) {
	t.Parallel()
	w := watched(t)
	call := talking("c1", alice, at(1))
	call.PhoneNumber = "+49 30 123456"
	other := talking("c2", bob, at(1))
	other.PhoneNumber = "+49 30 654321"
	w.report(attached("leg1", alice, monitor, at(2)), attached("leg2", bob, monitor, at(2)), call, other)
	erasure := coaching.NumberErasure{Number: coaching.NewPhoneNumber("4930123456")}
	erase := func() []coaching.Change {
		changes, _ := w.change(func(b *coaching.Board) error { b.EraseNumbers(erasure); return nil })
		return changes
	}
	changes := erase()
	is(t, kinds(changes), "session.changed")
	is(t, changes[0].Session.CurrentCalls()[0].PhoneNumber, "")
	is(t, kinds(erase()), "")
	is(t, w.numbers(), "[][+49 30 654321]")
	w.sameAsLog()

	held := call
	held.State, held.At = coaching.CallOnHold, at(5)
	w.report(held)
	w.report(attached("leg3", alice, coach, at(6)))
	is(t, w.numbers(), "[][+49 30 654321][]")
	w.connect() // with a new memory, which the snapshot fills
	w.report(coaching.SnapshotBegun{Boot: "boot-1"}, coaching.Snapshot{
		At: at(10), Calls: []coaching.CallSeen{call, other},
		Legs: []coaching.Attached{attached("leg1", alice, monitor, at(2)), attached("leg2", bob, monitor, at(2)), attached("leg3", alice, coach, at(6))},
	})
	w.report(gone("leg1", at(11)), gone("leg3", at(11)), attached("leg4", alice, monitor, at(12)), over(call, at(13)))
	is(t, w.numbers(), "[][+49 30 654321][][]")

	next := talking("c3", alice, at(20))
	next.PhoneNumber = call.PhoneNumber
	w.report(next)
	is(t, w.numbers(), "[][+49 30 654321][][][+49 30 123456]")
	w.sameAsLog()
}

func TestNumbersOfAnAgeAreThoseThatNobodyHearsAnyMore(t *testing.T) {
	t.Parallel()
	w := watched(t)
	first, second := talking("c1", alice, at(1)), talking("c2", alice, at(20))
	first.PhoneNumber, second.PhoneNumber = "111111", "222222"
	w.report(attached("leg", alice, monitor, at(0)), first, over(first, at(10)), second)
	s := w.only()
	s.Requests = []coaching.DisconnectRequest{
		{Reason: "of whoever", Outcome: coaching.OutcomeRefused, AskedAt: at(5), FinishedAt: &first.At}, {Reason: "of 222222", Outcome: coaching.OutcomeRefused, AskedAt: at(1500), FinishedAt: &first.At},
	}
	for _, c := range []struct {
		before int
		want   string
	}{{10, "[111111][222222]"}, {11, "[][222222]"}, {1000, "[][222222]"}} {
		_, _ = w.change(func(b *coaching.Board) error {
			b.EraseNumbers(coaching.NumberErasure{Before: at(c.before)})
			return nil
		})
		is(t, w.numbers(), c.want)
	}
	is(t, w.only().Requests[0].Reason+w.only().Requests[1].Reason, "of 222222")
}

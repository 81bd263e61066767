package coaching_test

import (
	"fmt"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

func TestMemoryIsStaged(t *testing.T) {
	t.Parallel()
	w := watched(t)
	before := w.memory
	w.report(talking("c1", alice, at(1)), gone("leg", at(5)))
	w.memory = before // as when the transaction was not committed
	w.report(attached("leg", alice, monitor, at(1)))
	is(t, told(w.only()), "Agent 1 monitor 1-")
	is(t, heard(w.only()), "")
}

func TestMemoryIsBoundedAndKeepsTheNewest(t *testing.T) {
	t.Parallel()
	w := watched(t)
	leg := func(i int) string { return fmt.Sprint("leg", i) }
	const many = 10_000
	var reports []coaching.Sighting
	for i := range many {
		reports = append(reports, gone(leg(i), at(5)))
	}
	w.report(reports...)
	w.report(attached(leg(many-4096), alice, monitor, at(1)), attached(leg(0), alice, monitor, at(1)))
	is(t, told(w.on(leg(many-4096))...), "Agent 1 monitor 1-5 supervisor_left")
	is(t, told(w.on(leg(0))...), "Agent 1 monitor 1-") // long forgotten
}

func TestANewConnectionRemembersNothing(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(talking("c1", alice, at(1)))
	w.reconnected(at(5))
	w.reconciled(at(9))
	w.report(attached("leg", alice, monitor, at(10)))
	is(t, heard(w.only()), "")
}

func TestABatchWhoseCommitWasInDoubtIsAppliedAgain(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg1", alice, monitor, at(1)), talking("c1", alice, at(1)))
	batch := []coaching.Sighting{
		attached("leg1", alice, coach, at(2)), gone("leg2", at(4)), attached("leg2", bob, barge, at(3)),
		over(talking("c1", alice, at(1)), at(5)), coaching.SnapshotBegun{Boot: boot1},
		attached("leg1", carol, coach, at(6)), attached("leg3", bob, monitor, at(7)), waits("leg3", at(8)),
		coaching.Snapshot{At: at(6), Legs: []coaching.Attached{attached("leg1", alice, coach, at(1)), attached("leg4", bob, coach, at(2))}},
	}
	memory, seq := w.memory, w.seq
	w.report(batch...)
	sum := func() string {
		text := ""
		for _, leg := range []string{"leg1", "leg2", "leg3", "leg4"} {
			text += leg + ": " + told(w.on(leg)...) + "\n"
		}
		return text + heard(w.on("leg1")[0])
	}
	want := sum()
	w.memory, w.seq = memory, seq
	w.report(batch...)
	is(t, sum(), want)
}

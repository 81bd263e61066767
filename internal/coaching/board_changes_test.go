package coaching_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

func TestChangesOfABatch(t *testing.T) {
	t.Parallel()
	attach, change := attached("leg", alice, monitor, at(1)), attached("leg", alice, coach, at(2))
	for name, tc := range map[string]struct {
		before, batch []coaching.Sighting
		want          string
	}{
		"a start":                       {nil, []coaching.Sighting{attach}, "session.started"},
		"a start and a change":          {nil, []coaching.Sighting{attach, change}, "session.started"},
		"a start, a change and an end":  {nil, []coaching.Sighting{attach, change, gone("leg", at(3))}, "session.started session.ended"},
		"an end told first":             {nil, []coaching.Sighting{gone("leg", at(3)), attach}, "session.started session.ended"},
		"a change":                      {[]coaching.Sighting{attach}, []coaching.Sighting{change}, "session.changed"},
		"two changes":                   {[]coaching.Sighting{attach}, []coaching.Sighting{change, attached("leg", alice, barge, at(3))}, "session.changed"},
		"a change and an end":           {[]coaching.Sighting{attach}, []coaching.Sighting{change, gone("leg", at(3))}, "session.ended"},
		"an end and a late change":      {[]coaching.Sighting{attach}, []coaching.Sighting{gone("leg", at(3)), change}, "session.ended"},
		"a late change":                 {[]coaching.Sighting{attach, gone("leg", at(3))}, []coaching.Sighting{change}, "session.changed"},
		"a move":                        {[]coaching.Sighting{attach}, []coaching.Sighting{attached("leg", bob, monitor, at(3))}, "session.ended session.started"},
		"a repeat":                      {[]coaching.Sighting{attach}, []coaching.Sighting{attach, attach}, ""},
		"the same type again":           {[]coaching.Sighting{attach}, []coaching.Sighting{attached("leg", alice, monitor, at(2))}, ""},
		"an end of no session":          {nil, []coaching.Sighting{gone("leg", at(3))}, ""},
		"a dialer that is merely alive": {[]coaching.Sighting{attach}, []coaching.Sighting{coaching.Alive{At: at(9)}}, ""},
		"a snapshot's beginning":        {[]coaching.Sighting{attach}, []coaching.Sighting{coaching.SnapshotBegun{Boot: boot1}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watched(t)
			w.report(seen(alice, coaching.StatusOnCall, 0), seen(bob, coaching.StatusOnCall, 0), seen(boss, coaching.StatusAvailable, 0))
			w.report(tc.before...)
			is(t, kinds(w.report(tc.batch...)), tc.want)
			w.sameAsLog()
		})
	}
}

func TestAStartAndAnEndInOneBatchTellWhatEachWas(t *testing.T) {
	t.Parallel()
	w := watched(t)
	changes := w.report(attached("leg", alice, monitor, at(1)), attached("leg", alice, coach, at(2)), gone("leg", at(3)))
	changes = changes[len(changes)-2:]
	is(t, kinds(changes), "session.started session.ended")
	is(t, told(changes[0].Session), "Agent 1 coach 1-")
	is(t, told(changes[1].Session), "Agent 1 coach 1-3 supervisor_left")
	if changes[0].Session.ID != changes[1].Session.ID {
		t.Error("the start and the end are of two sessions")
	}
}

func TestAChangeIsAsItWasWhenItWasMade(t *testing.T) {
	t.Parallel()
	w := watched(t)
	changes := w.report(attached("leg", alice, monitor, at(1)), talking("c1", alice, at(1)))
	started := changes[len(changes)-1].Session
	w.mustAsk(coaching.Disconnect{Session: started.ID})
	w.report(attached("leg", alice, coach, at(2)), talking("c2", alice, at(3)), gone("leg", at(4)))
	is(t, told(started), "Agent 1 monitor 1-")
	is(t, heard(started), "c1 talking 1-")
	is(t, outcomes(started), "active:")
}

func TestTheDialersChangesAreLogged(t *testing.T) {
	t.Parallel()
	w := newLedger(t)
	is(t, kinds(w.connect()), "dialer.changed")
	is(t, kinds(w.report(coaching.SnapshotBegun{Boot: boot1})), "dialer.changed")
	is(t, kinds(w.report(coaching.Snapshot{At: at(0)})), "dialer.changed")
	is(t, kinds(w.report(coaching.SnapshotBegun{Boot: boot1})), "")
	is(t, kinds(w.lose(at(5))), "dialer.changed")
	is(t, kinds(w.lose(at(5))), "")
	last := w.log[len(w.log)-1]
	if last.Dialer == nil || last.Dialer.Connected || last.Dialer.Boot != boot1 {
		t.Errorf("got %+v, want the dialer, not connected", last.Dialer)
	}
}

func TestABoardWithoutIDsOfItsOwnMakesUUIDv7(t *testing.T) {
	t.Parallel()
	b := coaching.NewBoard(coaching.Rows{Now: at(0)})
	b.Observe(coaching.Position{Connection: 1, Seq: 1}, attached("leg", alice, monitor, at(1)))
	id := b.Writes().Sessions[0].ID
	if id.Version() != 7 || id == uuid.Nil {
		t.Errorf("got %s, want a UUIDv7", id)
	}
}

package coaching_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

const boot1, boot2 = "boot-1", "boot-2"

// reconciled has the dialer report a snapshot with nothing in between.
func (w *ledger) reconciled(when time.Time, legs ...coaching.Attached) []coaching.Change {
	w.t.Helper()
	return w.report(coaching.SnapshotBegun{Boot: boot1}, coaching.Snapshot{At: when, Legs: legs})
}

// reconnected loses the connection, last heard at a moment, and connects again.
func (w *ledger) reconnected(heard time.Time) {
	w.t.Helper()
	w.lose(heard)
	w.connect()
}

// inferred is a statement whose moment was not observed.
func inferred(a coaching.Attached) coaching.Attached {
	a.Exact = false
	return a
}

func TestLosingTheConnectionEndsNoSession(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg", alice, monitor, at(1)))
	w.now = at(10)
	is(t, kinds(w.lose(at(9))), "dialer.changed")
	is(t, kinds(w.lose(at(9))), "")
	is(t, told(w.only()), "Agent 1 monitor 1-")
	if d := w.dialer; d.Connected || !d.Since.Equal(at(10)) || !d.LastHeardAt.Equal(at(9)) {
		t.Errorf("got %+v, want not connected since 10, heard at 9", d)
	}
	w.now = at(20)
	w.connect()
	is(t, told(w.only()), "Agent 1 monitor 1-")
	if d := w.dialer; d.Connected || d.Connection != 2 || !d.Since.Equal(at(10)) {
		t.Errorf("got %+v, want the second connection, not connected before its snapshot", d)
	}
	w.now = at(21)
	w.reconciled(at(21), attached("leg", alice, monitor, at(1)))
	is(t, told(w.only()), "Agent 1 monitor 1-")
	if d := w.dialer; !d.Connected || !d.Since.Equal(at(21)) || !d.LastHeardAt.Equal(at(21)) || !d.LastReconciledAt.Equal(at(21)) {
		t.Errorf("got %+v, want connected, heard and reconciled at 21", d)
	}
}

func TestASnapshotAfterAGap(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		legs []coaching.Attached
		want string
	}{
		"leaves a session alone that goes on":               {[]coaching.Attached{attached("leg", alice, monitor, at(1))}, "Agent 1 monitor 1-"},
		"ends a missing session when the dialer was heard":  {nil, "Agent 1 monitor 1-~9 not_observed"},
		"changes the type at the moment it was observed":    {[]coaching.Attached{attached("leg", alice, coach, at(12))}, "Agent 1 coach 1-"},
		"changes the type, not before it was last known":    {[]coaching.Attached{inferred(attached("leg", alice, coach, at(0)))}, "Agent 1 coach 1-"},
		"never takes an unknown type for a known one":       {[]coaching.Attached{attached("leg", alice, unknown, at(1))}, "Agent 1 monitor 1-"},
		"moves the session when that was observed":          {[]coaching.Attached{attached("leg", bob, coach, at(12))}, "Agent 1 monitor 1-12 moved_on; Agent 2 coach 12-"},
		"moves the session, not before it was last known":   {[]coaching.Attached{inferred(attached("leg", bob, coach, at(0)))}, "Agent 1 monitor 1-~9 moved_on; Agent 2 coach ~9-"},
		"keeps a target that the dialer can tell no longer": {[]coaching.Attached{nobody("leg", monitor, at(1))}, "Agent 1 monitor 1-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watched(t)
			w.report(attached("leg", alice, monitor, at(1)))
			w.reconnected(at(9))
			for range 3 { // again and again, the same
				w.reconciled(at(20), tc.legs...)
				is(t, told(w.on("leg")...), tc.want)
			}
			w.sameAsLog()
		})
	}
}

func TestATypeThatChangedUnseenFollowsTheOneThatWasTold(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		told   []coaching.Sighting
		listed coaching.Attached
		want   string
	}{
		"found since before the first":      {nil, inferred(attached("leg", alice, coach, at(2))), "monitor@5 coach@5.000001"},
		"observed before the first":         {nil, attached("leg", alice, coach, at(2)), "monitor@5 coach@5.000001"},
		"found since the moment of it":      {nil, inferred(attached("leg", alice, coach, at(5))), "monitor@5 coach@5.000001"},
		"found since before the last":       {[]coaching.Sighting{attached("leg", alice, barge, at(7))}, inferred(attached("leg", alice, coach, at(2))), "monitor@5 barge@7 coach@7.000001"},
		"a correction of the first":         {nil, attached("leg", alice, coach, at(5)), "coach@5"},
		"a correction of the last":          {[]coaching.Sighting{attached("leg", alice, barge, at(7))}, attached("leg", alice, coach, at(7)), "monitor@5 coach@7"},
		"not told any more, since whenever": {nil, inferred(attached("leg", alice, unknown, at(2))), "monitor@5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watched(t)
			w.report(attached("leg", alice, monitor, at(5)))
			w.report(tc.told...)
			w.reconnected(at(4)) // when it was last heard is kept from time to time only
			for range 3 {
				w.reconciled(at(20), tc.listed)
				is(t, timeline(w.only()), tc.want)
			}
			w.report(attached("leg", alice, monitor, at(5)))
			w.sameAsLog()
		})
	}
}

func TestAMoveFoundLateIsNotBeforeWhatWasInferredSince(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg", alice, monitor, at(1)))
	w.reconnected(at(9))
	w.reconciled(at(10), inferred(nobody("leg", coach, at(1))))
	w.reconciled(at(20), attached("leg", bob, coach, at(8)))
	is(t, told(w.on("leg")...), "Agent 1 coach 1-~10 moved_on; Agent 2 coach ~10-")
}

func TestASnapshotBeginsSessionsForUnknownLegs(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.reconnected(at(9))
	call := talking("c1", alice, at(2))
	w.report(coaching.SnapshotBegun{Boot: boot1}, coaching.Snapshot{
		At: at(20), Legs: []coaching.Attached{inferred(attached("leg", alice, barge, at(3)))}, Calls: []coaching.CallSeen{call},
	})
	is(t, told(w.only()), "Agent 1 barge ~3-")
	is(t, heard(w.only()), "c1 talking 3-")
}

func TestASnapshotLearnsATarget(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.reconciled(at(5), inferred(nobody("leg", monitor, at(1))))
	is(t, told(w.only()), "? monitor ~1-")
	w.reconciled(at(9), inferred(attached("leg", alice, monitor, at(1))))
	is(t, told(w.only()), "Agent 1 monitor ~1-")
}

func TestWhatAlreadyEndedIsNotPartOfASnapshotsNewSession(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg", alice, monitor, at(1)))
	w.reconnected(at(9))
	w.reconciled(at(20))
	w.reconciled(at(30), attached("leg", alice, monitor, at(1)))
	is(t, told(w.on("leg")...), "Agent 1 monitor 1-~9 not_observed; Agent 1 monitor ~9-")
}

func TestReportsSinceASnapshotWasBegunAreNewer(t *testing.T) {
	t.Parallel()
	listed := attached("leg", alice, monitor, at(1))
	for name, tc := range map[string]struct {
		before, between []coaching.Sighting
		legs            []coaching.Attached
		want            string
	}{
		"a session that began since is left alone": {
			nil, []coaching.Sighting{attached("leg", alice, monitor, at(11))}, nil, "Agent 1 monitor 11-",
		},
		"a session that ended since is not begun again": {
			[]coaching.Sighting{listed}, []coaching.Sighting{gone("leg", at(11))}, []coaching.Attached{listed},
			"Agent 1 monitor 1-11 supervisor_left",
		},
		"a leg whose end was seen since begins no session": {
			nil, []coaching.Sighting{gone("leg", at(11))}, []coaching.Attached{listed}, "",
		},
		"a leg that waits since begins no session": {
			nil, []coaching.Sighting{waits("leg", at(11))}, []coaching.Attached{listed}, "",
		},
		"a leg that came and went since begins no second session": {
			nil, []coaching.Sighting{attached("leg", bob, coach, at(11)), waits("leg", at(12))}, []coaching.Attached{listed},
			"Agent 2 coach 11-12 target_left",
		},
		"a type that changed since stays": {
			[]coaching.Sighting{listed}, []coaching.Sighting{attached("leg", alice, coach, at(11))}, []coaching.Attached{listed},
			"Agent 1 coach 1-",
		},
		"a move since stays": {
			[]coaching.Sighting{listed}, []coaching.Sighting{attached("leg", bob, coach, at(11))}, []coaching.Attached{listed},
			"Agent 1 monitor 1-11 moved_on; Agent 2 coach 11-",
		},
		"a statement since that changed nothing stays": {
			[]coaching.Sighting{listed}, []coaching.Sighting{attached("leg", alice, monitor, at(11))},
			[]coaching.Attached{attached("leg", bob, monitor, at(9))}, // had moved, and moved back
			"Agent 1 monitor 1-",
		},
		"a session that ended since, told before its start, is one": {
			nil, []coaching.Sighting{gone("leg", at(11)), attached("leg", alice, monitor, at(10))}, []coaching.Attached{},
			"Agent 1 monitor 10-11 supervisor_left",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watched(t)
			w.report(tc.before...)
			w.report(coaching.SnapshotBegun{Boot: boot1})
			w.report(tc.between...)
			w.report(coaching.Snapshot{At: at(10), Legs: tc.legs})
			is(t, told(w.on("leg")...), tc.want)
		})
	}
}

func TestAnEndMissedWithinAConnectionIsSetToTheLastSnapshot(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg", alice, monitor, at(1)))
	w.now = at(10)
	w.reconciled(at(10), attached("leg", alice, monitor, at(1)))
	w.now = at(20)
	w.reconciled(at(20))
	is(t, told(w.only()), "Agent 1 monitor 1-~10 not_observed")
}

func TestAReportAgainAfterItsSessionWasFoundMissingBeginsNone(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]coaching.Attached{
		"another type":       attached("leg", alice, coach, at(5)),
		"the same type":      attached("leg", alice, monitor, at(5)),
		"an unknown type":    attached("leg", alice, unknown, at(1)),
		"a target and a leg": attached("leg", alice, monitor, at(1)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watched(t)
			w.report(attached("leg", alice, monitor, at(1)), last)
			w.reconciled(at(20))
			want := told(w.only())
			w.report(last)
			is(t, told(w.on("leg")...), want)
		})
	}
	w := watched(t)
	w.report(nobody("leg", unknown, at(1)), attached("leg", alice, unknown, at(5)))
	w.reconciled(at(20))
	w.report(attached("leg", alice, unknown, at(5)))
	is(t, told(w.on("leg")...), "Agent 1 unknown 1-~5 not_observed")
}

func TestADatabaseClockAheadOfTheDialersDoesNotMisleadIt(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg", alice, monitor, at(1)))
	w.reconnected(at(100)) // on the database's clock
	w.now = at(120)
	w.reconciled(at(20), inferred(attached("leg", bob, monitor, at(0))))
	w.report(attached("leg", bob, coach, at(25)), waits("leg", at(30)))
	is(t, told(w.on("leg")...), "Agent 1 monitor 1-~20 moved_on; Agent 2 coach ~20-30 target_left")
}

func TestARestartedDialerEndsItsOldSessionsFirst(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg", alice, monitor, at(1)), talking("c1", alice, at(2)))
	w.reconnected(at(9))
	changes := w.report(coaching.SnapshotBegun{Boot: boot2})
	is(t, kinds(changes), "session.ended dialer.changed")
	is(t, told(w.only()), "Agent 1 monitor 1-~9 dialer_restarted")
	again := attached("leg", alice, monitor, at(15)) // the leg's id used again
	w.report(coaching.Snapshot{At: at(20), Legs: []coaching.Attached{again}}, again, talking("c1", alice, at(16)))
	is(t, told(w.on("leg")...), "Agent 1 monitor 1-~9 dialer_restarted; Agent 1 monitor 15-")
	is(t, heard(w.on("leg")[0]), "c1 ended 2-9")
	is(t, heard(w.on("leg")[1]), "c1 talking 16-")
	if got := w.on("leg")[1].Boot; got != boot2 {
		t.Errorf("got boot %q, want %q", got, boot2)
	}
}

func TestTheFirstRunThatIsToldEndsNothing(t *testing.T) {
	t.Parallel()
	w := newLedger(t)
	w.connect()
	w.report(coaching.SnapshotBegun{}, coaching.Snapshot{At: at(0)}, attached("leg", alice, monitor, at(1)))
	w.reconciled(at(9), attached("leg", alice, monitor, at(1)))
	is(t, told(w.only()), "Agent 1 monitor 1-")
	if w.only().Boot != boot1 || w.dialer.Boot != boot1 {
		t.Errorf("got boots %q and %q, want %q", w.only().Boot, w.dialer.Boot, boot1)
	}
	w.report(coaching.SnapshotBegun{}, coaching.Snapshot{At: at(10), Legs: []coaching.Attached{attached("leg", alice, monitor, at(1))}})
	if w.dialer.Boot != boot1 {
		t.Errorf("got boot %q after a snapshot that told none, want %q", w.dialer.Boot, boot1)
	}
}

func TestASnapshotReconcilesCalls(t *testing.T) {
	t.Parallel()
	call := talking("c1", alice, at(2))
	status := coaching.UserSeen{Person: alice, Status: coaching.StatusAvailable, Since: at(15)}
	later := call
	later.State, later.At = coaching.CallOnHold, at(18)
	ahead := call
	ahead.State, ahead.At = coaching.CallOnHold, at(12)
	for name, tc := range map[string]struct {
		between []coaching.Sighting
		calls   []coaching.CallSeen
		want    string
	}{
		"a call that goes on stays":                 {nil, []coaching.CallSeen{call}, "c1 talking 2-"},
		"a call that changed unseen is as listed":   {nil, []coaching.CallSeen{later}, "c1 on_hold 2-"},
		"a call that is missing is over":            {nil, nil, "c1 ended 2-%"},
		"a call told since is left alone":           {[]coaching.Sighting{ahead}, []coaching.CallSeen{call}, "c1 on_hold 2-"},
		"a call that began since is left alone":     {[]coaching.Sighting{talking("c2", alice, at(21))}, nil, "c1 ended 2-%; c2 talking 21-"},
		"a call that ended since is not taken back": {[]coaching.Sighting{over(call, at(13))}, []coaching.CallSeen{call}, "c1 ended 2-13"},
	} {
		for _, gap := range []string{"after a gap", "within a connection"} {
			t.Run(name+" "+gap, func(t *testing.T) {
				t.Parallel()
				w := watched(t)
				attach := attached("leg", alice, monitor, at(1))
				w.report(attach, call)
				lastKnown := "20"
				if gap == "after a gap" {
					w.reconnected(at(9))
					lastKnown = "9"
				}
				w.report(coaching.SnapshotBegun{Boot: boot1})
				w.report(tc.between...)
				w.report(coaching.Snapshot{
					At: at(20), Legs: []coaching.Attached{attach}, Calls: tc.calls, Users: []coaching.UserSeen{status},
				})
				is(t, heard(w.only()), strings.ReplaceAll(tc.want, "%", lastKnown))
				w.sameAsLog()
			})
		}
	}
}

func TestACallThatOutlivedItsSessionIsOverOnceASnapshotLacksIt(t *testing.T) {
	t.Parallel()
	call := talking("c1", alice, at(2))
	took := attached("leg", alice, bargeKick, at(5))
	var none coaching.Snapshot
	for name, tc := range map[string]struct {
		session []coaching.Sighting
		boot    string // of the next watch
		calls   []coaching.CallSeen
		want    string
		ended   time.Time
	}{
		"after a gap, when the dialer was last heard":         {[]coaching.Sighting{gone("leg", at(7))}, boot1, nil, "c1 ended 2-7", at(9)},
		"after a restart, when the dialer was last heard":     {[]coaching.Sighting{gone("leg", at(7))}, boot2, nil, "c1 ended 2-7", at(9)},
		"though another run has one of the same name":         {[]coaching.Sighting{gone("leg", at(7))}, boot2, []coaching.CallSeen{talking("c1", alice, at(15))}, "c1 ended 2-7", at(9)},
		"not before its session's end":                        {[]coaching.Sighting{gone("leg", at(12))}, boot1, nil, "c1 ended 2-12", at(12)},
		"and its conversation was over before":                {[]coaching.Sighting{wrapUp(call, at(4), "SALE"), gone("leg", at(7))}, boot1, nil, "c1 ended 2-7 SALE", at(4)},
		"while it goes on it is not":                          {[]coaching.Sighting{gone("leg", at(7))}, boot1, []coaching.CallSeen{call}, "c1 talking 2-7", time.Time{}},
		"when another agent has it now":                       {[]coaching.Sighting{gone("leg", at(7))}, boot1, []coaching.CallSeen{talking("c1", bob, at(8))}, "c1 ended 2-7", at(9)},
		"when it was taken over, with who took it":            {[]coaching.Sighting{took, over(call, at(6)), gone("leg", at(12))}, boot1, nil, "c1 ended 2-12", at(12)},
		"when it was taken over and the dialer restarted":     {[]coaching.Sighting{took, over(call, at(6)), gone("leg", at(12))}, boot2, nil, "c1 ended 2-12", at(12)},
		"when it was taken over, not after its session's end": {[]coaching.Sighting{took, over(call, at(6)), gone("leg", at(7))}, boot1, nil, "c1 ended 2-7", at(7)},
		"when its leg moved on":                               {[]coaching.Sighting{attached("leg", bob, monitor, at(7))}, boot1, nil, "c1 ended 2-7", at(9)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watched(t)
			w.report(attached("leg", alice, monitor, at(1)), call)
			w.report(tc.session...)
			w.reconnected(at(9))
			w.report(coaching.SnapshotBegun{Boot: tc.boot})
			snap := none
			snap.At, snap.Calls = at(20), tc.calls
			for range 2 {
				w.report(snap)
				s := w.on("leg")[0]
				is(t, heard(s), tc.want)
				if got := s.Calls[0].EndedAt; tc.ended.IsZero() != (got == nil) || got != nil && !got.Equal(tc.ended) {
					t.Errorf("the call ended at %v, want %v", got, tc.ended)
				}
			}
			if changes := w.report(coaching.SnapshotBegun{Boot: tc.boot}, snap); strings.Contains(kinds(changes), "session") {
				t.Errorf("the next snapshot changed something: %s", kinds(changes))
			}
			w.sameAsLog()
		})
	}
}

func TestTheRunThatWasWatchedAllAlongTellsItsNameToEndedSessionsToo(t *testing.T) {
	t.Parallel()
	w := newLedger(t)
	w.connect()
	call := talking("c1", alice, at(2))
	w.report(coaching.SnapshotBegun{}, coaching.Snapshot{At: at(0)}, attached("leg", alice, monitor, at(1)), call, gone("leg", at(7)))
	w.report(coaching.SnapshotBegun{Boot: boot1}, coaching.Snapshot{At: at(9), Calls: []coaching.CallSeen{call}})
	is(t, heard(w.only()), "c1 talking 2-7")
	w.report(over(call, at(12)))
	is(t, heard(w.only()), "c1 ended 2-7")
}

func TestAStatusToldSinceASnapshotWasBegunIsNewer(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(seen(alice, coaching.StatusAvailable, 1))
	w.reconnected(at(5)) // a pause was missed
	w.report(coaching.SnapshotBegun{Boot: boot1}, seen(alice, coaching.StatusAvailable, 12),
		coaching.Snapshot{At: at(10), Users: []coaching.UserSeen{seen(alice, coaching.StatusPaused, 8)}})
	if got := w.user(alice.Extension).Presence.Status; got != coaching.StatusAvailable {
		t.Errorf("got %s, want available", got)
	}
}

func TestAStatusThatChangedUnseenIsAsTheSnapshotTells(t *testing.T) {
	t.Parallel()
	listed := coaching.Snapshot{At: at(20), Users: []coaching.UserSeen{seen(alice, coaching.StatusOnCall, 2)}} // the call began then
	twice := func(w *ledger) coaching.Presence {
		for range 2 {
			w.report(coaching.SnapshotBegun{Boot: boot1}, listed)
		}
		return w.user(alice.Extension).Presence
	}
	w := watched(t)
	w.report(seen(alice, coaching.StatusOnHold, 12))
	w.reconnected(at(15))
	if got := twice(w); got.Status != coaching.StatusOnCall || !got.Since.Equal(at(15)) {
		t.Errorf("got %s since %s, want on_call since 15, when the dialer was last heard", got.Status, got.Since)
	}
	w = watched(t)
	w.report(seen(alice, coaching.StatusOnHold, 12))
	u := w.user(alice.Extension)
	u.Extensions = append(u.Extensions, coaching.Extension{Dialer: "elsewhere", Extension: "1"})
	if got := twice(w); got.Status != coaching.StatusOnHold {
		t.Errorf("got %s, want on_hold: the other dialer may have told so", got.Status)
	}
}

func TestARunThatBeginsWithinAConnectionKnowsNothingOfTheOneBefore(t *testing.T) {
	t.Parallel()
	w := watched(t)
	call := talking("c1", alice, at(1))
	w.report(attached("leg", alice, monitor, at(1)), gone("leg", at(5)), call)
	w.report(coaching.SnapshotBegun{Boot: boot2}, coaching.Snapshot{At: at(9)}, attached("leg", alice, coach, at(10)))
	is(t, told(w.on("leg")...), "Agent 1 monitor 1-5 supervisor_left; Agent 1 coach 10-")
	is(t, heard(w.on("leg")[1]), "")
	w = watched(t)
	w.report(call, coaching.SnapshotBegun{Boot: boot2}, attached("leg", alice, coach, at(10)))
	is(t, heard(w.only()), "")
}

func TestASnapshotTellsStatuses(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(coaching.UserSeen{Person: bob, Status: coaching.StatusOnCall, Since: at(12)})
	w.report(coaching.SnapshotBegun{Boot: boot1}, coaching.Snapshot{At: at(10), Users: []coaching.UserSeen{
		{Person: alice, Status: coaching.StatusPaused, Reason: "Lunch", Since: at(5)},
		{Person: bob, Status: coaching.StatusAvailable, Since: at(4)},
	}})
	if got := w.user(alice.Extension).Presence; got.Status != coaching.StatusPaused || got.Reason != "Lunch" || !got.Since.Equal(at(5)) {
		t.Errorf("got %+v, want paused for lunch since 5", got)
	}
	if got := w.user(bob.Extension).Presence.Status; got != coaching.StatusOnCall {
		t.Errorf("got %s, want on_call: it is newer than the snapshot's", got)
	}
}

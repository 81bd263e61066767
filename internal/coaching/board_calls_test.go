package coaching_test

import (
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// heard sums up the calls of a session.
func heard(s *coaching.Session) string {
	text := ""
	for i, c := range s.Calls {
		if i > 0 {
			text += "; "
		}
		text += c.CallID + " " + string(c.State) + " " + clock(&c.HeardFrom, true) + "-"
		if c.HeardUntil != nil {
			text += clock(c.HeardUntil, true)
		}
		if c.ResultCode != "" {
			text += " " + c.ResultCode
		}
	}
	return text
}

// wrapUp is the report that the conversation is over and the agent busy with it.
func wrapUp(call coaching.CallSeen, when time.Time, code string) coaching.CallSeen {
	call.State, call.EndedAt, call.At = coaching.CallWrapUp, &when, when
	call.ResultCode = coaching.Named{Key: code}
	return call
}

func TestCallsOfASession(t *testing.T) {
	t.Parallel()
	call1, call2 := talking("c1", alice, at(1)), talking("c2", alice, at(20))
	late := over(call1, at(9))
	late.At, late.ResultCode = at(30), coaching.Named{Key: "SALE"}
	back := call1
	back.At = at(12)
	for name, tc := range map[string]struct {
		reports []coaching.Sighting
		want    string
	}{
		"a session hears the call its target is in": {
			[]coaching.Sighting{call1, attached("leg", alice, monitor, at(5))}, "c1 talking 5-",
		},
		"a session hears the call its target takes": {
			[]coaching.Sighting{attached("leg", alice, monitor, at(0)), call1}, "c1 talking 1-",
		},
		"a session follows its target to the next call": {
			[]coaching.Sighting{call1, attached("leg", alice, monitor, at(5)), over(call1, at(9)), call2},
			"c1 ended 5-9; c2 talking 20-",
		},
		"a call stays current through wrap-up": {
			[]coaching.Sighting{call1, attached("leg", alice, monitor, at(5)), wrapUp(call1, at(9), "SALE")}, "c1 wrap_up 5- SALE",
		},
		"a late result code reaches a live session": {
			[]coaching.Sighting{call1, attached("leg", alice, monitor, at(5)), over(call1, at(9)), late}, "c1 ended 5-9 SALE",
		},
		"a late result code reaches an ended session": {
			[]coaching.Sighting{call1, attached("leg", alice, monitor, at(5)), gone("leg", at(7)), over(call1, at(9)), late},
			"c1 ended 5-7 SALE",
		},
		"a session does not hear a call that is over": {
			[]coaching.Sighting{call1, over(call1, at(9)), attached("leg", alice, monitor, at(15))}, "",
		},
		"a session does not hear the calls of another agent": {
			[]coaching.Sighting{talking("c9", bob, at(1)), attached("leg", alice, monitor, at(5))}, "",
		},
		"an ended session takes no call on": {
			[]coaching.Sighting{attached("leg", alice, monitor, at(0)), gone("leg", at(1)), call2}, "",
		},
		"an older report of a call changes nothing": {
			[]coaching.Sighting{attached("leg", alice, monitor, at(0)), call1, wrapUp(call1, at(9), "SALE"), call1}, "c1 wrap_up 1- SALE",
		},
		"a call that is over does not come back by an old report": {
			[]coaching.Sighting{call1, over(call1, at(9)), call1, attached("leg", alice, monitor, at(15))}, "",
		},
		"a call that the agent gets back is current again": {
			[]coaching.Sighting{call1, attached("leg", alice, monitor, at(5)), over(call1, at(9)), back}, "c1 talking 5-",
		},
		"a target learned late brings its call along": {
			[]coaching.Sighting{call1, nobody("leg", monitor, at(5)), attached("leg", alice, monitor, at(6))}, "c1 talking 5-",
		},
		"a session told after its end keeps the call it heard": {
			[]coaching.Sighting{call1, gone("leg", at(7)), attached("leg", alice, monitor, at(5))}, "c1 talking 5-7",
		},
		"a session told after its end did not hear what came later": {
			[]coaching.Sighting{call2, gone("leg", at(7)), attached("leg", alice, monitor, at(5))}, "",
		},
		"a call that ended after the session, but was told before, was heard until the session's end": {
			[]coaching.Sighting{attached("leg", alice, monitor, at(0)), call1, over(call1, at(9)), gone("leg", at(5))}, "c1 ended 1-5",
		},
		"a call told before an earlier end was not heard": {
			[]coaching.Sighting{call1, attached("leg", alice, monitor, at(5)), over(call1, at(9)), call2, gone("leg", at(15)), over(call2, at(30))},
			"c1 ended 5-9",
		},
		"a call told before the leg had moved on earlier was not heard": {
			[]coaching.Sighting{attached("leg", alice, monitor, at(5)), call2, attached("leg", bob, monitor, at(15)), over(call2, at(30))}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, all := watched(t), watched(t)
			for _, r := range tc.reports {
				one.report(r)
			}
			all.report(tc.reports...)
			for _, w := range []*ledger{one, all} {
				is(t, heard(w.on("leg")[0]), tc.want)
				w.sameAsLog()
			}
		})
	}
}

func TestACallThatIsOverDoesNotComeBackAfterASnapshotEither(t *testing.T) {
	t.Parallel()
	w := watched(t)
	call := talking("c1", alice, at(1))
	w.report(call, over(call, at(9)))
	for range 2 {
		w.report(coaching.SnapshotBegun{Boot: "boot-1"}, coaching.Snapshot{At: at(20)})
	}
	w.report(call, attached("leg", alice, monitor, at(25)))
	is(t, heard(w.only()), "")
}

func TestASessionThatMovesOnHearsItsNewTarget(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(talking("c1", alice, at(1)), talking("c2", bob, at(2)),
		attached("leg", alice, monitor, at(5)), attached("leg", bob, monitor, at(8)))
	sessions := w.on("leg")
	is(t, heard(sessions[0]), "c1 talking 5-8")
	is(t, heard(sessions[1]), "c2 talking 8-")
}

func TestOneCallReachesEverySessionThatHearsIt(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg1", alice, monitor, at(1)), attached("leg2", alice, coach, at(2)))
	changes := w.report(talking("c1", alice, at(5)))
	is(t, kinds(changes), "session.changed session.changed")
	is(t, heard(w.on("leg1")[0]), "c1 talking 5-")
	is(t, heard(w.on("leg2")[0]), "c1 talking 5-")
}

func TestTheTargetCampaign(t *testing.T) {
	t.Parallel()
	spring, winter := coaching.Named{Key: "SPRING", Name: "Spring"}, coaching.Named{Key: "WINTER", Name: "Winter"}
	in := func(campaign coaching.Named, s coaching.Sighting) coaching.Sighting {
		switch s := s.(type) {
		case coaching.CallSeen:
			s.Campaign = campaign
			return s
		case coaching.Attached:
			s.TargetCampaign = campaign
			return s
		default:
			return s
		}
	}
	attach := attached("leg", alice, monitor, at(5))
	call1, call2 := talking("c1", alice, at(1)), talking("c2", alice, at(7))
	for name, tc := range map[string]struct {
		reports []coaching.Sighting
		want    string
	}{
		"is the one the target was in":            {[]coaching.Sighting{in(winter, call1), in(spring, attach)}, "SPRING"},
		"is else that of the first call heard":    {[]coaching.Sighting{in(winter, call1), attach}, "WINTER"},
		"is that of a call heard later":           {[]coaching.Sighting{attach, in(winter, call2)}, "WINTER"},
		"stays when a later call has another":     {[]coaching.Sighting{in(spring, attach), in(winter, call2)}, "SPRING"},
		"is kept where the end was told first":    {[]coaching.Sighting{gone("leg", at(6)), in(spring, attach)}, "SPRING"},
		"is known once the call's becomes known":  {[]coaching.Sighting{attach, call2, in(winter, wrapUp(call2, at(9), ""))}, "WINTER"},
		"is of no call that came after the end":   {[]coaching.Sighting{call1, in(winter, talking("c2", alice, at(9))), gone("leg", at(7)), in(spring, attach)}, "SPRING"},
		"stays when the target changes campaigns": {[]coaching.Sighting{in(spring, attach), in(winter, attached("leg", alice, coach, at(6)))}, "SPRING"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watched(t)
			w.report(tc.reports...)
			id := w.only().TargetCampaignID
			if id == nil || *id != w.entry(coaching.KindCampaign, tc.want).ID {
				t.Errorf("got campaign %v, want %s", id, tc.want)
			}
		})
	}
	w := watched(t)
	w.report(call1, attach)
	if got := w.only().TargetCampaignID; got != nil {
		t.Errorf("got campaign %v, want none where nobody told one", got)
	}
	w = watched(t)
	w.report(in(winter, talking("c2", alice, at(9))), gone("leg", at(7)), attach)
	if got := w.only().TargetCampaignID; got != nil {
		t.Errorf("got campaign %v, want none: it was that of a call after the session's end", got)
	}
}

func TestTheLengthOfACallIsNeverNegative(t *testing.T) {
	t.Parallel()
	call := coaching.Call{StartedAt: at(10)}
	if got := call.Length(at(5)); got != 0 {
		t.Errorf("got %s before the start, want 0", got)
	}
	if got := call.Length(at(15)); got != 5*time.Second {
		t.Errorf("got %s, want 5s", got)
	}
	end := at(12)
	call.EndedAt = &end
	if got := call.Length(at(15)); got != 2*time.Second {
		t.Errorf("got %s after the end, want 2s", got)
	}
}

func TestATakenOverCallGoesOnWithTheSupervisor(t *testing.T) {
	t.Parallel()
	first := talking("c1", alice, at(1))
	took := attached("leg", alice, coaching.TypeBargeKick, at(5))
	for name, reports := range map[string][]coaching.Sighting{
		"the agent's end is told after the takeover":  {took, over(first, at(6))},
		"the agent's end is told before the takeover": {over(first, at(4)), took},
		"and again":                    {over(first, at(4)), took, over(first, at(4)), took},
		"the agent goes on to another": {took, over(first, at(6)), talking("c2", alice, at(7))},
		"a snapshot does not have it": {
			took, over(first, at(6)), coaching.SnapshotBegun{Boot: "boot-1"},
			coaching.Snapshot{At: at(9), Legs: []coaching.Attached{took}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watched(t)
			w.report(first, attached("leg", alice, monitor, at(2)))
			w.report(reports...)
			is(t, heard(w.only()), "c1 talking 2-")
			w.report(coaching.Detached{Leg: "leg", At: at(20), Exact: true, Gone: true, Reason: coaching.EndSupervisorLeft})
			is(t, heard(w.only()), "c1 talking 2-20")
		})
	}
}

func TestACallThatWasOverLongAgoIsNotTakenOver(t *testing.T) {
	t.Parallel()
	w := watched(t)
	first := talking("c1", alice, at(1))
	w.report(first, attached("leg", alice, monitor, at(2)), over(first, at(4)), attached("leg", alice, coaching.TypeBargeKick, at(30)))
	is(t, heard(w.only()), "c1 ended 2-4")
}

// A call that was taken off a session, since it began after the end, does not tell the
// session's campaign.
func TestCampaignOfACallThatWasNotHeard(t *testing.T) {
	t.Parallel()
	w := watched(t)
	call := talking("c2", alice, at(9))
	call.Campaign = coaching.Named{Key: "WINTER"}
	w.report(attached("leg", alice, monitor, at(5)), call, gone("leg", at(7)))
	s := w.only()
	if len(s.Calls) != 0 || s.TargetCampaignID != nil {
		t.Errorf("got %d calls, campaign %v, want neither", len(s.Calls), s.TargetCampaignID)
	}
}

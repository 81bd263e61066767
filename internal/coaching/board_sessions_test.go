package coaching_test

import (
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// nobody is the report that a leg listens to somebody the dialer cannot tell.
func nobody(leg string, t coaching.Type, when time.Time) coaching.Attached {
	a := attached(leg, alice, t, when)
	a.Target = nil
	return a
}

// sequences are what a dialer may report of one leg, and what comes of it.
var sequences = map[string]struct {
	reports []coaching.Sighting
	want    string // the leg's sessions
	types   string // the timeline of the first
}{
	"a leg that attaches begins a session": {
		[]coaching.Sighting{attached("leg", alice, monitor, at(1))},
		"Agent 1 monitor 1-", "monitor@1",
	},
	"another type changes the session's type": {
		[]coaching.Sighting{attached("leg", alice, monitor, at(1)), attached("leg", alice, coach, at(5))},
		"Agent 1 coach 1-", "monitor@1 coach@5",
	},
	"a take-over is the same session and ends with its leg": {
		[]coaching.Sighting{attached("leg", alice, barge, at(1)), attached("leg", alice, bargeKick, at(5)), gone("leg", at(9))},
		"Agent 1 barge_kick 1-9 supervisor_left", "barge@1 barge_kick@5",
	},
	"a type nobody told is unknown and never guessed": {
		[]coaching.Sighting{attached("leg", alice, unknown, at(1)), attached("leg", alice, unknown, at(5))},
		"Agent 1 unknown 1-", "unknown@1",
	},
	"a type that is told later follows the unknown one": {
		[]coaching.Sighting{attached("leg", alice, unknown, at(1)), attached("leg", alice, coach, at(5))},
		"Agent 1 coach 1-", "unknown@1 coach@5",
	},
	"an unknown type never replaces a known one": {
		[]coaching.Sighting{attached("leg", alice, coach, at(1)), attached("leg", alice, unknown, at(5))},
		"Agent 1 coach 1-", "coach@1",
	},
	"a second statement for the same moment corrects the type": {
		[]coaching.Sighting{attached("leg", alice, unknown, at(1)), attached("leg", alice, barge, at(1))},
		"Agent 1 barge 1-", "barge@1",
	},
	"a correction that makes neighbours equal leaves one": {
		[]coaching.Sighting{
			attached("leg", alice, monitor, at(1)), attached("leg", alice, coach, at(5)), attached("leg", alice, monitor, at(5)),
		},
		"Agent 1 monitor 1-", "monitor@1",
	},
	"a correction may be corrected": {
		[]coaching.Sighting{
			attached("leg", alice, monitor, at(1)), attached("leg", alice, coach, at(5)),
			attached("leg", alice, monitor, at(5)), attached("leg", alice, coach, at(5)),
		},
		"Agent 1 coach 1-", "monitor@1 coach@5",
	},
	"the same leg on another target is a new session": {
		[]coaching.Sighting{attached("leg", alice, monitor, at(1)), attached("leg", bob, coach, at(5)), gone("leg", at(9))},
		"Agent 1 monitor 1-5 moved_on; Agent 2 coach 5-9 supervisor_left", "monitor@1",
	},
	"a leg that moves away and back carries three sessions": {
		[]coaching.Sighting{
			attached("leg", alice, monitor, at(1)), attached("leg", bob, monitor, at(5)), attached("leg", alice, monitor, at(7)),
		},
		"Agent 1 monitor 1-5 moved_on; Agent 2 monitor 5-7 moved_on; Agent 1 monitor 7-", "monitor@1",
	},
	"a leg that waits for a next target has no session": {
		[]coaching.Sighting{attached("leg", alice, monitor, at(1)), waits("leg", at(5))},
		"Agent 1 monitor 1-5 target_left", "monitor@1",
	},
	"a leg that waited carries a new session, on the same target too": {
		[]coaching.Sighting{attached("leg", alice, monitor, at(1)), waits("leg", at(5)), attached("leg", alice, monitor, at(7))},
		"Agent 1 monitor 1-5 target_left; Agent 1 monitor 7-", "monitor@1",
	},
	"a leg that leaves without having listened is no session": {
		[]coaching.Sighting{gone("leg", at(5))}, "", "",
	},
	"a target is unknown until it is learned": {
		[]coaching.Sighting{nobody("leg", coach, at(1)), attached("leg", alice, coach, at(3))},
		"Agent 1 coach 1-", "coach@1",
	},
	"a target once learned is not forgotten": {
		[]coaching.Sighting{nobody("leg", coach, at(1)), attached("leg", alice, coach, at(3)), nobody("leg", barge, at(5))},
		"Agent 1 barge 1-", "coach@1 barge@5",
	},
	"a target is learned once; another one is a move": {
		[]coaching.Sighting{nobody("leg", coach, at(1)), attached("leg", alice, coach, at(3)), attached("leg", bob, coach, at(5))},
		"Agent 1 coach 1-5 moved_on; Agent 2 coach 5-", "coach@1",
	},
	"a leg that is told gone before it is told attached was one session": {
		[]coaching.Sighting{gone("leg", at(5)), attached("leg", alice, monitor, at(1))},
		"Agent 1 monitor 1-5 supervisor_left", "monitor@1",
	},
	"the end of a leg whose id is used again may be told before its start": {
		[]coaching.Sighting{attached("leg", alice, monitor, at(1)), gone("leg", at(5)), gone("leg", at(9)), attached("leg", alice, coach, at(7))},
		"Agent 1 monitor 1-5 supervisor_left; Agent 1 coach 7-9 supervisor_left", "monitor@1",
	},
	"a leg that is gone may be followed by one of the same id": {
		[]coaching.Sighting{attached("leg", alice, monitor, at(1)), gone("leg", at(5)), attached("leg", alice, coach, at(7))},
		"Agent 1 monitor 1-5 supervisor_left; Agent 1 coach 7-", "monitor@1",
	},
	"an attachment told after the one that followed it ends where that began": {
		[]coaching.Sighting{attached("leg", bob, monitor, at(5)), attached("leg", alice, coach, at(1))},
		"Agent 1 coach 1-5 moved_on; Agent 2 monitor 5-", "coach@1",
	},
	"an attachment told after its wait and the next attachment ends with the wait": {
		[]coaching.Sighting{waits("leg", at(3)), attached("leg", bob, monitor, at(5)), attached("leg", alice, coach, at(1))},
		"Agent 1 coach 1-3 target_left; Agent 2 monitor 5-", "coach@1",
	},
	"an earlier type told late takes its place in the timeline": {
		[]coaching.Sighting{
			attached("leg", alice, monitor, at(1)), attached("leg", alice, barge, at(9)), attached("leg", alice, coach, at(5)),
		},
		"Agent 1 barge 1-", "monitor@1 coach@5 barge@9",
	},
	"after a type told late, what was stated since holds again": {
		[]coaching.Sighting{
			attached("leg", alice, monitor, at(1)), attached("leg", alice, monitor, at(9)), attached("leg", alice, coach, at(5)),
		},
		"Agent 1 monitor 1-", "monitor@1 coach@5 monitor@9",
	},
	"a type told late that lasted on is taken earlier": {
		[]coaching.Sighting{
			attached("leg", alice, monitor, at(1)), attached("leg", alice, coach, at(9)), attached("leg", alice, coach, at(5)),
		},
		"Agent 1 coach 1-", "monitor@1 coach@5",
	},
	"a type told after the end belongs to the ended session": {
		[]coaching.Sighting{attached("leg", alice, monitor, at(1)), gone("leg", at(9)), attached("leg", alice, coach, at(5))},
		"Agent 1 coach 1-9 supervisor_left", "monitor@1 coach@5",
	},
	"a target told after the end is learned": {
		[]coaching.Sighting{nobody("leg", monitor, at(1)), gone("leg", at(9)), attached("leg", alice, monitor, at(5))},
		"Agent 1 monitor 1-9 supervisor_left", "monitor@1",
	},
	"a detach before the start is an earlier session's": {
		[]coaching.Sighting{attached("leg", alice, monitor, at(5)), waits("leg", at(3))},
		"Agent 1 monitor 5-", "monitor@5",
	},
	"a leg that is gone ends its session whatever the clocks say": {
		[]coaching.Sighting{attached("leg", alice, monitor, at(5)), gone("leg", at(3))},
		"Agent 1 monitor 5-~5 supervisor_left", "monitor@5",
	},
	"a second report of the end changes nothing": {
		[]coaching.Sighting{
			attached("leg", alice, monitor, at(1)), gone("leg", at(5)),
			coaching.Detached{Leg: "leg", At: at(6), Exact: true, Reason: coaching.EndCallEnded, Gone: true},
		},
		"Agent 1 monitor 1-5 supervisor_left", "monitor@1",
	},
	"a start and an end that were not observed say so": {
		[]coaching.Sighting{
			func() coaching.Sighting { a := attached("leg", alice, monitor, at(1)); a.Exact = false; return a }(),
			coaching.Detached{Leg: "leg", At: at(5), Reason: coaching.EndUnknown, Gone: true},
		},
		"Agent 1 monitor ~1-~5 unknown", "monitor@1",
	},
}

func TestReportsOfALeg(t *testing.T) {
	t.Parallel()
	for name, tc := range sequences {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(t *testing.T, w *ledger) {
				t.Helper()
				is(t, told(w.on("leg")...), tc.want)
				if tc.types != "" {
					is(t, timeline(w.on("leg")[0]), tc.types)
				}
				w.sameAsLog()
			}
			t.Run("each in a batch of its own", func(t *testing.T) {
				w := watched(t)
				for _, r := range tc.reports {
					w.now = w.now.Add(time.Second)
					w.report(r)
				}
				check(t, w)
			})
			t.Run("all in one batch", func(t *testing.T) {
				w := watched(t)
				w.report(tc.reports...)
				check(t, w)
			})
			t.Run("each twice", func(t *testing.T) {
				w := watched(t)
				for _, r := range tc.reports {
					w.report(r)
					if changes := w.report(r); len(changes) > 0 {
						t.Errorf("the second report of %+v changed something: %s", r, kinds(changes))
					}
				}
				check(t, w)
			})
		})
	}
}

func TestReportsThatComeAgainLaterChangeNothing(t *testing.T) {
	t.Parallel()
	w := watched(t)
	reports := []coaching.Sighting{
		nobody("leg", unknown, at(1)), attached("leg", alice, monitor, at(2)), attached("leg", alice, coach, at(3)),
		attached("leg", bob, coach, at(4)), waits("leg", at(5)), attached("leg", alice, barge, at(6)),
		attached("leg", carol, bargeKick, at(7)), gone("leg", at(8)),
	}
	var seen []coaching.Sighting
	for _, r := range reports {
		w.report(r)
		seen = append(seen, r)
		for _, again := range seen {
			if changes := w.report(again); len(changes) > 0 {
				t.Fatalf("%+v again, after %d reports, changed something: %s", again, len(seen), kinds(changes))
			}
		}
	}
	is(t, told(w.on("leg")...), "Agent 1 coach 1-4 moved_on; Agent 2 coach 4-5 target_left; "+
		"Agent 1 barge 6-7 moved_on; Agent 3 barge_kick 7-8 supervisor_left")
}

func TestEveryEndReasonIsKeptAsTheDialerTold(t *testing.T) {
	t.Parallel()
	for _, reason := range coaching.EndReasons() {
		w := watched(t)
		w.report(attached("leg", alice, monitor, at(1)),
			coaching.Detached{Leg: "leg", At: at(5), Exact: true, Reason: reason, Gone: true})
		if got := w.only(); got.EndReason != reason || got.EndedBy != nil || got.Length() != 4*time.Second {
			t.Errorf("got %s by %v after %s, want %s by nobody after 4s", got.EndReason, got.EndedBy, got.Length(), reason)
		}
	}
}

func TestATimelineIsBounded(t *testing.T) {
	t.Parallel()
	w := watched(t)
	types := []coaching.Type{monitor, coach}
	for i := range 300 {
		w.report(attached("leg", alice, types[i%2], at(10*i)))
	}
	full := len(w.only().Timeline)
	for i := range 20 { // told late, for before and after the newest entry
		w.report(attached("leg", alice, barge, at(2000+10*i+5)))
	}
	w.report(attached("leg", alice, coach, at(4000)), attached("leg", alice, barge, at(3500)))
	if s := w.only(); full > 256 || len(s.Timeline) != full || s.Type() != coach {
		t.Errorf("got %d entries, then %d that end with %s, want as many, 256 at most, that end with coach", full, len(s.Timeline), s.Type())
	}
}

func TestASupervisorMayHaveSeveralSessionsAtOnce(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg1", alice, monitor, at(1)), attached("leg2", bob, coach, at(2)), gone("leg1", at(3)))
	is(t, told(w.on("leg1")...), "Agent 1 monitor 1-3 supervisor_left")
	is(t, told(w.on("leg2")...), "Agent 2 coach 2-")
	if w.on("leg1")[0].User != w.on("leg2")[0].User {
		t.Errorf("got two users, want one: %v and %v", w.on("leg1")[0].User, w.on("leg2")[0].User)
	}
}

func TestASessionKeepsNamesAsTheyWereThen(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg1", alice, monitor, at(1)))
	married := alice
	married.Name = "Agent Married"
	w.report(attached("leg2", married, monitor, at(2)))
	is(t, told(w.on("leg1")...), "Agent 1 monitor 1-")
	is(t, told(w.on("leg2")...), "Agent Married monitor 2-")
	if got, want := w.on("leg1")[0].Target.ID, w.on("leg2")[0].Target.ID; got != want {
		t.Errorf("got target %s, want the same user %s", got, want)
	}
}

func TestTheBoardFindsASessionByItsID(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg", alice, monitor, at(1)))
	w.do(func(b *coaching.Board) {
		if b.Session(w.order[0]) == nil || b.Session(w.newID()) != nil {
			t.Error("Session finds what it should not, or not what it should")
		}
	})
}

package asterisk

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
)

// Line breaks in what a channel of a real Asterisk runs cut no list short, lose no
// session, and keep nobody from watching it.
func TestRealAsteriskLineBreaksInLists(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"ends the list":          "%0d%0aEventList: Complete",
		"ends the list, counted": "%0d%0aEventList: Complete%0d%0aListItems: 0",
		"splits the item":        "%0d%0a%0d%0aX: y",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFloorWith(t, `
[evil]
exten => s,1,Answer()
 same => n,Milliwatt(o${URIDECODE(`+data+`)})
`)
			f.supervise("s1", "a1", "monitor")
			session := f.anySession("the session")
			f.dials("5558888@customer", "evil", "s")
			housetest.WaitFor(t, "the line break", func() bool { return f.onDevice("5558888@customer") != "" && len(f.channels()) > 7 })
			f.dialer.current().relist <- struct{}{}
			if legs := f.watch.snapshot().Legs; len(legs) != 1 {
				t.Errorf("listed anew: %+v", legs)
			}
			f.watch.stop()
			f.watch = watched(t, f.dialer)
			if legs := f.watch.snapshot().Legs; len(legs) != 1 {
				t.Errorf("connected anew: %+v", legs)
			}
			if got := f.hangUp(session); got != coaching.Accepted {
				t.Errorf("hang up: %s", got)
			}
		})
	}
}

// An application chooses the ids of channels, of whatever letters, and the same one
// again: each is a session, and each is ended.
func TestRealAsteriskChosenIDs(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	for _, id := range []string{"coach-anna", "coach-anna", "coach+anna 1"} {
		f.do("Originate", "Channel", "Local/s1@phone/n", "ChannelId", id, "OtherChannelId", id+"-2", "Context", "monitor", "Exten", "a1", "Priority", "1", "Async", "true")
		session := f.anySession("the session of " + id)
		if got := f.hangUp(session); got != coaching.Accepted {
			t.Errorf("%s: hang up: %s", id, got)
		}
		f.watch.gone(session.Leg)
		housetest.WaitFor(t, "the supervisor's channels to go", func() bool { return f.onDevice("s1@phone") == "" })
		if !f.talking("5551234", "a1") {
			t.Fatalf("%s: the customer's call was harmed", id)
		}
	}
}

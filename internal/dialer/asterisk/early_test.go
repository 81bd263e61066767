package asterisk

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

// What is told of channels before the first list has shown them is not lost.
func TestEventsBeforeTheFirstList(t *testing.T) {
	t.Parallel()
	everybody := [][]string{
		listed(sup, supID, "ChanSpy", "PJSIP/agent,q", ""), listed(ag1, ag1ID, "AppDial", "", "b1"),
		listed(cust, custID, "Dial", "", "b1"), listed(ag2, ag2ID, "AppDial", "", ""),
	}
	cases := map[string]struct {
		happens func(d *desk)
		items   [][]string
		want    []string
	}{
		"who began to spy on whom": {
			func(d *desk) { d.spying("ChanSpyStart", sup, supID, ag1, ag1ID) },
			everybody, []string{"41 1000.1 on PJSIP/agent1 monitor"},
		},
		"and moved on": {
			func(d *desk) {
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
				d.spying("ChanSpyStart", sup, supID, ag2, ag2ID)
			},
			everybody, []string{"43 1000.1 on PJSIP/agent2 monitor"},
		},
		"and was switched": {
			func(d *desk) {
				d.runs("ChanSpy", "PJSIP/agent,qd")
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.about("DTMFEnd", sup, supID, "Digit", "6", "Direction", "Received")
			},
			everybody, []string{"43 1000.1 on PJSIP/agent1 barge"},
		},
		"one who is gone by then": {
			func(d *desk) {
				d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
				d.about("Hangup", sup, supID)
			},
			everybody, []string{},
		},
		"one whom no list shows": {
			func(d *desk) { d.spying("ChanSpyStart", "PJSIP/evil-1", "7.7", ag1, ag1ID) },
			everybody[1:], []string{},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			c.happens(d)
			d.list(nil, c.items...)
			if diff := cmp.Diff(d.snapshotLegs(), c.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

// A leg that the connection before knew, and whose end comes before the first list, has
// ended as the events say, when they say it, and why.
func TestEndsBeforeTheFirstList(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		happens func(d *desk)
		want    []string
	}{
		"the supervisor left": {func(d *desk) {
			d.about("HangupRequest", sup, supID)
			d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
			d.about("Hangup", sup, supID)
		}, []string{"50 1000.1 gone supervisor_left"}},
		"the customer did, and the supervisor did not wait for the agent's next call": {func(d *desk) {
			d.about("HangupRequest", cust, custID)
			d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
			d.about("Hangup", ag1, ag1ID)
			d.about("Hangup", sup, supID)
		}, []string{"52 1000.1 gone call_ended"}},
		"the agent gave the customer away": {func(d *desk) {
			d.hear("BlindTransfer", "Result", "Success", "TransfererUniqueid", ag1ID)
			d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
			d.about("Hangup", sup, supID)
		}, []string{"50 1000.1 gone transferred"}},
		"nobody": {func(d *desk) { d.about("Newstate", sup, supID) }, []string{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, again := newDesk(), newDesk()
			first.everybody()
			first.runs("ChanSpy", "PJSIP/agent1,q")
			first.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			again.at = first.at
			c.happens(again)
			var items [][]string
			if name == "nobody" {
				items = [][]string{listed(sup, supID, "ChanSpy", "PJSIP/agent1,q", ""), listed(ag1, ag1ID, "", "", "b1"), listed(cust, custID, "", "", "b1")}
			}
			again.list(first.m, items...)
			again.m.told = again.m.missed
			if diff := cmp.Diff(again.legs(), c.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

// The same over a connection: the end is reported between the beginning of the
// snapshot and the snapshot.
func TestEndIsReportedWithTheFirstSnapshot(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	d := c.dialer()
	w := watched(t, d)
	w.snapshot()
	leg := c.attach("PJSIP/sup1", "PJSIP/agent1", coaching.TypeCoach)
	w.attached(leg, coaching.TypeCoach)
	w.stop()
	c.server.Handle("QueueStatus", func(to *amitest.Client, m ami.Message) {
		c.set(func() { c.client = to })
		c.hangsUp(leg)
		to.Error(m, "there are no queues")
	})
	w = watched(t, d)
	next(w, "the beginning of the snapshot", func(coaching.SnapshotBegun) bool { return true })
	if gone := w.gone(leg); gone.Reason != coaching.EndSupervisorLeft || !gone.Exact {
		t.Errorf("gone: %+v", gone)
	}
	if snap := w.snapshot(); len(snap.Legs) != 0 {
		t.Errorf("the snapshot has %+v", snap.Legs)
	}
}

// A flood before the first list is bounded, and its newest events are kept.
func TestEventsBeforeTheFirstListAreBounded(t *testing.T) {
	t.Parallel()
	d := newDesk()
	for range mostEarly {
		d.about("Newstate", cust, custID)
	}
	d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
	if got := len(d.m.early); got > mostEarly {
		t.Errorf("%d events are kept, want at most %d", got, mostEarly)
	}
	began := d.at
	d.list(nil, listed(sup, supID, "ChanSpy", "PJSIP/agent1,q", ""), listed(ag1, ag1ID, "", "", "b1"))
	snap := d.m.snapshot(d.at)
	if len(snap.Legs) != 1 || !snap.Legs[0].Exact || !snap.Legs[0].At.Equal(began) {
		t.Errorf("got %+v, want the leg exactly since %v", snap.Legs, began)
	}
}

// An ask that was never answered is not blamed for an end much later; one that was
// agreed to may take its time.
func TestAskedAndEndedLater(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		agreed bool
		after  time.Duration
		ends   func(d *desk)
		want   string
	}{
		"soon":                             {false, 5 * time.Second, func(*desk) {}, "disconnected"},
		"soon, agreed":                     {true, 5 * time.Second, func(*desk) {}, "disconnected"},
		"much later":                       {false, time.Hour, func(*desk) {}, "unknown"},
		"late, but agreed":                 {true, time.Hour, func(*desk) {}, "disconnected"},
		"late, agreed, and the call ended": {true, time.Hour, func(d *desk) { d.about("HangupRequest", cust, custID) }, "call_ended"},
		"late, by a call that ended":       {false, time.Hour, func(d *desk) { d.about("HangupRequest", cust, custID) }, "call_ended"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.everybody()
			d.runs("ChanSpy", ag1+",qu")
			d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			d.m.legs[supID].asked = asking{at: d.at, agreed: c.agreed}
			d.at = d.at.Add(c.after)
			c.ends(d)
			d.legs()
			d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
			d.about("Hangup", sup, supID)
			if got := d.legs(); len(got) != 1 || got[0][len(got[0])-len(c.want):] != c.want {
				t.Errorf("got %q, want %s", got, c.want)
			}
		})
	}
}

// However many channels end while a list is under way, it brings none of them back.
func TestNoneOfManyEndsIsUndoneByAList(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.list(nil)
	d.m.ended = map[string]bool{} // as while a list is asked for
	asked := d.seq
	items := [][]string{}
	for i := range 10_000 {
		name, id := fmt.Sprintf("PJSIP/agent%d-1", i), fmt.Sprintf("900.%d", i)
		d.about("Newchannel", name, id)
		d.about("Hangup", name, id)
		items = append(items, listed(name, id, "Wait", "", ""))
	}
	d.seq = asked
	d.list(nil, items...)
	if got := len(d.m.channels); got != 0 {
		t.Errorf("%d channels came back", got)
	}
}

package asterisk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Of those in a snoop's bridge the one who listens is a person: no recorder and no
// transcriber is, whenever it came.
func TestMachinesInASnoopsBridge(t *testing.T) {
	t.Parallel()
	const snoop, snoopID = "Snoop/" + ag1ID + "-00000000", "1000.20"
	machines := []string{"UnicastRTP/127.0.0.1:9000-0x7f", "AudioSocket/127.0.0.1:9092-abc", "WebSocket/transcriber/0x7f", "Recorder/ARI-00000001;2"}
	happens := map[string]func(d *desk){
		"told": func(d *desk) {
			d.everybody()
			d.about("Newchannel", snoop, snoopID)
			d.spying("ChanSpyStart", snoop, snoopID, ag1, ag1ID)
			d.about("BridgeEnter", snoop, snoopID, "BridgeUniqueid", "s1")
			for i, name := range machines {
				id := string(rune('a' + i))
				d.about("Newchannel", name, id)
				d.about("BridgeEnter", name, id, "BridgeUniqueid", "s1")
			}
			d.about("BridgeEnter", sup, supID, "BridgeUniqueid", "s1")
		},
		"listed": func(d *desk) {
			items := [][]string{
				listed(snoop, snoopID, "Stasis", "coach", "s1"), listed(sup, supID, "Stasis", "coach", "s1"),
				listed(ag1, ag1ID, "AppDial", "", "b1"), listed(cust, custID, "Dial", "PJSIP/agent1", "b1"),
			}
			for i, name := range machines {
				items = append(items, listed(name, string(rune('a'+i)), "Stasis", "coach", "s1"))
			}
			d.list(nil, items...)
		},
	}
	for name, happens := range happens {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			happens(d)
			legs := []string{}
			for _, l := range d.m.snapshot(d.at).Legs {
				legs = append(legs, l.Supervisor.Extension+" on "+targetExtension(l)+" "+string(l.Type))
			}
			if diff := cmp.Diff(legs, []string{"PJSIP/sup1 on PJSIP/agent1 unknown"}); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
		})
	}
}

const snoop1, snoop1ID = "Snoop/" + ag1ID + "-00000000", "1000.77"

// snooped has the supervisor listen to agent1 by a snoop.
func (d *desk) snooped() {
	d.about("Newchannel", snoop1, snoop1ID)
	d.spying("ChanSpyStart", snoop1, snoop1ID, ag1, ag1ID)
	d.about("BridgeEnter", snoop1, snoop1ID, "BridgeUniqueid", "s1")
	d.about("BridgeEnter", sup, supID, "BridgeUniqueid", "s1")
}

// Who listens by a snoop may be hung up where only machines are with him, and not in a
// bridge of which nothing was told: the customer may be there.
func TestWhoIsInASnoopsBridge(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.everybody()
	d.snooped()
	d.about("Newchannel", "Recorder/ARI-00000009;2", "1000.9")
	d.about("BridgeEnter", "Recorder/ARI-00000009;2", "1000.9", "BridgeUniqueid", "s1")
	w := &watch{model: d.m}
	for bridge, want := range map[string]bool{"s1": false, "untold": true} {
		if got := w.withoutAgent(bridge, d.m.legs[supID]); got != want {
			t.Errorf("in %s the end of the leg would harm somebody: got %v", bridge, got)
		}
	}
}

// A snoop outlives whom it was on, if its end is not told: nobody listens by it.
func TestASnoopOfOneWhoIsGone(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.everybody()
	d.snooped()
	d.about("Hangup", ag1, ag1ID)
	for range 2 {
		d.list(nil, listed(sup, supID, "Stasis", "coach", "s1"), listed(cust, custID, "Dial", "PJSIP/agent1", ""), listed(ag2, ag2ID, "", "", ""), listed(snoop1, snoop1ID, "Stasis", "coach", "s1"))
		d.at = d.at.Add(10 * time.Second)
		d.about("Newstate", ag2, ag2ID)
	}
	if legs := d.m.snapshot(d.at).Legs; len(legs) > 0 {
		t.Errorf("the session goes on: %+v", legs)
	}
}

// Of two snoops in a bridge the first is the supervisor's, however often they are told.
func TestTwoSnoopsInABridge(t *testing.T) {
	t.Parallel()
	const other, otherID = "Snoop/" + ag2ID + "-00000001", "1000.78"
	d := newDesk()
	d.everybody()
	d.snooped()
	d.about("Newchannel", other, otherID)
	d.spying("ChanSpyStart", other, otherID, ag2, ag2ID)
	d.about("BridgeEnter", other, otherID, "BridgeUniqueid", "s1")
	for range 3 {
		d.about("BridgeEnter", snoop1, snoop1ID, "BridgeUniqueid", "s1")
	}
	if diff := cmp.Diff(d.legs(), []string{"50 1000.1 on PJSIP/agent1 unknown"}); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// A supervisor who listens goes on to: by a snoop that was made before his was gone, to
// another agent by another one, and by one of whose bridge only a list tells.
func TestWhoGoesOnByAnotherSnoop(t *testing.T) {
	t.Parallel()
	const anew, anewID = "Snoop/" + ag1ID + "-00000001", "1000.78"
	const other, otherID = "Snoop/" + ag2ID + "-00000001", "1000.79"
	gone := func(d *desk) {
		d.spying("ChanSpyStop", snoop1, snoop1ID, ag1, ag1ID)
		d.about("BridgeLeave", snoop1, snoop1ID, "BridgeUniqueid", "s1")
		d.about("Hangup", snoop1, snoop1ID)
	}
	cases := map[string]struct {
		happens func(d *desk)
		want    string
	}{
		"the same agent": {func(d *desk) {
			d.snooped()
			d.about("Newchannel", anew, anewID)
			d.spying("ChanSpyStart", anew, anewID, ag1, ag1ID)
			d.about("BridgeEnter", anew, anewID, "BridgeUniqueid", "s1")
			gone(d)
		}, "PJSIP/agent1"},
		"another agent": {func(d *desk) {
			d.caller(jane, janeID, "+15551234567", "Jane Roe")
			d.dialled("agent2", jane, janeID, ag2, ag2ID)
			d.snooped()
			d.about("Newchannel", other, otherID)
			d.spying("ChanSpyStart", other, otherID, ag2, ag2ID)
			d.about("BridgeEnter", other, otherID, "BridgeUniqueid", "s1")
			gone(d)
		}, "PJSIP/agent2"},
		"by a list": {func(d *desk) {
			d.list(nil, listed(sup, supID, "Stasis", "coach", ""), listed(ag1, ag1ID, "AppDial", "", "b1"), listed(cust, custID, "Dial", "PJSIP/agent1", "b1"), listed(ag2, ag2ID, "", "", ""))
			d.about("Newchannel", snoop1, snoop1ID)
			d.spying("ChanSpyStart", snoop1, snoop1ID, ag1, ag1ID)
			d.list(nil, listed(sup, supID, "Stasis", "coach", "s1"), listed(ag1, ag1ID, "AppDial", "", "b1"), listed(cust, custID, "Dial", "PJSIP/agent1", "b1"),
				listed(ag2, ag2ID, "", "", ""), listed(snoop1, snoop1ID, "Stasis", "coach", "s1"))
		}, "PJSIP/agent1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.everybody()
			c.happens(d)
			d.at = d.at.Add(5 * time.Second)
			d.about("Newstate", ag2, ag2ID)
			legs := d.m.snapshot(d.at).Legs
			if len(legs) != 1 || targetExtension(legs[0]) != c.want {
				t.Errorf("got %+v, want one on %s", legs, c.want)
			}
		})
	}
}

package asterisk

import (
	"testing"

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

package asterisk

import (
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// A phone stays whose it is while another of its channels does not say so, and is told of
// late: a list has the variable.
func TestASeatByVariableOutlivesAConsultation(t *testing.T) {
	t.Parallel()
	const second, secondID, other, otherID = "PJSIP/agent1-00000009", "1000.9", "PJSIP/trunk-00000008", "1000.8"
	d := newDesk()
	d.m.vars.User = "WHO"
	d.everybody()
	d.about("NewCallerid", ag1, ag1ID, "ChanVariable", "WHO=ann")
	d.runs("ChanSpy", "PJSIP/agent1,q")
	d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
	d.about("Newchannel", next1, n1ID, "ChanVariable", "WHO=") // she consults a colleague
	d.about("Hangup", ag1, ag1ID)
	d.about("Hangup", next1, n1ID)
	d.about("Newchannel", second, secondID)
	d.about("Newchannel", other, otherID)
	d.dialled("agent1", other, otherID, second, secondID)
	d.about("VarSet", second, secondID, "Variable", "WHO", "Value", "ann")
	d.list(nil, listed(sup, supID, "ChanSpy", "PJSIP/agent1,q", ""), append(listed(second, secondID, "AppDial", "", "b3"), "ChanVariable", "WHO=ann"), listed(other, otherID, "Dial", "", "b3"))
	if got := d.m.people.extension("PJSIP/agent1"); got != "ann" {
		t.Errorf("the phone is %s", got)
	}
}

// Who comes to a phone after another has calls of his own, though somebody waits for the
// other there, or holds a customer of hers.
func TestTheNextOnesCallsAreHisOwn(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(d *desk){
		"waits": func(d *desk) {
			d.spying("ChanSpyStop", sup, supID, ag1, ag1ID)
			d.about("Hangup", ag1, ag1ID)
			d.about("Hangup", cust, custID)
			d.at = d.at.Add(time.Hour)
		},
		"holds": func(d *desk) {
			d.about("BridgeEnter", cust, custID, "BridgeUniqueid", "b2")
			d.about("BridgeEnter", sup, supID, "BridgeUniqueid", "b2")
			d.about("Hangup", ag1, ag1ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const other, otherID = "PJSIP/trunk-00000008", "1000.8"
			d := newDesk()
			d.serving("QueueMemberAdded", "PJSIP/agent1", "Ann", "Membership", "dynamic")
			d.everybody()
			d.runs("ChanSpy", "PJSIP/agent1-,q")
			d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
			happens(d)
			d.serving("QueueMemberRemoved", "PJSIP/agent1", "Ann", "Membership", "dynamic")
			d.serving("QueueMemberAdded", "PJSIP/agent1", "Bob", "Membership", "dynamic")
			d.serving("QueueMemberAdded", "PJSIP/agent2", "Ann", "Membership", "dynamic")
			d.m.take()
			d.about("Newchannel", other, otherID)
			d.about("Newchannel", next1, n1ID)
			d.dialled("agent1", other, otherID, next1, n1ID)
			told := 0
			for _, s := range d.m.take().told {
				if c, ok := s.(coaching.CallSeen); ok {
					told++
					if c.Agent.Extension != "Bob" {
						t.Errorf("Bob's call is told of %s", c.Agent.Extension)
					}
				}
			}
			if told == 0 {
				t.Error("Bob's call is not told")
			}
		})
	}
}

// Phones are known by name, over a reconnect too; who was dialled by an address makes a
// trunk no phone.
func TestWhatIsAPhone(t *testing.T) {
	t.Parallel()
	first := newDesk()
	first.everybody()
	first.about("Newchannel", bob, bobID)
	first.dialled("trunk/sip:1000@10.0.0.1", ag2, ag2ID, bob, bobID)
	again := newDesk()
	again.at = first.at
	again.list(first.m, listed("PJSIP/agent7-00000007", "1000.7", "AppDial", "", "b2"), listed("PJSIP/trunk-00000006", "1000.6", "Dial", "PJSIP/agent7,30", "b2"))
	for device, want := range map[string]bool{"PJSIP/agent1": true, "PJSIP/agent7": true, "PJSIP/trunk": false} {
		if got := again.m.phones[device]; got != want {
			t.Errorf("%s is a phone: got %v", device, got)
		}
	}
}

// Who left while nobody looked is told to have, before the first snapshot, which has
// nothing of him.
func TestWhoLeftWhileNobodyLooked(t *testing.T) {
	t.Parallel()
	told := offline([]coaching.Sighting{
		coaching.UserSeen{Person: coaching.Person{Extension: "Ann"}, Status: coaching.StatusOffline},
		coaching.UserSeen{Person: coaching.Person{Extension: "Bob"}, Status: coaching.StatusAvailable},
		coaching.Attached{Leg: "1.1"},
	})
	if len(told) != 1 || !strings.Contains(line(told[0]), "Ann") {
		t.Errorf("got %v", told)
	}
}

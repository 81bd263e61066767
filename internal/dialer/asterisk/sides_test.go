package asterisk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
	"github.com/coachmanager/coachmanager/internal/housetest"
)

// caller is a channel that comes in with a caller id of its own.
func (d *desk) caller(name, id, number, whose string) {
	d.hear("Newchannel", "Channel", name, "ChannelStateDesc", "Ring", "Uniqueid", id, "Linkedid", id, "CallerIDNum", number, "CallerIDName", whose)
}

// bridged has two channels talk.
func (d *desk) bridged(a, aID, b, bID string) {
	d.about("BridgeEnter", a, aID, "BridgeUniqueid", "b7")
	d.about("BridgeEnter", b, bID, "BridgeUniqueid", "b7")
}

const (
	jane, janeID = "PJSIP/trunk-00000010", "1000.10"
	bob, bobID   = "PJSIP/trunk-00000011", "1000.11"
	home, homeID = "Local/5551234567@customer-00000012;1", "1000.12"

	long, longID   = "PJSIP/20011234-00000014", "1000.14"
	trunk, trunkID = "PJSIP/442071239999-00000015", "1000.15"
)

// Whoever is spied on, a user is made of an agent only: where his customer is, of
// the one he talks to, and of nobody where it cannot be told.
func TestWhoIsListenedTo(t *testing.T) {
	t.Parallel()
	spied := func(prefix, name, id string) func(d *desk) {
		return func(d *desk) {
			d.runs("ChanSpy", prefix)
			d.spying("ChanSpyStart", sup, supID, name, id)
		}
	}
	calls := func(d *desk) { // jane calls agent1
		d.caller(jane, janeID, "+15551234567", "Jane Roe")
		d.about("Newchannel", next1, n1ID)
		d.dialled("agent1", jane, janeID, next1, n1ID)
		d.bridged(jane, janeID, next1, n1ID)
	}
	dials := func(d *desk) { // agent1 calls out
		d.caller(next1, n1ID, "2001", "Agent One")
		d.about("Newchannel", jane, janeID)
		d.dialled("442071234567@trunk", next1, n1ID, jane, janeID)
		d.bridged(jane, janeID, next1, n1ID)
	}
	forwarded := func(d *desk) { // jane is put through to a telephone elsewhere
		d.caller(jane, janeID, "+15551234567", "Jane Roe")
		d.about("Newchannel", home, homeID)
		d.dialled("5551234567@customer/n", jane, janeID, home, homeID)
		d.bridged(jane, janeID, home, homeID)
	}
	untold := func(d *desk) { // two channels of which nothing tells whose they are
		d.caller(jane, janeID, "+15551234567", "Jane Roe")
		d.about("Newchannel", next1, n1ID)
		d.bridged(jane, janeID, next1, n1ID)
	}
	longDials := func(d *desk) { // one whose phone has a telephone number for its name calls out
		d.caller(long, longID, "20011234", "Agent Long")
		d.about("Newchannel", jane, janeID)
		d.dialled("442071234567@trunk", long, longID, jane, janeID)
		d.bridged(jane, janeID, long, longID)
	}
	byTrunk := func(d *desk) { // jane calls by a trunk that has a telephone number for its name
		d.caller(trunk, trunkID, "+15551234567", "Jane Roe")
		d.about("Newchannel", next1, n1ID)
		d.bridged(trunk, trunkID, next1, n1ID)
	}
	withheld := func(d *desk) { // jane calls agent1, and shows no number
		d.caller(jane, janeID, "anonymous", "Jane Roe")
		d.about("Newchannel", next1, n1ID)
		d.dialled("agent1", jane, janeID, next1, n1ID)
		d.bridged(jane, janeID, next1, n1ID)
	}
	waits := func(d *desk) {
		d.caller(jane, janeID, "+15551234567", "Jane Roe")
		d.about("Newexten", jane, janeID, "Application", "Queue", "AppData", "support")
	}
	cases := map[string]struct {
		call, spy func(d *desk)
		want      string
	}{
		"an agent who was called":                    {calls, spied(next1+",qu", next1, n1ID), "PJSIP/agent1"},
		"his customer":                               {calls, spied(jane+",qu", jane, janeID), "PJSIP/agent1"},
		"his customer, by a spy of all channels":     {calls, spied("PJSIP,q", jane, janeID), "PJSIP/agent1"},
		"an agent who calls":                         {dials, spied(next1+",qu", next1, n1ID), "PJSIP/agent1"},
		"whom he calls":                              {dials, spied(",q", jane, janeID), "PJSIP/agent1"},
		"a caller who was put through":               {forwarded, spied(",q", jane, janeID), "?"},
		"a phone with a long number for its name":    {longDials, spied("PJSIP/20011234-,q", long, longID), "PJSIP/20011234"},
		"and not by itself":                          {longDials, spied("PJSIP,q", long, longID), "?"},
		"a trunk with a long number for its name":    {byTrunk, spied("PJSIP/442071239999,q", trunk, trunkID), "PJSIP/agent1"},
		"his customer, by a spy of the trunk":        {calls, spied("PJSIP/trunk-,q", jane, janeID), "?"},
		"and one who shows no number":                {withheld, spied("PJSIP/trunk-,q", jane, janeID), "?"},
		"a telephone elsewhere, by its number":       {forwarded, spied("Local/5551234567@customer,q", home, homeID), "?"},
		"a telephone elsewhere":                      {forwarded, spied(",q", home, homeID), "?"},
		"a caller who waits":                         {waits, spied("PJSIP/,q", jane, janeID), "?"},
		"one of two of whom nothing is known":        {untold, spied(jane+",qu", jane, janeID), "?"},
		"the other of them":                          {untold, spied("PJSIP/,q", next1, n1ID), "?"},
		"one of two of whom nothing but a name is":   {untold, spied("PJSIP/agent1-,q", next1, n1ID), "PJSIP/agent1"},
		"a customer with two agents in a conference": {func(d *desk) { calls(d); d.about("BridgeEnter", ag2, ag2ID, "BridgeUniqueid", "b7") }, spied(jane+",qu", jane, janeID), "?"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			d.about("Newchannel", sup, supID)
			d.about("Newchannel", ag2, ag2ID)
			c.call(d)
			c.spy(d)
			told := d.m.take().told
			for _, s := range told {
				if a, ok := s.(coaching.Attached); ok && targetExtension(a) != c.want {
					t.Errorf("the target is %s, want %s", targetExtension(a), c.want)
				}
				if text := line(s); strings.Contains(text, "Jane Roe") || strings.Contains(text, "trunk") || strings.Contains(text, "@customer") || strings.Contains(text, "442071239999") {
					t.Errorf("a customer became a user: %s", text)
				}
			}
			if len(told) == 0 {
				t.Error("nothing was told")
			}
		})
	}
}

func targetExtension(a coaching.Attached) string {
	if a.Target == nil {
		return "?"
	}
	return a.Target.Extension
}

// A target that nothing told is told once something does, in the same session.
func TestTargetIsLearned(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.about("Newchannel", sup, supID)
	d.caller(jane, janeID, "+15551234567", "Jane Roe")
	d.about("Newexten", jane, janeID, "Application", "Queue", "AppData", "support")
	d.runs("ChanSpy", "PJSIP,q")
	d.spying("ChanSpyStart", sup, supID, jane, janeID)
	d.about("Newchannel", ag1, ag1ID)
	d.serving("AgentCalled", "PJSIP/agent1", "Agent One", "DestUniqueid", ag1ID)
	d.bridged(jane, janeID, ag1, ag1ID)
	want := []string{"45 1000.1 on ? monitor", "49 1000.1 on PJSIP/agent1 monitor"}
	if diff := cmp.Diff(d.legs(), want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// A supervisor who listens by a trunk keeps his name: those of the customers who
// call by it are not his.
func TestATrunkHasNoName(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.everybody()
	d.caller(bob, bobID, "+447700900123", "Bob Boss")
	d.about("Newexten", bob, bobID, "Application", "ChanSpy", "AppData", "PJSIP/agent1,q")
	d.spying("ChanSpyStart", bob, bobID, ag1, ag1ID)
	d.caller(jane, janeID, "+15551234567", "Jane Roe")
	d.caller("PJSIP/trunk-00000013", "1000.13", "anonymous", "John Doe")
	d.about("Hangup", bob, bobID)
	for _, s := range d.m.take().told {
		if text := line(s); strings.Contains(text, "Jane Roe") || strings.Contains(text, "John Doe") {
			t.Errorf("a customer became a user: %s", text)
		}
	}
	if got := d.m.people.person("PJSIP/trunk").Name; got != "Bob Boss" {
		t.Errorf("the supervisor's name is %q", got)
	}
}

// What was recorded of a spy on the customer's channel is understood without what
// the dialplan says of the call's direction.
func TestRecordedSpyOnTheCustomer(t *testing.T) {
	t.Parallel()
	got := understood(t, amitest.Load(t, "testdata/sip-spy-on-the-customer-leg.ami"), nil, "")
	if strings.Count(got, "to PJSIP/agent1 (Agent One)") != 2 || strings.Contains(got, "Jane Roe") || strings.Contains(got, "trunk") {
		t.Errorf("it is not the agent who is listened to:\n%s", got)
	}
}

// On a real Asterisk the customer's channel is spied on, by its name and by a spy of
// whatever is there; and one who talks to nobody is no target.
func TestRealAsteriskSpyOnTheCustomer(t *testing.T) {
	t.Parallel()
	f := newFloorWith(t, `
[whom]
exten => s,1,ChanSpy(${WHOM})
`)
	f.dialer.cfg.Variables.Direction = "" // it says too much
	f.watch.stop()
	f.watch = watched(t, f.dialer)
	f.watch.snapshot()
	f.do("Originate", "Channel", "Local/5559999@customer/n", "Application", "Wait", "Data", "1000", "Async", "true")
	housetest.WaitFor(t, "the one who waits", func() bool { return f.onDevice("5559999@customer") != "" })
	spied := func(what, want string) {
		t.Helper()
		f.do("Originate", "Channel", "Local/s1@phone/n", "Context", "whom", "Exten", "s", "Priority", "1", "Async", "true", "Variable", "WHOM="+what)
		a := f.anySession(what)
		if got := targetExtension(a); got != want {
			t.Errorf("%s: the target is %s, want %s", what, got, want)
		}
		f.do("Hangup", "Channel", a.Leg)
		f.watch.gone(a.Leg)
		housetest.WaitFor(t, "the supervisor's channels to go", func() bool { return f.onDevice("s1@phone") == "" })
	}
	spied(f.onDevice("5551234@customer")+"\\,quE", "Local/a1@phone")
	spied(f.onDevice("5559999@customer")+"\\,quE", "?")
}

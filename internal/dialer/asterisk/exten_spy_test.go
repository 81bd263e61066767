package asterisk

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
)

// ExtenSpy(exten@context) needs no hint, and spies on whoever calls from there: on the
// channel that the dialplan has at that place, in any case, never on the one that is
// dialled. Measured with Asterisk 22.10 and 16.28.
const (
	whoCallsA1 = "a1@inbound"       // the customer
	whomA2Is   = "5559876@OutBound" // agent a2, who calls that number
	phoneOfA1  = "a1@phone"         // the far half of a Local phone; no phone but a Local one is there
)

// extenSpies has a supervisor run ExtenSpy.
func (f *floor) extenSpies(data string) {
	f.t.Helper()
	f.do("Originate", "Channel", "Local/s1@phone/n", "Application", "ExtenSpy", "Data", data, "Async", "true")
}

// callsOut has an agent call a customer.
func (f *floor) callsOut(agent, number string) {
	f.t.Helper()
	f.do("Originate", "Channel", "Local/"+agent+"@phone/n", "Context", "outbound", "Exten", number, "Priority", "1", "Async", "true")
	housetest.WaitFor(f.t, "the call to "+number, func() bool { return f.talking(number, agent) })
}

// onTheLine is the Uniqueid of the channel that a leg listens to, as its mark has it.
func (f *floor) onTheLine(leg string) string {
	f.t.Helper()
	mark := readMark(f.do("Getvar", "Channel", leg, "Variable", markVariable).Get("Value"))
	if mark == nil {
		return ""
	}
	return mark.spied
}

// Whoever of the two is spied on, the agent is the target, and a hang-up ends the
// supervisor's leg alone. Of a whisper that the customer alone hears no type tells.
func TestRealAsteriskExtenSpy(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.callsOut("a2", "5559876")
	customer, agent, phone := f.onDevice("5551234@customer"), f.onDevice("a2@phone"), f.farHalf("a1@phone")
	for data, want := range map[string]struct {
		spied, target string
		kind          coaching.Type
	}{
		whoCallsA1 + ",qbE":  {customer, "Local/a1@phone", monitor},
		whoCallsA1 + ",qbwE": {customer, "Local/a1@phone", coaching.TypeUnknown},
		whoCallsA1 + ",qbBE": {customer, "Local/a1@phone", barging},
		whomA2Is + ",qbE":    {agent, "Local/a2@phone", monitor},
		whomA2Is + ",qbwE":   {agent, "Local/a2@phone", coaching.TypeCoach},
		whomA2Is + ",qbBE":   {agent, "Local/a2@phone", barging},
		phoneOfA1 + ",qE":    {phone, "Local/a1@phone", monitor},
	} {
		f.extenSpies(data)
		session := f.anySession(data)
		if targetExtension(session) != want.target || session.Type != want.kind || session.Supervisor.Extension != "Local/s1@phone" || !session.Exact {
			t.Errorf("%s: %+v", data, session)
		}
		f.marked(session.Leg, want.kind)
		if got := f.onTheLine(session.Leg); got != want.spied {
			t.Errorf("%s: it is %s that is spied on, want %s", data, got, want.spied)
		}
		if got := f.hangUp(session); got != coaching.Accepted {
			t.Errorf("%s: hang up: %s", data, got)
		}
		if gone := f.watch.gone(session.Leg); gone.Reason != coaching.EndDisconnected || !gone.Exact {
			t.Errorf("%s: gone: %+v", data, gone)
		}
		housetest.WaitFor(t, "the supervisor's channels to go", func() bool { return f.onDevice("s1@phone") == "" })
		if !f.talking("5551234", "a1") || !f.talking("5559876", "a2") {
			t.Fatalf("%s: a call was harmed", data)
		}
	}
}

// farHalf is the Uniqueid of the half of a phone's channel that runs the dialplan.
func (f *floor) farHalf(name string) string {
	f.t.Helper()
	for _, c := range f.channels() {
		if device(c.Get("Channel")) == "Local/"+name && c.Get("Uniqueid") != f.onDevice(name) {
			return c.Get("Uniqueid")
		}
	}
	return ""
}

// One that stays spies on the next who calls from there. Who that will be no place in
// the dialplan tells, so a session ends with its call, and the next call begins another.
func TestRealAsteriskExtenSpyNextCall(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.extenSpies(whoCallsA1 + ",qb")
	first := f.anySession("the session")
	f.do("Hangup", "Channel", f.onDevice("5551234@customer"))
	ended := next(f.watch, "the end of the session", func(d coaching.Detached) bool { return d.Leg == first.Leg })
	if ended.Reason != coaching.EndCallEnded || ended.Gone {
		t.Errorf("with the call: %+v", ended)
	}
	housetest.WaitFor(t, "the call to end", func() bool { return f.onDevice("a1@phone") == "" })
	f.call("5555678", "a1")
	second := f.anySession("the next session")
	if second.Leg != first.Leg || targetExtension(second) != "Local/a1@phone" || !second.At.After(ended.At) {
		t.Errorf("in the next call: %+v", second)
	}
	if got := f.hangUp(second); got != coaching.Accepted {
		t.Errorf("hang up: %s", got)
	}
	if gone := f.watch.gone(second.Leg); gone.Reason != coaching.EndDisconnected {
		t.Errorf("gone: %+v", gone)
	}
	if !f.talking("5555678", "a1") {
		t.Error("the customer's call was harmed")
	}
}

// Whom an ExtenSpy is on is found after a reconnect by what is remembered, by another
// service by the mark, and without one by the place in the dialplan.
func TestRealAsteriskExtenSpyReconnect(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.call("5555678", "a2")
	f.extenSpies(whoCallsA1 + ",qbBE")
	before := f.anySession("the session")
	f.marked(before.Leg, barging)
	again := func(how string, d *Dialer, want coaching.Attached) {
		t.Helper()
		f.watch.stop()
		f.dialer = d
		f.watch = watched(t, d)
		if diff := cmp.Diff(f.watch.snapshot().Legs, []coaching.Attached{want}); diff != "" {
			t.Errorf("%s: found -, was +:\n%s", how, diff)
		}
	}
	again("the same service", f.dialer, before)
	again("another service", New(f.dialer.cfg), before)
	f.watch.stop()
	f.do("Setvar", "Channel", before.Leg, "Variable", markVariable, "Value", "")
	f.watch = watched(t, New(f.dialer.cfg))
	found := f.watch.snapshot().Legs
	if len(found) != 1 || found[0].Leg != before.Leg || targetExtension(found[0]) != "Local/a1@phone" || found[0].Type != barging || found[0].Exact {
		t.Errorf("without a mark: %+v", found)
	}
}

// One who waits in ExtenSpy listens to nobody, however many others talk.
func TestRealAsteriskExtenSpyWaits(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.extenSpies("a2@inbound,qb")
	housetest.WaitFor(t, "the supervisor to wait", func() bool {
		for _, c := range f.channels() {
			if c.Get("Application") == "ExtenSpy" {
				return true
			}
		}
		return false
	})
	f.watch.stop()
	f.dialer = New(f.dialer.cfg)
	f.watch = watched(t, f.dialer)
	if legs := f.watch.snapshot().Legs; len(legs) != 0 {
		t.Errorf("found: %+v", legs)
	}
	f.call("5555678", "a2")
	if session := f.anySession("the session"); targetExtension(session) != "Local/a2@phone" {
		t.Errorf("attached: %+v", session)
	}
}

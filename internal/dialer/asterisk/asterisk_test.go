package asterisk

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// testVariables are those of the contact centre that is tried.
var testVariables = Variables{Campaign: "CAMPAIGN", List: "LIST", ResultCode: "RESULT_CODE", Direction: "DIRECTION"}

// floor is a real Asterisk with a customer who talks to agent a1.
type floor struct {
	t        *testing.T
	asterisk *asterisktest.Instance
	hands    *ami.Conn // what people do there
	dialer   *Dialer
	watch    *watching
}

func newFloor(t *testing.T) *floor {
	t.Helper()
	return newFloorWith(t, "")
}

// newFloorWith adds to the dialplan.
func newFloorWith(t *testing.T, dialplan string) *floor {
	t.Helper()
	conf := asterisktest.ContactCentre()
	conf["extensions.conf"] += dialplan
	return floorOf(t, conf, func(*floor) {})
}

// floorOf has a configuration of its own; change comes before it is watched.
func floorOf(t *testing.T, conf map[string]string, change func(*floor)) *floor {
	t.Helper()
	f := &floor{t: t, asterisk: asterisktest.Start(t, conf)}
	f.connect()
	f.call("5551234", "a1")
	f.dialer = New(Config{Address: f.asterisk.AMI, Username: asterisktest.CoachUser, Secret: asterisktest.CoachSecret, Variables: testVariables})
	change(f)
	f.watch = watched(t, f.dialer)
	f.watch.snapshot()
	return f
}

func (f *floor) connect() {
	f.t.Helper()
	hands, err := ami.Dial(f.t.Context(), ami.Config{
		Address: f.asterisk.AMI, Username: asterisktest.TestUser, Secret: asterisktest.TestSecret,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(hands.Close)
	f.hands = hands
	go func() {
		for range hands.Events() { // they are the product's to read
		}
	}()
}

func (f *floor) do(action string, keyValues ...string) ami.Message {
	f.t.Helper()
	a := ami.NewAction(action)
	for i := 0; i+1 < len(keyValues); i += 2 {
		a = a.With(keyValues[i], keyValues[i+1])
	}
	m, err := f.hands.Do(f.t.Context(), a)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

func (f *floor) channels() []ami.Message {
	f.t.Helper()
	l, err := f.hands.List(f.t.Context(), ami.NewAction("CoreShowChannels"))
	if err != nil {
		f.t.Fatal(err)
	}
	return l.Items
}

// call has a customer talk to an agent.
func (f *floor) call(number, agent string) {
	f.t.Helper()
	f.do("Originate", "Channel", "Local/"+number+"@customer/n", "Context", "inbound", "Exten", agent, "Priority", "1", "Async", "true")
	housetest.WaitFor(f.t, "the call of "+number, func() bool { return f.talking(number, agent) })
}

// talking asks Asterisk whether a customer and an agent are in one bridge.
func (f *floor) talking(number, agent string) bool {
	f.t.Helper()
	bridges := map[string]string{}
	for _, c := range f.channels() {
		bridges[device(c.Get("Channel"))+c.Get("BridgeId")] = c.Get("BridgeId")
	}
	for _, bridge := range bridges {
		_, customer := bridges["Local/"+number+"@customer"+bridge]
		_, there := bridges["Local/"+agent+"@phone"+bridge]
		if bridge != "" && customer && there {
			return true
		}
	}
	return false
}

func (f *floor) supervise(supervisor, agent, how string) {
	f.t.Helper()
	f.do("Originate", "Channel", "Local/"+supervisor+"@phone/n", "Context", how, "Exten", agent, "Priority", "1", "Async", "true")
}

// onDevice is the Uniqueid of the near half of a phone's channel, or "".
func (f *floor) onDevice(name string) string {
	f.t.Helper()
	for _, c := range f.channels() {
		if strings.HasPrefix(c.Get("Channel"), "Local/"+name+"-") && strings.HasSuffix(c.Get("Channel"), ";1") {
			return c.Get("Uniqueid")
		}
	}
	return ""
}

// marked waits until a leg's channel says of what type it is.
func (f *floor) marked(leg string, kind coaching.Type) {
	f.t.Helper()
	housetest.WaitFor(f.t, "the mark of "+leg, func() bool {
		mark := readMark(f.do("Getvar", "Channel", leg, "Variable", markVariable).Get("Value"))
		return mark != nil && mark.kind == kind
	})
}

func TestRealAsterisk(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	for _, kind := range []coaching.Type{monitor, coaching.TypeCoach, barging} {
		t.Run(string(kind), func(t *testing.T) {
			// Not parallel: one floor.
			f.supervise("s1", "a1", string(kind))
			if kind == monitor { // later ones hear the call as it was told
				wantCall(t, next(f.watch, "the agent's call", func(coaching.CallSeen) bool { return true }))
			}
			a := f.anySession("the leg")
			if a.Type != kind || a.Supervisor.Extension != "Local/s1@phone" || a.Target == nil || a.Target.Extension != "Local/a1@phone" ||
				!a.Exact || a.TargetCampaign.Key != "Spring Sale" {
				t.Errorf("attached: %+v", a)
			}
			f.do("Setvar", "Channel", f.onDevice("a1@phone"), "Variable", "RESULT_CODE", "Value", "SALE-"+string(kind))

			ask := coaching.HangUp{Leg: a.Leg, Targets: []string{a.Target.Extension}, Type: kind}
			if got, err := f.dialer.HangUp(t.Context(), ask); got != coaching.Accepted {
				t.Fatalf("hang up: %s, %v", got, err)
			}
			told := next(f.watch, "the result code", func(c coaching.CallSeen) bool { return c.ResultCode.Key != "" })
			if want := "SALE-" + string(kind); told.ResultCode.Key != want {
				t.Errorf("result code: got %s, want %s", told.ResultCode.Key, want)
			}
			if gone := f.watch.gone(a.Leg); gone.Reason != coaching.EndDisconnected || !gone.Exact {
				t.Errorf("gone: %+v", gone)
			}
			if got, err := f.dialer.HangUp(t.Context(), ask); got != coaching.AlreadyGone || err != nil {
				t.Errorf("hang up again: %s, %v", got, err)
			}
			housetest.WaitFor(t, "the supervisor's channels to go", func() bool { return f.onDevice("s1@phone") == "" })
			if !f.talking("5551234", "a1") {
				t.Error("the customer's call was harmed")
			}
		})
	}
}

func wantCall(t *testing.T, call coaching.CallSeen) {
	t.Helper()
	if call.PhoneNumber != "5551234" || call.Campaign.Key != "Spring Sale" || call.List.Key != "L-42" || call.CallID == "" ||
		call.Direction != coaching.DirectionInbound || call.State != coaching.CallTalking || call.Agent.Extension != "Local/a1@phone" {
		t.Errorf("call: %+v", call)
	}
}

// A Redirect between two types is one session; a Bridge with the customer takes
// the call over, and then the customer is not dropped but by force.
func TestRealAsteriskTypesAndTakeOver(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.supervise("s1", "a1", "monitor")
	leg := f.anySession("the leg").Leg
	f.do("Redirect", "Channel", leg, "Context", "coach", "Exten", "a1", "Priority", "1")
	f.watch.attached(leg, coaching.TypeCoach)
	f.do("Bridge", "Channel1", f.onDevice("5551234@customer"), "Channel2", leg, "Tone", "no")
	taken, over := false, false // in either order
	next(f.watch, "the take-over and the end of the agent's call", func(s coaching.Sighting) bool {
		switch s := s.(type) {
		case coaching.Attached:
			taken = taken || s.Leg == leg && s.Type == coaching.TypeBargeKick
		case coaching.CallSeen:
			over = over || s.State == coaching.CallEnded && s.EndedAt != nil
		case coaching.Detached:
			t.Fatalf("detached: %+v", s)
		}
		return taken && over
	})
	f.marked(leg, coaching.TypeBargeKick)
	f.watch.stop()
	f.dialer = New(f.dialer.cfg) // as after a restart of the service: it finds the leg in no ChanSpy
	f.watch = watched(t, f.dialer)
	if legs := f.watch.snapshot().Legs; len(legs) != 1 || legs[0].Leg != leg || legs[0].Type != coaching.TypeBargeKick ||
		legs[0].Target == nil || legs[0].Target.Extension != "Local/a1@phone" {
		t.Errorf("after a restart: %+v", legs)
	}
	ask := coaching.HangUp{Leg: leg, Targets: []string{"Local/a1@phone"}, Type: coaching.TypeBargeKick}
	if got, err := f.dialer.HangUp(t.Context(), ask); got != coaching.WouldDropCustomer {
		t.Errorf("hang up: %s, %v", got, err)
	}
	ask.Force = true
	if got, err := f.dialer.HangUp(t.Context(), ask); got != coaching.Accepted {
		t.Errorf("forced: %s, %v", got, err)
	}
	if gone := f.watch.gone(leg); gone.Reason != coaching.EndDisconnected {
		t.Errorf("gone: %+v", gone)
	}
}

// A spy that is there before us is found, as far as Asterisk tells; it ends with
// the call; and a restart is another run.
func TestRealAsteriskReconnectAndRestart(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.supervise("s1", "a1", "barge")
	before := f.anySession("the leg")
	f.marked(before.Leg, barging)
	f.watch.stop()

	stranger := New(f.dialer.cfg) // it knows nothing of before
	second := watched(t, stranger)
	boot := next(second, "the run", func(coaching.SnapshotBegun) bool { return true }).Boot
	snap := second.snapshot()
	if len(snap.Legs) != 1 || len(snap.Calls) != 1 || snap.Calls[0].PhoneNumber != "5551234" {
		t.Fatalf("snapshot: %+v", snap)
	}
	found := snap.Legs[0]
	if diff := cmp.Diff(found, before); diff != "" {
		t.Errorf("the mark brings it back as it was: found -, was +:\n%s", diff)
	}
	f.do("Hangup", "Channel", f.onDevice("5551234@customer"))
	if gone := second.gone(before.Leg); gone.Reason != coaching.EndCallEnded {
		t.Errorf("gone: %+v", gone)
	}
	f.asterisk.Stop()
	if err := second.ended(); err == nil {
		t.Error("the watch ended without an error")
	}
	if got, _ := stranger.HangUp(context.WithoutCancel(t.Context()), coaching.HangUp{Leg: before.Leg}); got != coaching.Unreachable {
		t.Errorf("without a connection: %s", got)
	}
	f.asterisk.Start()
	third := watched(t, stranger)
	if again := next(third, "the run", func(coaching.SnapshotBegun) bool { return true }).Boot; again == boot {
		t.Errorf("the run is %q before and after a restart", boot)
	}
	if snap := third.snapshot(); len(snap.Legs) != 0 || len(snap.Calls) != 0 {
		t.Errorf("after a restart: %+v", snap)
	}
}

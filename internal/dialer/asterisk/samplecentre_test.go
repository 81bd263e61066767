package asterisk

import (
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/asterisk/samplecentre"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// sampled starts the sample contact centre with phones that are Local channels,
// and a user for the hands of its people.
func sampled(t *testing.T) *floor {
	t.Helper()
	files, err := samplecentre.Files()
	if err != nil {
		t.Fatal(err)
	}
	local := strings.NewReplacer("TECH=PJSIP", "TECH=Local", "LINE=  ", "LINE=@phone/n  ", "DESK=  ", "DESK=@phone  ",
		"PJSIP/a2", "Local/a2@phone/n", "@trunk", "@customer/n", "port = 5038", "port = {ami}")
	for name, text := range files {
		files[name] = local.Replace(text)
	}
	test := asterisktest.ContactCentre()
	_, hands, _ := strings.Cut(test["manager.conf"], "[test]")
	files["manager.conf"] += "\n[test]" + hands
	files["extensions.conf"] += `
[phone]
exten => _[as].,1,Answer()
 same => n,Milliwatt()
[customer]
exten => _X.,1,Answer()
 same => n,Milliwatt()
`
	f := &floor{t: t, asterisk: asterisktest.Start(t, files)}
	f.connect()
	f.dialer = New(Config{Address: f.asterisk.AMI, Username: "coach", Secret: "change-me", Variables: testVariables})
	f.watch = watched(t, f.dialer)
	f.watch.snapshot()
	return f
}

func (f *floor) dials(phone, context, exten string, more ...string) {
	f.t.Helper()
	f.do("Originate", append([]string{"Channel", "Local/" + phone + "/n", "Context", context, "Exten", exten, "Priority", "1", "Async", "true"}, more...)...)
}

func (f *floor) hangsUp(name string) {
	f.t.Helper()
	f.do("Hangup", "Channel", f.onDevice(name))
}

// The spy codes of the sample are sessions of their types, switched by keypad, taken
// over, and ended without harm to the call.
func TestSampleCentreCodes(t *testing.T) {
	t.Parallel()
	f := sampled(t)
	f.dials("5551234@customer", "inbound", "a1")
	housetest.WaitFor(t, "the call", func() bool { return f.talking("5551234", "a1") })
	for code, kind := range map[string]coaching.Type{"*1": monitor, "*2": coaching.TypeCoach, "*3": barging, "*4": monitor} {
		f.dials("s1@phone", "supervisors", code+"a1")
		a := next(f.watch, "the session of "+code, func(coaching.Attached) bool { return true })
		if a.Type != kind || a.Target == nil || a.Target.Extension != "Local/a1@phone" || a.TargetCampaign.Key != "Direct" {
			t.Errorf("%s: %+v", code, a)
		}
		if code == "*4" {
			for _, digit := range []string{"5", "6", "4"} {
				f.do("PlayDTMF", "Channel", a.Leg, "Digit", digit, "Receive", "true")
				want, _ := byDigit(digit)
				f.watch.attached(a.Leg, want)
			}
		}
		if got, err := f.dialer.HangUp(t.Context(), coaching.HangUp{Leg: a.Leg, Targets: []string{a.Target.Extension}, Type: kind}); got != coaching.Accepted {
			t.Errorf("%s: %s, %v", code, got, err)
		}
		f.watch.gone(a.Leg)
		housetest.WaitFor(t, "the supervisor's channels to go", func() bool { return f.onDevice("s1@phone") == "" })
		if !f.talking("5551234", "a1") {
			t.Fatalf("%s: the customer's call was harmed", code)
		}
	}
}

// 9 takes the call over in one session; the supervisor who then leaves keeps the
// customer, who waits in the queue again and is answered.
func TestSampleCentreTakeOver(t *testing.T) {
	t.Parallel()
	f := sampled(t)
	f.dials("5551234@customer", "inbound", "a1")
	housetest.WaitFor(t, "the call", func() bool { return f.talking("5551234", "a1") })
	f.dials("s1@phone", "supervisors", "*3a1")
	leg := next(f.watch, "the session", func(coaching.Attached) bool { return true }).Leg
	f.do("PlayDTMF", "Channel", leg, "Digit", "9", "Receive", "true")
	next(f.watch, "the take-over", func(s coaching.Sighting) bool {
		if d, ok := s.(coaching.Detached); ok {
			t.Fatalf("detached: %+v", d)
		}
		a, ok := s.(coaching.Attached)
		return ok && a.Leg == leg && a.Type == coaching.TypeBargeKick
	})
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
	housetest.WaitFor(t, "another agent to answer the customer", func() bool { return f.talking("5551234", "a2") })
}

// Queues tell who is paused and why, who is busy with a call that has ended, and who
// has come to a desk.
func TestSampleCentreQueues(t *testing.T) {
	t.Parallel()
	f := sampled(t)
	is := func(extension string, want coaching.Status) coaching.UserSeen {
		t.Helper()
		return next(f.watch, extension+" "+string(want), func(u coaching.UserSeen) bool {
			return u.Person.Extension == extension && u.Status == want
		})
	}
	const ben = "Local/a2@phone"
	f.do("QueuePause", "Interface", ben+"/n", "Paused", "true", "Reason", "Lunch")
	if seen := is(ben, coaching.StatusPaused); seen.Reason != "Lunch" || seen.Person.Name != "Ben Baker" {
		t.Errorf("paused: %+v", seen)
	}
	f.do("QueuePause", "Interface", ben+"/n", "Paused", "false")
	is(ben, coaching.StatusAvailable)
	f.dials("5551234@customer", "inbound", "support")
	is(ben, coaching.StatusOnCall)
	f.hangsUp("5551234@customer")
	done := is(ben, coaching.StatusWrapUp)
	if over := is(ben, coaching.StatusAvailable); over.Since.Sub(done.Since) > 3*time.Second {
		t.Errorf("wrap-up of 2 s lasted from %v to %v", done.Since, over.Since)
	}
	f.dials("a3@phone", "agents", "*11a3", "Variable", "AGENTNAME=Cleo Clark")
	is("Cleo Clark", coaching.StatusAvailable)
	f.dials("a3@phone", "agents", "*12a3")
	is("Cleo Clark", coaching.StatusOffline)
}

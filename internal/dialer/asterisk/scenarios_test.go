package asterisk

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
)

// anySession waits for the next leg on a target.
func (f *floor) anySession(what string) coaching.Attached {
	f.t.Helper()
	return next(f.watch, what, func(coaching.Attached) bool { return true })
}

func (f *floor) hangUp(a coaching.Attached) coaching.Verdict {
	f.t.Helper()
	got, err := f.dialer.HangUp(f.t.Context(), coaching.HangUp{Leg: a.Leg, Targets: []string{a.Target.Extension}, Type: a.Type})
	if err != nil {
		f.t.Errorf("hang up: %s, %v", got, err)
	}
	return got
}

// Two supervisors on one agent are two sessions; the end of one is not the other's.
func TestRealAsteriskTwoSupervisors(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.supervise("s1", "a1", "coach")
	first := f.anySession("the first session")
	f.supervise("s2", "a1", "monitor")
	second := f.anySession("the second session")
	if got := f.hangUp(first); got != coaching.Accepted {
		t.Errorf("hang up: %s", got)
	}
	f.watch.gone(first.Leg)
	if f.onDevice("s2@phone") != second.Leg || !f.talking("5551234", "a1") {
		t.Error("the other supervisor or the call was harmed")
	}
	f.do("Hangup", "Channel", f.onDevice("5551234@customer"))
	if gone := f.watch.gone(second.Leg); gone.Reason != coaching.EndCallEnded {
		t.Errorf("gone: %+v", gone)
	}
}

// A supervisor who stays follows the agent to his next call in one session.
func TestRealAsteriskNextCall(t *testing.T) {
	t.Parallel()
	f := newFloorWith(t, "\n[stay]\nexten => _a.,1,ChanSpy(Local/${EXTEN}@phone-,qb)\n")
	f.supervise("s1", "a1", "stay")
	session := f.anySession("the session")
	f.do("Hangup", "Channel", f.onDevice("5551234@customer"))
	housetest.WaitFor(t, "the call to end", func() bool { return f.onDevice("a1@phone") == "" })
	f.call("5555678", "a1")
	next(f.watch, "the agent's next call", func(s coaching.Sighting) bool {
		if d, ok := s.(coaching.Detached); ok {
			t.Fatalf("detached: %+v", d)
		}
		c, ok := s.(coaching.CallSeen)
		return ok && c.PhoneNumber == "5555678" && c.State == coaching.CallTalking
	})
	housetest.WaitFor(t, "the supervisor to hear it", func() bool {
		mark := readMark(f.do("Getvar", "Channel", session.Leg, "Variable", markVariable).Get("Value"))
		return mark != nil && mark.spied == f.onDevice("a1@phone")
	})
	if got := f.hangUp(session); got != coaching.Accepted {
		t.Errorf("hang up: %s", got)
	}
	if gone := f.watch.gone(session.Leg); gone.Reason != coaching.EndDisconnected {
		t.Errorf("gone: %+v", gone)
	}
	if !f.talking("5555678", "a1") {
		t.Error("the customer's call was harmed")
	}
}

// While nobody on the call is heard a hang-up is accepted again and again, and the
// leg lives on; the call is not harmed by it, and its end is the leg's.
func TestRealAsteriskNoAudio(t *testing.T) {
	t.Parallel()
	f := newFloorWith(t, `
[mute]
exten => _X.,1,Answer()
 same => n,Wait(1000)
exten => _a.,1,Answer()
 same => n,Wait(1000)
[silent]
exten => _a.,1,Dial(Local/${EXTEN}@mute/n)
[silently]
exten => _a.,1,ChanSpy(Local/${EXTEN}@mute-,qbE)
`)
	f.do("Originate", "Channel", "Local/5550000@mute/n", "Context", "silent", "Exten", "a7", "Priority", "1", "Async", "true")
	housetest.WaitFor(t, "the silent call", func() bool { return f.onDevice("a7@mute") != "" })
	f.supervise("s1", "a7", "silently")
	session := f.anySession("the session")
	for range 2 {
		if got := f.hangUp(session); got != coaching.Accepted {
			t.Errorf("hang up: %s", got)
		}
	}
	if f.onDevice("s1@phone") != session.Leg || f.onDevice("a7@mute") == "" {
		t.Error("the leg or the call is gone")
	}
	f.do("Hangup", "Channel", f.onDevice("5550000@mute"))
	if gone := f.watch.gone(session.Leg); gone.Reason != coaching.EndDisconnected {
		t.Errorf("gone: %+v", gone)
	}
}

// A crash of Asterisk ends the watch with an error, and ends no session by itself;
// the next run has none of them.
func TestRealAsteriskKilled(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.supervise("s1", "a1", "monitor")
	f.anySession("the session")
	f.asterisk.Kill()
	if err := f.watch.ended(); err == nil {
		t.Error("the watch ended without an error")
	}
	f.asterisk.Start()
	f.watch = watched(t, f.dialer)
	if snap := f.watch.snapshot(); len(snap.Legs) != 0 || len(snap.Calls) != 0 {
		t.Errorf("after a crash: %+v", snap)
	}
}

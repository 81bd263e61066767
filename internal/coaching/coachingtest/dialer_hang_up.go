package coachingtest

import (
	"context"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// hangUpSuite runs the contract of HangUp; sample tells what the dialer can do.
func hangUpSuite(t *testing.T, sample DialerUnderTest, with func(func(*testing.T, DialerUnderTest)) func(*testing.T)) {
	t.Run("accepted: the leg is reported gone", with(hangUpAccepted))
	t.Run("accepted: no other leg is touched", with(hangUpTouchesNoOther))
	t.Run("accepted though the target is unknown to the asker", with(hangUpWithoutTarget))
	t.Run("already gone: the end was reported before", with(hangUpAlreadyGone))
	t.Run("already gone: no such leg ever was", with(hangUpNeverThere))
	t.Run("unreachable without a connection", with(hangUpUnreachable))
	t.Run("an ended context asks nothing", with(hangUpEndedContext))
	if sample.Move != nil {
		t.Run("moved: the leg is left alone", with(hangUpMoved))
	}
	if sample.SetType != nil {
		t.Run("a change of type is no reason not to", with(hangUpRetyped))
		t.Run("would drop the customer", with(hangUpWouldDrop))
	}
	if sample.RefuseHangUps != nil {
		t.Run("refused: the leg lives on", with(hangUpRefused))
	}
	if sample.IgnoreHangUps != nil {
		t.Run("no answer within the context", with(hangUpNoAnswer))
	}
}

// attachAndWatch watches with one leg of the supervisor on the agent.
func attachAndWatch(t *testing.T, d DialerUnderTest) (*dialerWatch, coaching.HangUp) {
	w := watchDialer(t, d.Dialer)
	w.snapshot()
	leg := d.Attach(d.Supervisor, d.Agent, coaching.TypeMonitor)
	w.attached(leg)
	return w, coaching.HangUp{Leg: leg, Targets: []string{d.Agent}, Type: coaching.TypeMonitor}
}

// wantVerdict asks, and checks the verdict: a cause comes with those that have one.
func wantVerdict(t *testing.T, d DialerUnderTest, ask coaching.HangUp, want coaching.Verdict) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := d.Dialer.HangUp(ctx, ask)
	if got != want {
		t.Fatalf("HangUp %+v: %s (%v), want %s", ask, got, err, want)
	}
	if hasCause := want == coaching.Refused || want == coaching.Unreachable || want == coaching.NoAnswer; hasCause != (err != nil) {
		t.Errorf("HangUp %+v: %s with the cause %v", ask, got, err)
	}
}

func hangUpAccepted(t *testing.T, d DialerUnderTest) {
	w, ask := attachAndWatch(t, d)
	wantVerdict(t, d, ask, coaching.Accepted)
	if gone := w.gone(ask.Leg); gone.Reason != coaching.EndDisconnected {
		t.Errorf("gone because of %s, want %s", gone.Reason, coaching.EndDisconnected)
	}
}

func hangUpTouchesNoOther(t *testing.T, d DialerUnderTest) {
	w, ask := attachAndWatch(t, d)
	other := d.Attach(d.Supervisor, d.Agent, coaching.TypeMonitor)
	w.attached(other)
	wantVerdict(t, d, ask, coaching.Accepted)
	w.gone(ask.Leg)
	if w.reportedGone(other) {
		t.Error("another leg of the same supervisor on the same agent went too")
	}
	d.Leave(other)
	if gone := w.gone(other); gone.Reason != coaching.EndSupervisorLeft {
		t.Errorf("the other went because of %s", gone.Reason)
	}
}

func hangUpWithoutTarget(t *testing.T, d DialerUnderTest) {
	w, ask := attachAndWatch(t, d)
	ask.Targets, ask.Type = nil, coaching.TypeUnknown
	wantVerdict(t, d, ask, coaching.Accepted)
	w.gone(ask.Leg)
}

func hangUpAlreadyGone(t *testing.T, d DialerUnderTest) {
	w, ask := attachAndWatch(t, d)
	d.Leave(ask.Leg)
	eventually(t, "the dialer to know that the leg left", func() bool {
		// Until the adapter knows, it may ask, and be told no or yes.
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		verdict, _ := d.Dialer.HangUp(ctx, ask)
		if verdict == coaching.AlreadyGone && !w.reportedGone(ask.Leg) {
			t.Fatal("already gone, but its end has not been reported")
		}
		return verdict == coaching.AlreadyGone
	})
	if gone := w.gone(ask.Leg); gone.Reason != coaching.EndSupervisorLeft {
		t.Errorf("gone because of %s, want %s", gone.Reason, coaching.EndSupervisorLeft)
	}
}

func hangUpNeverThere(t *testing.T, d DialerUnderTest) {
	_, ask := attachAndWatch(t, d)
	ask.Leg += "-never"
	wantVerdict(t, d, ask, coaching.AlreadyGone)
}

func hangUpUnreachable(t *testing.T, d DialerUnderTest) {
	leg := d.Attach(d.Supervisor, d.Agent, coaching.TypeMonitor)
	ask := coaching.HangUp{Leg: leg, Targets: []string{d.Agent}, Type: coaching.TypeMonitor}
	wantVerdict(t, d, ask, coaching.Unreachable)
	w := watchDialer(t, d.Dialer)
	w.snapshot()
	d.LoseConnection()
	_ = w.ended()
	wantVerdict(t, d, ask, coaching.Unreachable)
	again := watchDialer(t, d.Dialer)
	if s := again.snapshot(); len(s.Legs) != 1 || s.Legs[0].Leg != leg {
		t.Errorf("there are the legs %+v, want %s untouched", s.Legs, leg)
	}
}

func hangUpEndedContext(t *testing.T, d DialerUnderTest) {
	w, ask := attachAndWatch(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if verdict, err := d.Dialer.HangUp(ctx, ask); verdict != coaching.Unreachable || err == nil {
		t.Errorf("HangUp: %s (%v), want unreachable and the cause", verdict, err)
	}
	d.Leave(ask.Leg)
	if gone := w.gone(ask.Leg); gone.Reason != coaching.EndSupervisorLeft {
		t.Errorf("gone because of %s, want %s", gone.Reason, coaching.EndSupervisorLeft)
	}
}

func hangUpMoved(t *testing.T, d DialerUnderTest) {
	w, ask := attachAndWatch(t, d)
	d.Move(ask.Leg, d.SecondAgent)
	w.attached(ask.Leg)
	wantVerdict(t, d, ask, coaching.Moved)
	d.Leave(ask.Leg)
	if gone := w.gone(ask.Leg); gone.Reason != coaching.EndSupervisorLeft {
		t.Errorf("gone because of %s, want it left alone", gone.Reason)
	}
}

func hangUpRetyped(t *testing.T, d DialerUnderTest) {
	w, ask := attachAndWatch(t, d)
	d.SetType(ask.Leg, coaching.TypeCoach)
	w.attached(ask.Leg)
	wantVerdict(t, d, ask, coaching.Accepted)
	w.gone(ask.Leg)
}

func hangUpWouldDrop(t *testing.T, d DialerUnderTest) {
	w, ask := attachAndWatch(t, d)
	d.SetType(ask.Leg, coaching.TypeBargeKick)
	w.attached(ask.Leg)
	wantVerdict(t, d, ask, coaching.WouldDropCustomer)
	ask.Force = true // meant for a supervisor who monitors
	wantVerdict(t, d, ask, coaching.WouldDropCustomer)
	ask.Type = coaching.TypeBargeKick
	if w.reportedGone(ask.Leg) {
		t.Fatal("the leg is gone")
	}
	wantVerdict(t, d, ask, coaching.Accepted)
	w.gone(ask.Leg)
}

func hangUpRefused(t *testing.T, d DialerUnderTest) {
	w, ask := attachAndWatch(t, d)
	d.RefuseHangUps()
	wantVerdict(t, d, ask, coaching.Refused)
	d.Leave(ask.Leg)
	if gone := w.gone(ask.Leg); gone.Reason != coaching.EndSupervisorLeft {
		t.Errorf("gone because of %s, want %s", gone.Reason, coaching.EndSupervisorLeft)
	}
}

func hangUpNoAnswer(t *testing.T, d DialerUnderTest) {
	_, ask := attachAndWatch(t, d)
	d.IgnoreHangUps()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if verdict, err := d.Dialer.HangUp(ctx, ask); verdict != coaching.NoAnswer || err == nil {
		t.Errorf("HangUp: %s (%v), want no answer and the cause", verdict, err)
	}
}

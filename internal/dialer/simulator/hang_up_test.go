package simulator_test

import (
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

const legTime = 50 * time.Millisecond // by then a leg that was hung up is gone

func TestHangUpAsTold(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		simulator.Answer
		after time.Duration // when the verdict comes
		want  coaching.Verdict
		lives bool // the leg, a minute later
	}{
		"obeys":                            {want: coaching.Accepted},
		"says no":                          {Answer: simulator.Answer{Refuse: true}, want: coaching.Refused, lives: true},
		"says no late":                     {Answer: simulator.Answer{Refuse: true, After: time.Second}, after: time.Second, want: coaching.Refused, lives: true},
		"answers after the leg is gone":    {Answer: simulator.Answer{After: time.Second}, after: time.Second, want: coaching.Accepted},
		"never answers but obeys":          {Answer: simulator.Answer{Never: true}, after: 5 * time.Second, want: coaching.NoAnswer},
		"never answers and does nothing":   {Answer: simulator.Answer{Never: true, LegLives: true}, after: 5 * time.Second, want: coaching.NoAnswer, lives: true},
		"answers later than anybody waits": {Answer: simulator.Answer{After: time.Minute}, after: 5 * time.Second, want: coaching.NoAnswer},
		"agrees and does nothing":          {Answer: simulator.Answer{LegLives: true}, want: coaching.Accepted, lives: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inScene(t, simulator.Config{}, func(s *scene) {
				s.watch()
				leg := s.attach(coaching.TypeMonitor)
				s.took()
				s.sim.NextHangUps(c.Answer)
				s.hangUp(on(leg, "2001")).want(c.after, c.want)
				s.sim.Advance(time.Minute)
				told := s.legs()
				if c.lives {
					if len(told) != 0 || len(s.sim.Truth().Live) != 1 {
						t.Errorf("the leg did not live on: %v", told)
					}
				} else if gone, ok := told[0].(coaching.Detached); !ok || gone.Reason != coaching.EndDisconnected || !gone.Gone {
					t.Errorf("reported %#v, want the leg disconnected", told)
				}
				asked := s.sim.Truth().HangUps
				if len(asked) != 1 || asked[0].Verdict != c.want || asked[0].HungUp == c.lives {
					t.Errorf("the truth is %+v", asked)
				}
			})
		})
	}
}

func TestHangUpLegLivesAsLongAsTold(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		leg := s.attach(coaching.TypeMonitor)
		s.took()
		s.sim.NextHangUps(simulator.Answer{LegAfter: 10 * time.Second})
		s.hangUp(on(leg, "2001")).want(0, coaching.Accepted)
		s.sim.Advance(10*time.Second - time.Millisecond)
		if told := s.legs(); len(told) != 0 {
			t.Fatalf("too early: %v", told)
		}
		s.sim.Advance(time.Millisecond)
		if told := s.legs(); len(told) != 1 {
			t.Fatalf("reported %v, want the end", told)
		}
	})
}

// What happens between mark and ask, in the very moment.
func TestHangUpLooksJustBeforeItAsks(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		happens func(s *scene, leg string) error
		want    coaching.Verdict
		first   coaching.EndReason // of the leg's end, if that follows
	}{
		"the supervisor leaves":    {func(s *scene, leg string) error { return s.sim.Leave(leg) }, coaching.AlreadyGone, coaching.EndSupervisorLeft},
		"the supervisor moves on":  {func(s *scene, leg string) error { return s.sim.Move(leg, "2002") }, coaching.Moved, ""},
		"the leg waits":            {func(s *scene, leg string) error { return s.sim.Detach(leg, coaching.EndMovedOn) }, coaching.Moved, ""},
		"the call is taken over":   {func(s *scene, leg string) error { return s.sim.SetType(leg, coaching.TypeBargeKick) }, coaching.WouldDropCustomer, ""},
		"the type changes":         {func(s *scene, leg string) error { return s.sim.SetType(leg, coaching.TypeBarge) }, coaching.Accepted, coaching.EndDisconnected},
		"the connection is lost":   {func(s *scene, _ string) error { s.sim.LoseConnection(0); return nil }, coaching.Unreachable, ""},
		"the dialer restarts":      {func(s *scene, _ string) error { s.sim.Restart(0); return nil }, coaching.Unreachable, ""},
		"the agent's line is gone": {func(s *scene, leg string) error { return s.sim.End(leg, coaching.EndTargetLeft) }, coaching.AlreadyGone, coaching.EndTargetLeft},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inScene(t, simulator.Config{}, func(s *scene) {
				s.watch()
				leg := s.attach(coaching.TypeMonitor)
				s.sim.OnHangUp(func(ask coaching.HangUp) { s.must(c.happens(s, ask.Leg)) }, nil)
				s.hangUp(on(leg, "2001")).want(0, c.want)
				s.sim.Advance(legTime)
				reason := coaching.EndReason("")
				for _, told := range s.legs() {
					if d, ok := told.(coaching.Detached); ok && d.Gone {
						reason = d.Reason
					}
				}
				if reason != c.first {
					t.Errorf("the leg went because of %q, want %q", reason, c.first)
				}
			})
		})
	}
}

func TestHangUpForceCountsForItsTypeOnly(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		leg := s.attach(coaching.TypeBarge)
		s.must(s.sim.SetType(leg, coaching.TypeBargeKick))
		ask := coaching.HangUp{Leg: leg, Targets: []string{"2001"}, Type: coaching.TypeBarge, Force: true}
		s.hangUp(ask).want(0, coaching.WouldDropCustomer)
		ask.Type = coaching.TypeBargeKick
		s.hangUp(ask).want(0, coaching.Accepted)
	})
}

// Both hooks may hold HangUp for as long as a test wants.
func TestHangUpWaitsInItsHooks(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		leg := s.attach(coaching.TypeMonitor)
		s.took()
		before, after := make(chan struct{}), make(chan struct{})
		s.sim.OnHangUp(func(coaching.HangUp) { <-before }, func(coaching.HangUp) { <-after })
		a := s.hangUp(on(leg, "2001"))
		s.sim.Advance(time.Second)
		if told := s.legs(); len(told) != 0 {
			t.Fatalf("asked before it might: %v", told)
		}
		close(before)
		s.took()
		s.sim.Advance(legTime)
		if told := s.legs(); len(told) != 1 || !a.open() {
			t.Fatalf("reported %v, open %v: want the end before the answer", told, a.open())
		}
		close(after)
		a.want(0, coaching.Accepted)
	})
}

func TestHangUpWhileTheDialerIsSilent(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		leg := s.attach(coaching.TypeMonitor)
		s.took()
		s.sim.GoSilent(3 * time.Second)
		s.hangUp(on(leg, "2001")).want(3*time.Second, coaching.Accepted)
		s.sim.GoSilent(time.Minute)
		s.hangUp(on(leg, "2001")).want(5*time.Second, coaching.NoAnswer)
	})
}

func TestHangUpWhoseConnectionIsLostHasNoAnswer(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		leg := s.attach(coaching.TypeMonitor)
		s.sim.NextHangUps(simulator.Answer{After: 2 * time.Second})
		a := s.hangUp(on(leg, "2001"))
		s.sim.Advance(time.Second)
		s.sim.LoseConnection(0)
		a.want(0, coaching.NoAnswer)
	})
}

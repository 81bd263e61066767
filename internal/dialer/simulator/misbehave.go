package simulator

import (
	"errors"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

var (
	errCut       = errors.New("the connection to the dialer was cut")
	errRestarted = errors.New("the dialer is restarting")
)

// NextHangUps says how the dialer takes the next hang-ups that it could carry
// out, one Answer each; after those it obeys again.
func (s *Simulator) NextHangUps(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, answers...)
}

// OnHangUp has every HangUp call before just before it looks and asks, and after
// when it has asked and before it waits for the answer, whatever it is. Either
// may be nil. They run on HangUp's goroutine, without any lock: they may wait,
// and script what happens in between.
func (s *Simulator) OnHangUp(before, after func(coaching.HangUp)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

// LoseConnection cuts the connection; Watch returns. Until so much time has
// passed, watching again fails.
func (s *Simulator) LoseConnection(away time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	s.cut(away, errCut)
}

func (s *Simulator) cut(away time.Duration, cause error) {
	if until := s.world.now.Add(away); until.After(s.downUntil) {
		s.downUntil, s.downCause = until, cause
	}
	s.lose(s.connection, cause)
}

// GoSilent has the dialer report and answer nothing for a while, not even that
// it is alive. Then it reports what happened meanwhile, in order.
func (s *Simulator) GoSilent(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	s.silence(d)
}

func (s *Simulator) silence(d time.Duration) {
	if c := s.connection; c != nil {
		c.silentUntil = s.world.now.Add(d)
		s.world.after(d, c.rouse)
	}
}

// FailSnapshots has the next n snapshots fail: Watch returns an error then.
func (s *Simulator) FailSnapshots(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noSnapshots = n
}

// Restart ends every leg and call at once, with the connection, and begins a new
// boot, whose ids begin again. Until so much time has passed, watching fails.
func (s *Simulator) Restart(away time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	s.restart(away)
}

func (s *Simulator) restart(away time.Duration) {
	s.cut(away, errRestarted)
	s.world.restart()
}

// SetMischief changes how the dialer misbehaves by chance.
func (s *Simulator) SetMischief(m Mischief) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	s.mischief = m
	s.planFaults()
}

// planFaults plans the faults that come by themselves.
func (s *Simulator) planFaults() {
	s.faults++
	s.planFault(s.mischief.LoseEvery, func() { s.cut(s.luck.between(0, 10*time.Second), errCut) })
	s.planFault(s.mischief.SilentEvery, func() { s.silence(s.luck.between(time.Second, 20*time.Second)) })
	s.planFault(s.mischief.RestartEvery, func() { s.restart(s.luck.between(0, 10*time.Second)) })
}

func (s *Simulator) planFault(mean time.Duration, fault func()) {
	if mean == 0 {
		return
	}
	faults := s.faults
	s.world.after(s.luck.around(mean), func() {
		if s.faults == faults {
			fault()
			s.planFault(mean, fault)
		}
	})
}

package simulator

import (
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Simulator is an invented contact centre behind coaching.Dialer.
//
// Everything in it happens under one lock, and it has no goroutine of its own:
// every method first lets the world catch up with the clock, and then looks or
// acts. What the world tells is put into the queue of the connection that Watch
// serves, in order; Watch's caller is the only goroutine that reports. All
// methods may be called at any time from any goroutine, also from the hooks of
// OnHangUp and, but for HangUp, from a report.
type Simulator struct {
	cfg Config

	mu    sync.Mutex
	clock time.Time // of a Manual simulator
	world *world

	connection  *connection // nil while nobody watches
	connections int
	downUntil   time.Time // the dialer cannot be reached before
	downCause   error
	noSnapshots int // so many snapshots more cannot be had

	mischief Mischief
	luck     chance // of mischief only
	answers  []Answer
	asked    []*Asked
	before   func(coaching.HangUp)
	after    func(coaching.HangUp)
	faults   int // counts SetMischief: faults planned by an earlier one lapse
}

// New invents a contact centre.
func New(cfg Config) *Simulator {
	cfg = cfg.withDefaults()
	s := &Simulator{cfg: cfg, clock: cfg.Start, luck: newChance(cfg.Seed, "mischief")}
	s.world = newWorld(cfg, s.hear)
	s.mischief = cfg.Mischief
	s.planFaults()
	return s
}

// Now is the simulated dialer's clock.
func (s *Simulator) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Simulator) now() time.Time {
	if s.cfg.Manual {
		return s.clock
	}
	return tick(time.Now())
}

// catchUp lets happen what is due. Whoever takes the lock calls it first.
func (s *Simulator) catchUp() { s.world.runUntil(s.now()) }

// Advance moves a Manual clock, and lets happen what is due. When it returns,
// all of it has happened and waits for Watch's goroutine to report it.
func (s *Simulator) Advance(d time.Duration) {
	if !s.cfg.Manual {
		panic("simulator: Advance needs a Manual clock")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
	s.catchUp()
}

// Truth returns how things are and were.
func (s *Simulator) Truth() Truth {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	t := s.world.truth()
	for _, a := range s.asked {
		t.HangUps = append(t.HangUps, *a)
	}
	return t
}

// hear takes what the world tells to whoever is connected.
func (s *Simulator) hear(told coaching.Sighting) {
	if s.connection != nil {
		s.report(s.connection, told)
	}
}

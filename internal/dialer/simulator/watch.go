package simulator

import (
	"context"
	"errors"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

var (
	errWatched    = errors.New("this dialer is being watched already")
	errWatchEnded = errors.New("the watch has ended")
)

// Watch implements coaching.Dialer. On the machine's clock it is also what makes
// time pass while nothing else looks at the world.
func (s *Simulator) Watch(ctx context.Context, report func(coaching.Sighting) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	defer s.disconnect(c)
	for {
		batch, due, lost := s.take(c)
		for _, told := range batch {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := report(told); err != nil {
				return err
			}
		}
		switch {
		case lost != nil:
			return lost
		case len(batch) > 0:
			continue
		}
		if err := c.pause(ctx, due); err != nil {
			return err
		}
	}
}

func (s *Simulator) connect() (*connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	switch {
	case s.connection != nil:
		return nil, errWatched
	case s.world.now.Before(s.downUntil):
		return nil, s.downCause
	}
	s.connections++
	c := &connection{id: s.connections, lost: make(chan struct{}), wake: make(chan struct{}, 1)}
	if err := s.beginSnapshot(c); err != nil {
		return nil, err
	}
	s.connection, s.world.listener = c, c.id
	c.push(s.snapshot(c))
	s.planAlive(c)
	s.planSnapshot(c)
	return c, nil
}

// disconnect is the caller's end of a connection.
func (s *Simulator) disconnect(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose(c, errWatchEnded)
	c.queue = nil
	c.pass(c.pushed)
}

// take notes that what it returned last is reported. It returns what is to be reported now; else when to look again (zero where
// only a wake-up helps), or why the connection is lost.
func (s *Simulator) take(c *connection) (batch []coaching.Sighting, due time.Duration, lost error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	if c.err == nil && s.world.now.Before(c.silentUntil) {
		return nil, s.due(c.silentUntil), nil
	}
	c.pass(c.taken)
	batch, c.queue = c.queue, nil
	c.taken += len(batch)
	at, planned := s.world.events.next()
	if planned {
		due = s.due(at)
	}
	return batch, due, c.err
}

// due is how long the machine's clock takes to a moment, never zero; zero on a
// Manual clock.
func (s *Simulator) due(at time.Time) time.Duration {
	if s.cfg.Manual {
		return 0
	}
	return max(at.Sub(s.now()), time.Microsecond)
}

// pause waits until there may be something to do.
func (c *connection) pause(ctx context.Context, due time.Duration) error {
	timer, stop := alarm(due)
	defer stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.wake:
	case <-timer:
	}
	return nil
}

// alarm is a timer that must be stopped; for 0 it never goes off.
func alarm(d time.Duration) (<-chan time.Time, func()) {
	if d == 0 {
		return nil, func() {}
	}
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// planAlive has a sign of life reported every few seconds.
func (s *Simulator) planAlive(c *connection) {
	s.world.after(s.cfg.AliveEvery, func() {
		if c.err == nil {
			s.report(c, coaching.Alive{At: s.world.now})
			s.planAlive(c)
		}
	})
}

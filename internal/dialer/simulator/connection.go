package simulator

import (
	"errors"
	"slices"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// connection is what one Watch serves. Its fields are under the Simulator's
// lock, but for the channels.
type connection struct {
	id          int
	queue       []coaching.Sighting
	held        coaching.Sighting // kept back to come out of order; nil for none
	silentUntil time.Time
	pushed      int // reports ever put into the queue
	taken       int // reports ever taken out of it
	barriers    []barrier
	err         error         // why it is lost; nil while it is up
	lost        chan struct{} // closed when it is lost or given up
	wake        chan struct{} // has a token when there may be something to take
}

// barrier is closed when the first so many reports have been reported.
type barrier struct {
	upTo   int
	passed chan struct{}
}

// room is how many reports wait for a slow reader before it is cut off.
const room = 1 << 16

var errSlow = errors.New("the reader took too long: reports were lost")

// report puts a report into the queue, with the mischief asked for.
func (s *Simulator) report(c *connection, told coaching.Sighting) {
	m := s.mischief
	switch {
	case c.held != nil:
		s.release(c, told)
	case about(told) != "" && s.luck.happens(m.Reorder):
		c.held = told
		s.world.after(200*time.Millisecond, c.flush)
	default:
		c.push(told)
	}
	if about(told) != "" && s.luck.happens(m.Repeat) {
		s.world.after(s.luck.between(0, 2*time.Minute), func() { c.push(told) })
	}
	if len(c.queue) > room {
		s.lose(c, errSlow)
	}
}

// release puts a report before the one that was kept back for it, unless they
// are about the same thing and must not be swapped.
func (s *Simulator) release(c *connection, told coaching.Sighting) {
	_, was := c.held.(coaching.Attached)
	left, is := told.(coaching.Detached)
	mayPass := about(told) != "" && about(told) != about(c.held) || was && is && left.Gone
	if !mayPass {
		c.flush()
		c.push(told)
		return
	}
	c.push(told)
	c.flush()
}

// about names what a report is about; "" for those that are never repeated or
// moved: snapshots and signs of life.
func about(told coaching.Sighting) string {
	switch t := told.(type) {
	case coaching.Attached:
		return "leg " + t.Leg
	case coaching.Detached:
		return "leg " + t.Leg
	case coaching.CallSeen:
		return "call " + t.CallID
	case coaching.UserSeen:
		return "user " + t.Person.Extension
	default:
		return ""
	}
}

func (c *connection) push(told coaching.Sighting) {
	if c.err != nil {
		return
	}
	c.queue = append(c.queue, told)
	c.pushed++
	c.rouse()
}

// flush puts the report that was kept back into the queue.
func (c *connection) flush() {
	if c.held != nil {
		told := c.held
		c.held = nil
		c.push(told)
	}
}

func (c *connection) rouse() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// barrier returns a channel that is closed when everything told so far has been
// reported, or never will be.
func (c *connection) barrier() chan struct{} {
	c.flush()
	b := barrier{c.pushed, make(chan struct{})}
	c.barriers = append(c.barriers, b)
	c.rouse()
	return b.passed
}

// pass opens the barriers up to a number of reports.
func (c *connection) pass(reported int) {
	c.barriers = slices.DeleteFunc(c.barriers, func(b barrier) bool {
		if b.upTo <= reported {
			close(b.passed)
		}
		return b.upTo <= reported
	})
}

// lose cuts a connection. What is in its queue is still reported, unless the
// dialer is silent; what happens from now on is not.
func (s *Simulator) lose(c *connection, err error) {
	if c == nil || c.err != nil {
		return
	}
	c.flush()
	if s.world.now.Before(c.silentUntil) {
		c.queue = nil
	}
	c.err = err
	close(c.lost)
	c.rouse()
	if s.connection == c {
		s.connection, s.world.listener = nil, 0
	}
}

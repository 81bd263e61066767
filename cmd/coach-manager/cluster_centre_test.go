package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

// centre is a busy contact centre. Its clock goes at the machine's pace, a random
// time ahead or behind, and stands still when a test wants to look.
//
// It has a bell: an agent whose status counts up every moment. Where a count is
// found in the change log, it is known that what happened in the centre until then
// was heard and kept.
type centre struct {
	*simulator.Simulator

	mu    sync.Mutex
	going bool
	last  time.Time   // the machine's clock at the last step
	rings []time.Time // by count, on the centre's clock
	past  map[attachment]simulator.Attachment
}

const (
	centreStep = 20 * time.Millisecond
	ringEvery  = 100 * time.Millisecond
	bell       = "2040" // its agent's extension
)

// mischief is how the dialer misbehaves all the while.
var mischief = simulator.Mischief{
	Refuse: 0.05, AnswerLate: 0.1, NeverAnswer: 0.08, LegLives: 0.25,
	Repeat: 0.02, Reorder: 0.02, NoSnapshot: 0.03,
}

func newCentre(seed uint64, luck *rand.Rand) *centre {
	ahead := time.Duration(luck.Int64N(int64(2*time.Hour))) - time.Hour
	return &centre{
		Simulator: simulator.New(simulator.Config{
			Seed: seed, Supervisors: 30, Agents: 40, Manual: true, Start: time.Now().Add(ahead), Pace: 20,
			AliveEvery: time.Second, SnapshotEvery: 5 * time.Second, Mischief: mischief,
		}),
		past: map[attachment]simulator.Attachment{},
	}
}

// live has time pass, except while the centre stands still, until ctx ends.
func (c *centre) live(ctx context.Context) {
	tick := time.NewTicker(centreStep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.step()
		}
	}
}

func (c *centre) step() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.going {
		return
	}
	passed := time.Since(c.last).Truncate(time.Microsecond) // as exact as the store is
	c.Advance(passed)
	c.last = c.last.Add(passed)
	if n := len(c.rings); n > 0 && c.Now().Sub(c.rings[n-1]) < ringEvery {
		return
	}
	if err := c.SetStatus(bell, coaching.StatusPaused, fmt.Sprint("ring ", len(c.rings))); err != nil {
		panic(err) // there is no such agent: a mistake in this file
	}
	c.rings = append(c.rings, c.Now())
}

// goOn has time pass from now on.
func (c *centre) goOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.going, c.last = true, time.Now()
}

// stand has the centre stand still: when it returns, nothing happens any more.
func (c *centre) stand() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.going = false
}

// restart has the dialer restart. It comes back with its clock ahead, when people
// are at work again.
func (c *centre) restart(away time.Duration) {
	const atWork = 30 * time.Second
	c.Restart(atWork + away)
	c.Advance(atWork)
}

// attachment names one that was.
type attachment struct {
	boot, leg, target string
	began             time.Time
}

// attachments are all that ever were. The simulator forgets the oldest after a
// while, so it has to be called now and then.
func (c *centre) attachments() map[attachment]simulator.Attachment {
	truth := c.Truth()
	for _, all := range [][]simulator.Attachment{truth.Ended, truth.Live} {
		for _, a := range all {
			c.past[attachment{a.Boot, a.Leg, a.Target, a.BeganAt}] = a
		}
	}
	return c.past
}

// heardBetween tells whether one of the rings that were heard, in their order, fell
// between two moments, and the next one too: then all that was so in between was
// heard, even if it was a snapshot that told of the ring when that was past.
func (c *centre) heardBetween(heard []int, from, to time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := sort.Search(len(c.rings), func(n int) bool { return c.rings[n].After(from) })
	at, _ := slices.BinarySearch(heard, first)
	return at < len(heard) && heard[at]+1 < len(c.rings) && !c.rings[heard[at]+1].After(to)
}

package simulator

import (
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Config says which contact centre is invented, and how it lives. Two simulators
// with the same Config, Start included, and the same calls at the same moments
// live the same life.
type Config struct {
	Seed        uint64
	Supervisors int // 30 where it is 0
	Agents      int // 200 where it is 0

	// Start is the moment at which the world is handed over, in full swing. Where
	// it is zero it is now, or, on a Manual clock, a Tuesday morning in 2026.
	Start time.Time
	// Manual: the clock stands still and only Simulator.Advance moves it. Else the
	// clock is time.Now.
	Manual bool
	// Quiet: nothing happens by itself. Everybody is available, and only scripted
	// actions change the world.
	Quiet bool
	// Pace is how many times faster than in a real centre things follow one
	// another; 1 where it is 0. Reports keep the clock's time.
	Pace float64

	AliveEvery    time.Duration // 5 s where it is 0
	SnapshotEvery time.Duration // a minute where it is 0
	// AnswerTimeout is how long HangUp waits for an answer; 5 s where it is 0.
	AnswerTimeout time.Duration
	Mischief      Mischief
}

// Mischief is how a dialer misbehaves by chance, repeatably by seed. The zero
// Mischief behaves. Shares are from 0 to 1; of the means, zero is never.
type Mischief struct {
	// Shares of the hang-ups that would have been accepted.
	Refuse, AnswerLate, NeverAnswer, LegLives float64
	// Repeat is the share of reports that come again, up to two minutes later.
	Repeat float64
	// Reorder is the share of reports that come after the next report about
	// something else, or, a leg's Attached, after its Detached that is Gone.
	Reorder float64
	// Untold is the share of the legs found in a snapshot that are told first
	// without target and type.
	Untold float64
	// NoSnapshot is the share of snapshots that cannot be had.
	NoSnapshot float64
	// Mean times between losses of the connection, silences and restarts.
	LoseEvery, SilentEvery, RestartEvery time.Duration
}

// Answer is how a dialer takes one HangUp that it could carry out. The zero
// Answer obeys at once; the leg goes some 5 to 50 ms later.
type Answer struct {
	Refuse   bool          // it says no and does nothing
	After    time.Duration // its answer comes so much later; the leg does not wait for it
	Never    bool          // no answer comes
	LegAfter time.Duration // how long the leg lives after the ask, where it is not 0
	LegLives bool          // the leg lives on, whatever was answered
}

var manualStart = time.Date(2026, time.March, 3, 10, 0, 0, 0, time.UTC)

func (c Config) withDefaults() Config {
	orInt := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	orDuration := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	orInt(&c.Supervisors, 30)
	orInt(&c.Agents, 200)
	orDuration(&c.AliveEvery, 5*time.Second)
	orDuration(&c.SnapshotEvery, time.Minute)
	orDuration(&c.AnswerTimeout, 5*time.Second)
	if c.Pace == 0 {
		c.Pace = 1
	}
	switch {
	case !c.Start.IsZero():
	case c.Manual:
		c.Start = manualStart
	default:
		c.Start = time.Now()
	}
	c.Start = tick(c.Start)
	return c
}

// tick is a moment as the simulated dialer's clock shows it: in microseconds,
// which every store keeps exactly.
func tick(t time.Time) time.Time { return t.UTC().Round(0).Truncate(time.Microsecond) }

// The port is what this package is for.
var _ coaching.Dialer = (*Simulator)(nil)

package asterisk

import (
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// clock is Asterisk's, as this machine knows it: what it showed when it was last asked,
// and the time that has passed since. That this machine's own is set changes nothing.
type clock struct {
	local func() time.Time
	asked time.Time // by the local clock, which knows how long ago that is
	shown time.Time
}

// newClock is the local one, until Asterisk's is known.
func newClock(local func() time.Time) clock {
	now := local()
	return clock{local: local, asked: now, shown: now}
}

// reading is what Asterisk's clock showed, and when by the local one.
type reading struct {
	at, shown time.Time
	told      bool
}

// read is Asterisk's clock by its answer to a ping that has just come.
func (c *clock) read(pong ami.Message) reading {
	shown, ok := stamp(pong.Get("Timestamp"))
	return reading{c.local(), shown, ok}
}

func (c *clock) set(r reading) {
	if r.told {
		c.asked, c.shown = r.at, r.shown
	}
}

func (c *clock) now() time.Time { return tick(c.shown.Add(c.local().Sub(c.asked))) }

// oddBy is how far a Timestamp may be from Asterisk's clock. One that is farther off is
// forged, or the clock was set; either way the arrival tells better. An Asterisk without
// a processor to spare tells some seconds late.
const oddBy = time.Minute

// of is when an event happened: by its Timestamp, which timestampevents=yes gives,
// else when it arrived. It may step back by some 2 ms from one event to the next:
// arrival alone tells the order.
func (c *clock) of(m ami.Message) time.Time {
	at, ok := stamp(m.Get("Timestamp"))
	if now := c.now(); !ok || at.Sub(now).Abs() > oddBy {
		return now
	}
	return at
}

// stamp reads seconds and microseconds, as in 1795328423.641367.
func stamp(text string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	seconds, ok := number(whole)
	if !ok || seconds == 0 || len(whole) > 12 || len(fraction) > 6 {
		return time.Time{}, false
	}
	micros, ok := number(fraction)
	if !ok && fraction != "" {
		return time.Time{}, false
	}
	for range 6 - len(fraction) {
		micros *= 10
	}
	return time.Unix(seconds, micros*1000).UTC(), true
}

// number reads digits, and nothing but digits. Every event has a stamp: strconv's
// care for all that a number can be is a good part of what such an event costs.
func number(digits string) (n int64, ok bool) {
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, digits != ""
}

// bornAt is when a channel was made, to the second below: its Uniqueid says so.
func bornAt(uniqueid string) (time.Time, bool) {
	if at := strings.LastIndexByte(uniqueid, '-'); at >= 0 { // systemname= puts a name before it
		uniqueid = uniqueid[at+1:]
	}
	seconds, _, ok := strings.Cut(uniqueid, ".")
	if !ok {
		return time.Time{}, false
	}
	return stamp(seconds)
}

// runOf is a run of Asterisk, from its status: the date and time of its start.
func runOf(status ami.Message) string {
	return status.Get("CoreStartupDate") + " " + status.Get("CoreStartupTime")
}

// ranFor is for how long a run of Asterisk has gone on at least. Its start is told by
// its own time zone, which it does not tell; but zones are quarters of an hour apart.
func ranFor(run string, at time.Time) time.Duration {
	const quarter, clocksDiffer = 15 * time.Minute, time.Minute
	start, err := time.Parse(time.DateTime, run)
	if err != nil {
		return 0
	}
	ran := ((at.Sub(start) % quarter) + quarter) % quarter
	if ran > quarter-clocksDiffer {
		return 0 // or it began just now, by a clock that is a little ahead
	}
	return ran
}

// tick is a moment in microseconds: what Asterisk tells, and every store keeps.
func tick(t time.Time) time.Time { return t.UTC().Round(0).Truncate(time.Microsecond) }

// after is at, or just after the last moment told where it does not come later:
// the moments told of one thing never stand still nor go back.
func after(last, at time.Time) time.Time {
	if at.After(last) {
		return at
	}
	return last.Add(time.Microsecond)
}

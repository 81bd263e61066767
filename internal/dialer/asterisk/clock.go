package asterisk

import (
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// clock is Asterisk's, as this machine knows it.
type clock struct {
	local func() time.Time
	skew  time.Duration // how far Asterisk's clock is ahead of ours
}

// set learns Asterisk's clock from its answer to a ping.
func (c *clock) set(pong ami.Message) {
	if at, ok := stamp(pong.Get("Timestamp")); ok {
		c.skew = at.Sub(c.local())
	}
}

func (c *clock) now() time.Time { return tick(c.local().Add(c.skew)) }

// oddBy is how far a Timestamp may be from Asterisk's clock. One that is farther off is
// forged, or the clock was set; either way the arrival tells better. An Asterisk without
// a processor to spare tells some seconds late.
const oddBy = time.Minute

// of is when an event happened: by its Timestamp, which timestampevents=yes gives,
// else when it arrived. It may step back by some 2 ms from one event to the next:
// arrival alone tells the order.
func (c *clock) of(m ami.Message) (at time.Time, stamped bool) {
	at, ok := stamp(m.Get("Timestamp"))
	if now := c.now(); !ok || at.Sub(now).Abs() > oddBy {
		return now, ok
	}
	return at, true
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

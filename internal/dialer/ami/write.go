package ami

import (
	"fmt"
	"time"
)

// outgoing is an action to be written, of a call that nobody can answer before.
type outgoing struct {
	text []byte
	by   time.Time // the asker's deadline; zero for none
	of   *call
}

func (o outgoing) late(now time.Time) bool { return !o.by.IsZero() && !now.Before(o.by) }

// writeAll writes what it is handed, one action at a time and whole, and looks
// after the silence of the peer, until the connection ends. A write that fails or
// takes too long ends it: nobody could tell where the next action begins.
func (c *Conn) writeAll() {
	silence := time.NewTimer(c.cfg.PingAfter)
	defer silence.Stop()
	var pinged time.Time
	for {
		select {
		case out := <-c.outgoing:
			if out.late(time.Now()) {
				out.of.end(fmt.Errorf("%s: %w", out.of.action, ErrTooLate))
				continue
			}
			c.write(out.text)
		case <-silence.C:
			pinged = c.listen(pinged, silence)
		case <-c.done:
			return
		}
	}
}

func (c *Conn) write(text []byte) {
	err := c.stream.SetWriteDeadline(time.Now().Add(c.cfg.WriteTimeout))
	if err == nil {
		_, err = c.stream.Write(text)
	}
	if err != nil {
		c.end(fmt.Errorf("write to the manager: %w", err))
	}
}

// listen looks how long the peer has been silent, pings it or gives it up, and
// sets the timer for the next look. Whatever the peer sends is a sign of life: in
// a flood nobody needs a ping. It is only given up when a ping of this silence was
// not followed by anything; a process that slept asks first.
func (c *Conn) listen(pinged time.Time, next *time.Timer) time.Time {
	heard, now := c.LastHeard(), time.Now()
	switch quiet := now.Sub(heard); {
	case quiet < c.cfg.PingAfter:
		next.Reset(c.cfg.PingAfter - quiet)
	case pinged.Before(heard):
		ping, err := NewAction("Ping").wire(c.ids.ping())
		if err != nil {
			c.end(err)
			return pinged
		}
		c.write(ping)
		pinged = now
		next.Reset(min(c.cfg.PingAfter, c.cfg.PingTimeout))
	case now.Sub(pinged) < c.cfg.PingTimeout:
		next.Reset(min(c.cfg.PingAfter, c.cfg.PingTimeout-now.Sub(pinged)))
	default:
		c.end(fmt.Errorf("%w for %s", ErrSilent, quiet.Round(time.Millisecond)))
	}
	return pinged
}

package asterisk

import (
	"fmt"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// heard returns when all that was sent so far is understood.
func (c *centre) heard(d *Dialer) {
	c.t.Helper()
	w := d.current()
	if w == nil {
		c.t.Fatal("nobody watches")
	}
	if _, err := w.conn.Do(c.t.Context(), ami.NewAction("Ping")); err != nil {
		c.t.Fatal(err)
	}
	if err := w.catchUp(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// An event may be forged that says Asterisk stops: as long as it does not, it is
// watched.
func TestAForgedShutdownEndsNothing(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	d := c.dialer()
	w := watched(t, d)
	w.snapshot()
	c.set(func() { c.tell("Shutdown", "Shutdown", "Cleanly", "Restart", "False") })
	c.attach(supervisor1, agent1, monitor)
	next(w, "the session", func(coaching.Attached) bool { return true })
	c.cut()
	if err := w.ended(); err == nil {
		t.Error("the watch ended without an error")
	}
}

// Doubtful events have everything listed, but not as often as they come.
func TestDoubtIsNotDearlyPaid(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	d := c.dialer()
	w := watched(t, d)
	w.snapshot()
	const doubts = 100
	began := time.Now()
	for i := range doubts {
		c.set(func() {
			c.tell("ChanSpyStart", "SpyerChannel", "PJSIP/evil-1", "SpyerUniqueid", fmt.Sprintf("9.%d", i), "SpyeeChannel", "PJSIP/agent1-1", "SpyeeUniqueid", "8.1")
		})
		c.heard(d)
	}
	most := 2 + int(time.Since(began)/listRest)
	lists := 0
	for _, action := range c.server.Untaken() {
		if action == "CoreShowChannels" {
			lists++
		}
	}
	if lists > most {
		t.Errorf("%d lists were asked for in %v, want %d at most", lists, time.Since(began), most)
	}
	w.snapshot() // which they are judged by
	leg := c.attach(supervisor1, agent1, monitor)
	w.attached(leg, monitor)
}

// A member whom no list has is asked about, and not at each event that names him.
func TestDoubtAboutMembersIsNotDearlyPaid(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	d := c.dialer()
	w := watched(t, d)
	w.snapshot()
	began := time.Now()
	for range 100 {
		c.set(func() {
			c.tell("QueueMemberPause", "Queue", "q", "Interface", "PJSIP/evil", "MemberName", "x", "Paused", "1")
		})
		c.heard(d)
	}
	asked := 0
	for _, action := range c.server.Untaken() {
		if action == "QueueStatus" {
			asked++
		}
	}
	if most := 2 + 2*int(time.Since(began)/listRest+1); asked > most {
		t.Errorf("asked %d times in %v, want %d at most", asked, time.Since(began), most)
	}
}

package asterisk

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

const (
	supervisor1      = "PJSIP/sup1"
	agent1           = "PJSIP/agent1"
	agent2           = "PJSIP/agent2"
	monitor, barging = coaching.TypeMonitor, coaching.TypeBarge
)

func TestDialerContract(t *testing.T) {
	// Not parallel: the suite counts goroutines.
	coachingtest.DialerSuite(t, func(t *testing.T) coachingtest.DialerUnderTest {
		c := newCentre(t)
		return coachingtest.DialerUnderTest{
			Dialer: c.dialer(), Supervisor: supervisor1, Agent: agent1, SecondAgent: agent2,
			Attach: c.attach, Leave: c.hangsUp, LoseConnection: c.cut, Restart: c.restart,
			SetType: c.setType, Move: c.move,
			RefuseHangUps: func() { c.set(func() { c.refuse = true }) },
			IgnoreHangUps: func() { c.set(func() { c.ignore = true }) },
		}
	})
}

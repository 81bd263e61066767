package simulator_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Not parallel: the suite counts goroutines.
func TestDialerSuite(t *testing.T) {
	coachingtest.DialerSuite(t, func(t *testing.T) coachingtest.DialerUnderTest {
		s := simulator.New(simulator.Config{Seed: 1, Quiet: true})
		many := func(a simulator.Answer) func() {
			return func() { s.NextHangUps(a, a, a) }
		}
		return coachingtest.DialerUnderTest{
			Dialer: s, Supervisor: "9001", Agent: "2001", SecondAgent: "2002",
			Attach: func(supervisor, agent string, ty coaching.Type) string {
				leg, err := s.Attach(supervisor, agent, ty)
				must(t, err)
				return leg
			},
			Leave:          func(leg string) { must(t, s.Leave(leg)) },
			LoseConnection: func() { s.LoseConnection(0) },
			Restart:        func() { s.Restart(0) },
			SetType:        func(leg string, ty coaching.Type) { must(t, s.SetType(leg, ty)) },
			Move:           func(leg, agent string) { must(t, s.Move(leg, agent)) },
			RefuseHangUps:  many(simulator.Answer{Refuse: true}),
			IgnoreHangUps:  many(simulator.Answer{Never: true, LegLives: true}),
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

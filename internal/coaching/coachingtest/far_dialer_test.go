package coachingtest_test

import (
	"context"
	"encoding/gob"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Not parallel: the suite counts goroutines.
func TestAFarDialerIsADialer(t *testing.T) {
	coachingtest.DialerSuite(t, func(t *testing.T) coachingtest.DialerUnderTest {
		s := simulator.New(simulator.Config{Seed: 1, Quiet: true})
		server := coachingtest.ServeDialer(t, s)
		many := func(a simulator.Answer) func() {
			return func() { s.NextHangUps(a, a, a) }
		}
		return coachingtest.DialerUnderTest{
			Dialer: coachingtest.FarDialer(server.Address, "one"), Supervisor: "9001", Agent: "2001", SecondAgent: "2002",
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

// watch watches until the test ends; reports come out of the channel, and it is
// closed when the watch is over.
func watch(t *testing.T, d coaching.Dialer) <-chan coaching.Sighting {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reports, over := make(chan coaching.Sighting, 100), make(chan struct{})
	go func() {
		defer close(over)
		defer close(reports)
		_ = d.Watch(ctx, func(told coaching.Sighting) error { reports <- told; return nil })
	}()
	t.Cleanup(func() { cancel(); <-over })
	return reports
}

// legs are the legs of the next snapshot.
func legs(t *testing.T, reports <-chan coaching.Sighting) []coaching.Attached {
	t.Helper()
	for told := range reports {
		if s, ok := told.(coaching.Snapshot); ok {
			return s.Legs
		}
	}
	t.Fatal("the watch is over")
	return nil
}

// One who was paused finds a connection that is open and silent, and may do harm.
func TestASupersededWatch(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Config{Seed: 1, Quiet: true})
	server := coachingtest.ServeDialer(t, s)
	before, after := coachingtest.FarDialer(server.Address, "before"), coachingtest.FarDialer(server.Address, "after")
	old := watch(t, before)
	legs(t, old)
	anew := watch(t, after)
	legs(t, anew)
	leg, err := s.Attach("9001", "2001", coaching.TypeMonitor)
	must(t, err)
	if told := (<-anew).(coaching.Attached); told.Leg != leg {
		t.Errorf("the new one is told of %+v, want %s", told, leg)
	}
	verdict, err := before.HangUp(t.Context(), coaching.HangUp{Leg: leg, Targets: []string{"2001"}, Type: coaching.TypeMonitor})
	if verdict != coaching.Accepted || err != nil {
		t.Errorf("the old one hangs up: %s (%v), want that it is carried out", verdict, err)
	}
	if told := (<-anew).(coaching.Detached); told.Leg != leg || !told.Gone {
		t.Errorf("the new one is told of %+v, want that %s is gone", told, leg)
	}
	select {
	case told, ok := <-old:
		t.Errorf("the old one is told of %#v (open: %v), want silence", told, ok)
	default:
	}
	if w := server.Watches(); len(w) != 2 || w[0].Client != "before" || w[1].Client != "after" || w[1].BegunAt.Before(w[0].BegunAt) {
		t.Errorf("the server has noted the watches %+v", w)
	}
	asks := server.Asks()
	if len(asks) != 1 || asks[0].Client != "before" || asks[0].Watch != 0 || asks[0].Leg != leg || asks[0].Verdict != coaching.Accepted ||
		!asks[0].WrittenAt.After(server.Watches()[1].BegunAt) || asks[0].AnsweredAt.Before(asks[0].WrittenAt) {
		t.Errorf("the server has noted the asks %+v", asks)
	}
}

func TestTheDialerOutlivesItsClients(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Config{Seed: 1, Quiet: true})
	server := coachingtest.ServeDialer(t, s)
	leg, err := s.Attach("9001", "2001", coaching.TypeMonitor)
	must(t, err)
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		err := coachingtest.FarDialer(server.Address, "one").Watch(ctx, func(told coaching.Sighting) error {
			if snapshot, ok := told.(coaching.Snapshot); ok {
				if len(snapshot.Legs) != 1 || snapshot.Legs[0].Leg != leg {
					t.Errorf("got the legs %+v, want %s", snapshot.Legs, leg)
				}
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Watch: %v", err)
		}
	}
}

// late has a deadline that has passed by the clock, and has not ended yet.
type late struct{ context.Context }

func (late) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }

func TestNothingIsAskedAfterTheDeadline(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Config{Seed: 1, Quiet: true})
	server := coachingtest.ServeDialer(t, s)
	d := coachingtest.FarDialer(server.Address, "one")
	legs(t, watch(t, d))
	if verdict, err := d.HangUp(late{t.Context()}, coaching.HangUp{Leg: "any"}); verdict != coaching.Unreachable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("HangUp: %s (%v), want unreachable", verdict, err)
	}
	if verdict, err := d.HangUp(t.Context(), coaching.HangUp{Leg: "any"}); verdict != coaching.AlreadyGone || err != nil {
		t.Errorf("HangUp in time: %s (%v), want already gone", verdict, err)
	}
	if asks := server.Asks(); len(asks) != 1 {
		t.Errorf("asked: %+v, want once", asks)
	}
}

// chatty reports without an end, and notes when a watch is over.
type chatty struct {
	coaching.Dialer
	over chan error
}

func (c chatty) Watch(ctx context.Context, report func(coaching.Sighting) error) error {
	told := coaching.UserSeen{Person: coachingtest.Agent(1), Status: coaching.StatusPaused, Reason: "talking and talking"}
	for {
		err := report(told)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			c.over <- err
			return err
		}
	}
}

func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	dialer := chatty{over: make(chan error, 1)}
	server := coachingtest.ServeDialer(t, dialer)
	conn, err := net.Dial("tcp", server.Address)
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, gob.NewEncoder(conn).Encode(struct{ Client string }{"deaf"}))
	if err := <-dialer.over; err == nil {
		t.Error("the watch ended well")
	}
	must(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is still there")
	}
}

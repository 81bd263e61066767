package simulator_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

var seeds = flag.Uint64("seeds", 2, "how many lives the rules of coaching are compared with, of each kind")

// The rules of coaching, told by a dialer that misbehaves, come to the truth.
func TestRulesComeToTheTruth(t *testing.T) {
	t.Parallel()
	mischiefs := map[string]struct {
		simulator.Mischief
		lossless bool // every change is reported at least once
	}{
		"behaving": {lossless: true},
		"repeated and out of order": {
			Mischief: simulator.Mischief{Repeat: 0.3, Reorder: 0.3, SilentEvery: 2 * time.Minute}, lossless: true,
		},
		"targets and types told late": {Mischief: simulator.Mischief{Untold: 0.7, LoseEvery: 4 * time.Minute}},
		"losing the connection":       {Mischief: simulator.Mischief{LoseEvery: 2 * time.Minute, NoSnapshot: 0.2}},
		"restarting":                  {Mischief: simulator.Mischief{RestartEvery: 4 * time.Minute}},
		"everything at once": {Mischief: simulator.Mischief{
			Refuse: 0.1, AnswerLate: 0.1, NeverAnswer: 0.1, LegLives: 0.1, Repeat: 0.2, Reorder: 0.2, Untold: 0.3,
			NoSnapshot: 0.1, LoseEvery: 4 * time.Minute, SilentEvery: 4 * time.Minute, RestartEvery: 15 * time.Minute,
		}},
	}
	for name, m := range mischiefs {
		for seed := range *seeds {
			t.Run(fmt.Sprintf("%s/seed %d", name, seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c := &comparison{T: t, sim: simulator.New(simulator.Config{
						Seed: seed, Agents: 30, Supervisors: 12, Pace: 4, Mischief: m.Mischief,
					}), rows: newRows(), began: time.Now()}
					c.run()
					c.compareLive()
					if m.lossless {
						c.compareEvery()
					} else {
						c.compareEnded(m.Untold == 0)
					}
				})
			})
		}
	}
}

// comparison is a simulated while, what the rules made of it, and the truth.
type comparison struct {
	*testing.T
	sim   *simulator.Simulator
	rows  *rows
	began time.Time
	truth simulator.Truth
}

// run has the rules follow for twenty minutes, with a session disconnected now and
// then, and a quiet end in which whatever is late arrives.
func (c *comparison) run() {
	ctx, stop := context.WithCancel(c.Context())
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		c.rows.follow(ctx, c.sim)
	}()
	for i := range 40 {
		<-time.After(30 * time.Second)
		if live := c.sim.Truth().Live; len(live) > 0 {
			a := live[i%len(live)]
			ask := coaching.HangUp{Leg: a.Leg, Targets: []string{a.Target}, Type: a.Types[len(a.Types)-1].Type, Force: i%2 == 0}
			_, _ = c.sim.HangUp(ctx, ask)
		}
	}
	c.sim.SetMischief(simulator.Mischief{})
	<-time.After(4 * time.Minute)
	c.truth = c.sim.Truth()
	synctest.Wait()
	stop()
	<-followed
	c.Logf("%d reports, %d connections, %d sessions, %d attachments", c.rows.reports, c.rows.dialer.Connection, len(c.rows.sessions),
		len(c.truth.Ended)+len(c.truth.Live))
}

// told is what can be compared of a session.
type told struct {
	Boot, Leg, Supervisor, Target string
	Type                          coaching.Type
	Began, Ended                  time.Time
	Types                         []coaching.TypeSince
	Reason                        coaching.EndReason
	Calls                         []string
}

func sortTold(all []told) []told {
	slices.SortFunc(all, func(a, b told) int {
		return cmp.Or(cmp.Compare(a.Boot, b.Boot), cmp.Compare(a.Leg, b.Leg), a.Began.Compare(b.Began))
	})
	return all
}

func (c *comparison) session(s *coaching.Session) told {
	x := told{Boot: s.Boot, Leg: s.Leg, Supervisor: c.rows.extension(s.User), Type: s.Type(), Began: s.StartedAt, Types: s.Timeline, Reason: s.EndReason}
	if s.Target != nil {
		x.Target = c.rows.extension(*s.Target)
	}
	if s.EndedAt != nil {
		x.Ended = *s.EndedAt
	}
	return x
}

func attachment(a simulator.Attachment) told {
	return told{
		Boot: a.Boot, Leg: a.Leg, Supervisor: a.Supervisor, Target: a.Target, Type: a.Types[len(a.Types)-1].Type,
		Began: a.BeganAt, Ended: a.EndedAt, Types: a.Types, Reason: a.Reason,
	}
}

// compareLive: who listens to whom, in which way, on which call, is known.
func (c *comparison) compareLive() {
	c.Helper()
	current := map[string]string{}
	for _, call := range c.truth.Calls {
		current[call.Agent.Extension] = call.CallID
	}
	var got, want []told
	for _, s := range c.rows.sessions {
		if !s.Live() {
			continue
		}
		x := c.session(s)
		x.Began, x.Types = time.Time{}, nil
		if x.Type != coaching.TypeBargeKick {
			for _, call := range s.CurrentCalls() {
				x.Calls = append(x.Calls, call.CallID)
			}
		}
		got = append(got, x)
	}
	for _, a := range c.truth.Live {
		x := attachment(a)
		x.Began, x.Types = time.Time{}, nil
		if call := current[a.Target]; call != "" && x.Type != coaching.TypeBargeKick {
			x.Calls = []string{call}
		}
		want = append(want, x)
	}
	if diff := gocmp.Diff(sortTold(want), sortTold(got)); diff != "" {
		c.Errorf("live sessions (-truth +rules):\n%s", diff)
	}
}

// compareEvery: where nothing was missed, every session is exactly as it was.
func (c *comparison) compareEvery() {
	c.Helper()
	var got, want []told
	for _, s := range c.rows.sessions {
		if s.StartedAtExact {
			got = append(got, c.session(s))
		}
	}
	for _, a := range slices.Concat(c.truth.Ended, c.truth.Live) {
		if !a.BeganAt.Before(c.began) {
			want = append(want, attachment(a))
		}
	}
	if diff := gocmp.Diff(sortTold(want), sortTold(got)); diff != "" {
		c.Errorf("sessions (-truth +rules):\n%s", diff)
	}
}

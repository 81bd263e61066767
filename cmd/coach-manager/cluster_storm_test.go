package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

// storm is a cluster on which everything falls at once: faults of the processes,
// of the database and of the dialer, while people click and look. All its methods
// belong to the test's goroutine.
type storm struct {
	*cluster
	server    *postgrestest.Instance
	centre    *centre
	dialer    *coachingtest.DialerServer
	clicks    *clicks
	looks     *looks
	takeovers takeovers

	began  time.Time
	script []string          // what befell whom, and when
	sums   map[string]string // what was looked at so far, by check
	down   map[*member]bool  // by a fault; others that ended are started again
}

// stormLease is short, and leaves a busy machine the time for a snapshot: nothing in
// the database may take longer than a third of it.
const stormLease = 5 * time.Second

func newStorm(t *testing.T, seed uint64, luck *rand.Rand) *storm {
	t.Helper()
	server := postgrestest.Server(t)
	centre := newCentre(seed, luck)
	dialer := coachingtest.ServeDialer(t, centre)
	s := &storm{
		cluster: newCluster(t, server.URL("postgres"), asMember+"="+dialer.Address, stormLease, "sim=simulator://", "one", "two", "three"),
		server:  server, centre: centre, dialer: dialer, takeovers: takeovers{}, began: time.Now(), sums: map[string]string{}, down: map[*member]bool{},
	}
	s.clicks = &clicks{members: s.members}
	s.looks = &looks{members: s.members, lists: map[string]seenList{}}
	t.Cleanup(func() {
		script := strings.Join(s.script, "\n")
		if t.Failed() {
			t.Logf("seed %d: what befell whom\n%s", seed, script)
		}
		_ = os.WriteFile(filepath.Join(t.ArtifactDir(), "script"), []byte(script), 0o600) // for go test -artifacts
	})
	s.takeNotes()
	s.serve()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { centre.live(ctx) })
	for _, m := range s.members {
		all.Go(func() { s.looks.look(ctx, m) })
	}
	t.Cleanup(func() { cancel(); all.Wait() })
	return s
}

// say adds a line to the script.
func (s *storm) say(what string) {
	s.script = append(s.script, fmt.Sprintf("%s %8.3fs %s", time.Now().UTC().Format("15:04:05.000"), time.Since(s.began).Seconds(), what))
}

// sum notes what a check has looked at so far.
func (s *storm) sum(check, what string) {
	s.sums[check] = what
	s.say(what)
}

// step is the beginning of a fault, or its end.
type step struct {
	at time.Duration
	do func()
}

// plan plans the faults of a round: those of one kind follow one another.
func (s *storm) plan(luck *rand.Rand, length time.Duration) (steps []step) {
	for _, kind := range []struct {
		pick func(*rand.Rand) fault
		rest float64 // in leases, at most
	}{{s.processFault, 0.6}, {s.databaseFault, 1}, {s.dialerFault, 2}} {
		for at := lasting(luck, 0, kind.rest); at < length; at += lasting(luck, 0, kind.rest) {
			f := kind.pick(luck)
			var what string
			steps = append(steps, step{at, func() { what = f.begin(); s.say(what) }})
			if f.end != nil {
				steps = append(steps, step{at + f.lasts, func() { s.say("over: " + what); f.end() }})
			}
			at += f.lasts
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return steps
}

// blow has a round of faults fall on the cluster, and all be over.
func (s *storm) blow(luck *rand.Rand, length time.Duration) {
	s.t.Helper()
	s.centre.SetMischief(mischief)
	s.centre.goOn()
	ctx, cancel := context.WithCancel(s.t.Context())
	var clicking sync.WaitGroup
	theirs := rand.New(rand.NewPCG(luck.Uint64(), 0))
	clicking.Go(func() { s.clicks.click(ctx, theirs) })
	defer func() { cancel(); clicking.Wait() }()
	began := time.Now()
	for _, next := range s.plan(luck, length) {
		if wait := min(next.at, length) - time.Since(began); wait > 0 {
			<-time.After(wait)
		}
		s.revive()
		next.do()
	}
	s.centre.SetMischief(simulator.Mischief{})
	cancel()
	for _, m := range s.members {
		m.serve() // those who click may wait for it
	}
}

// revive starts those again that ended by themselves, as one does who cannot reach
// the database at its start.
func (s *storm) revive() {
	s.t.Helper()
	for _, m := range s.members {
		if !s.down[m] && m.revive() {
			s.say(m.name + " had ended by itself, and is started again")
		}
	}
}

// calm waits until everything works and nothing is under way, and has the centre
// stand still then, as everybody shows it.
func (s *storm) calm() {
	s.t.Helper()
	waitFor(s.t, "everything to work and no request to be under way", func() bool {
		for _, m := range s.members {
			if status, _, err := m.ask(s.t.Context(), "GET", "/readyz", nil); err != nil || status != 200 {
				return false
			}
		}
		return s.pending() == 0
	})
	s.centre.stand()
	s.say("the centre stands still")
	var differ string
	defer func() {
		if s.t.Failed() {
			s.t.Log(differ)
		}
	}()
	waitFor(s.t, "everybody to agree with the centre", func() bool {
		differ = s.disagreement()
		return differ == ""
	})
}

// pending is how many requests have no outcome.
func (s *storm) pending() int64 {
	s.t.Helper()
	return valueOf[int64](s.cluster, "SELECT count(*) FROM disconnect_requests WHERE outcome = 'pending'")
}

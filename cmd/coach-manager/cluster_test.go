package main

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// How long it storms, and which storm it is.
const (
	chaosFor  = "COACH_CHAOS"
	chaosSeed = "COACH_CHAOS_SEED"
)

// Three processes serve one database and watch one dialer, while processes are
// killed, stopped and paused, the database and the ways to it fail, the dialer
// misbehaves, and sessions are disconnected through all of them. When the faults
// are over, everybody agrees with what really is: no session was lost, none ended
// twice, none is alive that is gone, every request has one true outcome, and
// nobody missed a change.
//
// It storms for a good minute; COACH_CHAOS=30m (with a -timeout above that)
// has it storm for longer, and COACH_CHAOS_SEED repeats a storm's script.
func TestAClusterInAStorm(t *testing.T) {
	t.Parallel()
	length, seed := storminess(t)
	t.Logf("%s=%s %s=%d", chaosFor, length, chaosSeed, seed)
	luck := rand.New(rand.NewPCG(seed, 0))
	s := newStorm(t, seed, luck)
	rounds := 0
	for ; time.Since(s.began) < length && !t.Failed(); rounds++ {
		s.takeOver(rounds)
		s.blow(luck, time.Duration(6+luck.IntN(8))*time.Second)
		s.calm()
		s.wantTrueHistory()
		s.wantTrueOutcomes()
		s.wantWholeChangeLog()
		s.wantCleanNotes()
	}
	s.wantWholeStreams()
	t.Logf("%d rounds; %v", rounds, s.sums)
	t.Logf("takeovers, from when a watcher went to when another one had a snapshot kept:\n%s", s.takeovers.in(stormLease))
}

func storminess(t *testing.T) (length time.Duration, seed uint64) {
	t.Helper()
	length, seed = time.Minute, rand.Uint64()
	var err error
	if text := os.Getenv(chaosFor); text != "" {
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", chaosFor, err)
		}
	}
	if text := os.Getenv(chaosSeed); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", chaosSeed, err)
		}
	}
	return length, seed
}

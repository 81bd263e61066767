package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// takeovers are the times from when a watcher went to when another one watched and
// had a snapshot kept, by how it went.
type takeovers map[string][]time.Duration

// waysToGo are how a watcher goes: what is done to it, and what brings it back.
var waysToGo = []struct {
	name string
	away func(*member)
}{
	{"kill -9", (*member).kill},
	{"a clean stop", (*member).terminate},
	{"a pause", (*member).pause},
	{"the database hangs for it", func(m *member) { m.way.Hang() }},
}

// takeOver has the watcher go, while all else is well, and takes the time.
func (s *storm) takeOver(round int) {
	s.t.Helper()
	way := waysToGo[round%len(waysToGo)]
	s.centre.goOn()
	var gone *member
	for _, m := range s.members {
		if s.watches(m, time.Time{}) {
			gone = m
		}
	}
	if gone == nil {
		s.t.Fatal("nobody watches")
	}
	since := time.Now()
	way.away(gone)
	s.say(fmt.Sprintf("%s is the end of %s", way.name, gone.name))
	waitFor(s.t, "another one to watch", func() bool {
		return slices.ContainsFunc(s.members, func(m *member) bool { return m != gone && s.watches(m, since) })
	})
	s.takeovers[way.name] = append(s.takeovers[way.name], time.Since(since))
	gone.way.Work()
	gone.serve()
}

// watches tells whether a member shows that it watches, and has had a snapshot kept
// since a moment.
func (s *storm) watches(m *member, since time.Time) bool {
	var dialers page[shownDialer]
	if s.read(m, "/dialers", &dialers) != nil {
		return false
	}
	return slices.ContainsFunc(dialers.Items, func(d shownDialer) bool {
		return d.WatchedBy == m.name && d.Connected && d.LastReconciledAt != nil && d.LastReconciledAt.After(since)
	})
}

// in tells the times as multiples of the lease.
func (o takeovers) in(lease time.Duration) string {
	var lines []string
	for _, way := range waysToGo {
		took := slices.Sorted(slices.Values(o[way.name]))
		if len(took) == 0 {
			continue
		}
		of := func(d time.Duration) float64 { return float64(d) / float64(lease) }
		lines = append(lines, fmt.Sprintf("%s: %d times, in the middle %.2f leases, at most %.2f", way.name, len(took), of(took[len(took)/2]), of(took[len(took)-1])))
	}
	return strings.Join(lines, "\n")
}

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

var (
	viewBegun  = regexp.MustCompile(`msg="live view begun" revision=(\d+)`)
	changeSeen = regexp.MustCompile(`msg="change seen" revision=(\d+)`)
)

// wantWholeChangeLog wants the change log to have every number up to its head.
func (s *storm) wantWholeChangeLog() {
	s.t.Helper()
	log := rowsOf(s.cluster, pgx.RowToStructByPos[struct{ First, Last, Count, Head int64 }],
		"SELECT min(number), max(number), count(*), (SELECT revision FROM counter) FROM changes")[0]
	if log.Last != log.Head || log.Last-log.First+1 != log.Count {
		s.t.Errorf("the change log has %d changes, from %d to %d, and its head is %d", log.Count, log.First, log.Last, log.Head)
	}
	for _, wrong := range s.looks.wrongs() {
		s.t.Error(wrong)
	}
}

// wantWholeStreams wants every process to have taken in every change that followed
// what its live view began with.
func (s *storm) wantWholeStreams() {
	s.t.Helper()
	seen, begun := 0, 0
	for _, m := range s.members {
		for run, said := range m.said() {
			n, b, wrong := stream(said)
			seen, begun = seen+n, begun+b
			if wrong != "" {
				s.t.Errorf("%s, run %d: %s", m.name, run+1, wrong)
			}
		}
	}
	s.sum("streams", fmt.Sprintf("%d times a change was seen, in %d streams", seen, begun))
}

// stream reads the log of one run: how many changes it saw and how often its live
// view began, and what is wrong with their numbers.
func stream(said string) (seen, begun int, wrong string) {
	last := int64(-1)
	for line := range strings.Lines(said) {
		if found := viewBegun.FindStringSubmatch(line); found != nil {
			last, _ = strconv.ParseInt(found[1], 10, 64)
			begun++
			continue
		}
		found := changeSeen.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		number, _ := strconv.ParseInt(found[1], 10, 64)
		if last < 0 || number != last+1 {
			return seen, begun, fmt.Sprintf("after revision %d it saw %d", last, number)
		}
		last = number
		seen++
	}
	return seen, begun, ""
}

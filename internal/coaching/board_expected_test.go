package coaching_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// expected counts the sessions there must be, from what was delivered. It knows
// nothing of moments and types, only which attachment each report is about.
type expected struct {
	boot    string
	counts  map[string]int    // sessions by run and leg, ever
	open    map[string]string // the target of the live session by leg, "" while it is not known
	left    map[string]bool   // legs told gone in this connection
	touched map[string]bool   // legs told of since the snapshot was begun
}

func newExpected() *expected {
	e := &expected{counts: map[string]int{}, open: map[string]string{}}
	e.reconnected()
	return e
}

func (e *expected) reconnected() { e.left, e.touched = map[string]bool{}, map[string]bool{} }

func (e *expected) deliver(d delivery) {
	if d.again {
		return
	}
	switch s := d.sighting.(type) {
	case coaching.SnapshotBegun:
		e.touched = map[string]bool{}
		if e.boot != s.Boot {
			e.boot, e.open = s.Boot, map[string]string{}
		}
	case coaching.Attached:
		e.attached(s)
		e.touched[s.Leg] = true
		if e.left[s.Leg] { // its end overtook it
			delete(e.open, s.Leg)
		}
	case coaching.Detached:
		delete(e.open, s.Leg)
		e.touched[s.Leg] = true
		e.left[s.Leg] = s.Gone
	case coaching.Snapshot:
		e.snapshot(s)
	}
}

// attached begins a session unless the leg has one on the same target, or on one
// that is learned now.
func (e *expected) attached(a coaching.Attached) {
	before, live := e.open[a.Leg]
	target := ""
	if a.Target != nil {
		target = a.Target.Extension
	}
	if !live || before != "" && target != "" && before != target {
		e.counts[e.boot+" "+a.Leg]++
	}
	if target == "" {
		target = before
	}
	e.open[a.Leg] = target
}

func (e *expected) snapshot(s coaching.Snapshot) {
	listed := map[string]bool{}
	for _, a := range s.Legs {
		listed[a.Leg] = true
		if !e.touched[a.Leg] {
			e.attached(a)
		}
	}
	for leg := range e.open {
		if !listed[leg] && !e.touched[leg] {
			delete(e.open, leg)
		}
	}
}

// foundGone ends a leg's session without a report.
func (e *expected) foundGone(leg string, moved bool) {
	delete(e.open, leg)
	if !moved {
		e.touched[leg] = true
	}
}

// sum is what check compares: every leg's sessions, and the live ones' targets.
func (e *expected) sum() string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(e.counts)) {
		lines = append(lines, fmt.Sprintf("%s: %d", key, e.counts[key]))
	}
	for _, leg := range slices.Sorted(maps.Keys(e.open)) {
		lines = append(lines, fmt.Sprintf("%s is on %q", leg, e.open[leg]))
	}
	return strings.Join(lines, "\n")
}

// sumOf is the same of the rows that are kept.
func sumOf(w *ledger) string {
	e := newExpected()
	for _, id := range w.order {
		s := w.sessions[id]
		e.counts[s.Boot+" "+s.Leg]++
		if !s.Live() {
			continue
		}
		if _, twice := e.open[s.Leg]; twice {
			return "two live sessions on " + s.Leg
		}
		e.open[s.Leg] = ""
		if s.Target != nil {
			e.open[s.Leg] = w.users[s.Target.ID].At(w.dialer.Name)
		}
	}
	return e.sum()
}

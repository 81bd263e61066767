package coaching

import (
	"maps"
	"time"
)

// Memory is what one watch remembers of its connection and no database needs:
// the agents' current calls, and where legs were seen to leave. A new watch
// begins with a new one, which its first snapshot fills.
//
// It belongs to the watch's goroutine. Boards work on a staged copy, which takes
// its place once the transaction is committed.
type Memory struct {
	mark  *Position                            // where the last snapshot was begun; nil before the first
	calls map[string]map[string]rememberedCall // by agent's extension and call id
	left  map[string]leftMark                  // by leg
	older map[string]leftMark                  // the generation before; see remember
}

// rememberedCall is a call of an agent; ended ones are kept until the next
// snapshot, so that a report that comes late does not bring them back.
type rememberedCall struct {
	CallSeen
	pos Position
}

// leftMark tells when a leg was last seen to stop listening.
type leftMark struct {
	Detached
	pos Position
}

// generation is how many legs are remembered at least after they left.
const generation = 4096

// NewMemory returns the memory of a new connection.
func NewMemory() *Memory {
	return &Memory{
		calls: map[string]map[string]rememberedCall{},
		left:  map[string]leftMark{}, older: map[string]leftMark{},
	}
}

// stage returns a copy to work on. It is shallow: maps of one agent's calls are
// copied when they change.
func (m *Memory) stage() *Memory {
	return &Memory{mark: m.mark, calls: maps.Clone(m.calls), left: maps.Clone(m.left), older: m.older}
}

// remember notes that a leg left. The oldest generation is forgotten when the
// newer one is full, so that memory stays bounded.
func (m *Memory) remember(pos Position, d Detached) {
	old, known := m.leftAt(d.Leg)
	if known && (old.Gone || !d.Gone && !d.At.After(old.At)) {
		return
	}
	if len(m.left) >= generation {
		m.older, m.left = m.left, map[string]leftMark{}
	}
	m.left[d.Leg] = leftMark{d, pos}
}

func (m *Memory) leftAt(leg string) (leftMark, bool) {
	if l, ok := m.left[leg]; ok {
		return l, true
	}
	l, ok := m.older[leg]
	return l, ok
}

func (m *Memory) call(c CallSeen) (rememberedCall, bool) {
	r, ok := m.calls[c.Agent.Extension][c.CallID]
	return r, ok
}

func (m *Memory) putCall(pos Position, c CallSeen) {
	calls := maps.Clone(m.calls[c.Agent.Extension])
	if calls == nil {
		calls = map[string]rememberedCall{}
	}
	calls[c.CallID] = rememberedCall{c, pos}
	m.calls[c.Agent.Extension] = calls
}

// missing takes out the calls that a snapshot begun at mark does not have, and
// returns those that were still going on, ended at the given moment.
func (m *Memory) missing(listed []CallSeen, mark Position, at time.Time) []CallSeen {
	type key struct{ agent, call string }
	have := map[key]bool{}
	for _, c := range listed {
		have[key{c.Agent.Extension, c.CallID}] = true
	}
	var over []CallSeen
	for agent, calls := range m.calls {
		kept := map[string]rememberedCall{}
		for id, c := range calls {
			switch {
			case have[key{agent, id}] || !c.pos.Before(mark):
				kept[id] = c
			case c.State != CallEnded:
				over = append(over, c.ended(at))
			}
		}
		m.calls[agent] = kept
		if len(kept) == 0 {
			delete(m.calls, agent)
		}
	}
	return over
}

// ended is the call as it must have been when it is found gone.
func (c rememberedCall) ended(at time.Time) CallSeen {
	over := c.CallSeen
	over.State, over.At = CallEnded, at
	if over.EndedAt == nil {
		over.EndedAt = &at
	}
	return over
}

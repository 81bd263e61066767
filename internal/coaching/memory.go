package coaching

import (
	"maps"
	"time"
)

// Memory is what one watch remembers of its connection and no database needs:
// the agents' current calls, which calls are over, and where legs were seen to
// leave. A new watch begins with a new one, which its first snapshot fills.
//
// It belongs to the watch's goroutine. Boards work on a staged copy, which takes
// its place once the transaction is committed.
type Memory struct {
	mark *Position // where the last snapshot was begun; nil before the first
	// snapshotAt is the time of the last snapshot, by the dialer's clock; nil before
	// the first.
	snapshotAt *time.Time
	told       map[string]bool                      // users, by extension, whose status was reported since
	calls      map[string]map[string]rememberedCall // by agent's extension and call id
	over       recent[callKey, time.Time]           // when the calls that calls has no more were last told of
	left       recent[string, leftMark]             // by leg
}

// rememberedCall is a call of an agent; ended ones are kept until the next
// snapshot.
type rememberedCall struct {
	CallSeen
	pos Position
}

// callKey is a call of an agent.
type callKey struct{ agent, call string }

// leftMark tells when a leg was last seen to stop listening.
type leftMark struct {
	Detached
	pos Position
}

// NewMemory returns the memory of a new connection.
func NewMemory() *Memory {
	return &Memory{
		told:  map[string]bool{},
		calls: map[string]map[string]rememberedCall{},
		over:  recent[callKey, time.Time]{newer: map[callKey]time.Time{}},
		left:  recent[string, leftMark]{newer: map[string]leftMark{}},
	}
}

// stage returns a copy to work on. It is shallow: maps of one agent's calls are
// copied when they change.
func (m *Memory) stage() *Memory {
	return &Memory{
		mark: m.mark, snapshotAt: m.snapshotAt, told: maps.Clone(m.told), calls: maps.Clone(m.calls),
		over: m.over.stage(), left: m.left.stage(),
	}
}

// remember notes that a leg left.
func (m *Memory) remember(pos Position, d Detached) {
	old, known := m.leftAt(d.Leg)
	later := d.At.After(old.At)
	switch {
	case !known, d.Gone && !old.Gone:
	case !later, old.Gone && !d.Gone:
		return
	}
	m.left.put(d.Leg, leftMark{d, pos})
}

func (m *Memory) leftAt(leg string) (leftMark, bool) { return m.left.get(leg) }

// knowsNewer tells whether something newer is known of a call, so that a report
// that comes late does not bring back a call that is over.
func (m *Memory) knowsNewer(c CallSeen) bool {
	if known, ok := m.call(c); ok {
		return known.At.After(c.At)
	}
	told, ok := m.over.get(callKey{c.Agent.Extension, c.CallID})
	return ok && !told.Before(c.At)
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
	have := map[callKey]bool{}
	for _, c := range listed {
		have[callKey{c.Agent.Extension, c.CallID}] = true
	}
	var over []CallSeen
	for agent, calls := range m.calls {
		kept := map[string]rememberedCall{}
		for id, c := range calls {
			switch {
			case have[callKey{agent, id}] || !c.pos.Before(mark):
				kept[id] = c
			case c.State != CallEnded:
				over = append(over, c.ended(at))
			default:
				m.over.put(callKey{agent, id}, c.At)
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

// generation is how many things are remembered at least.
const generation = 4096

// recent remembers the latest things in two generations: the older one is
// forgotten when the newer one is full, so that it stays bounded.
type recent[K comparable, V any] struct {
	newer map[K]V
	older map[K]V // never written
}

func (r *recent[K, V]) stage() recent[K, V] {
	return recent[K, V]{newer: maps.Clone(r.newer), older: r.older}
}

func (r *recent[K, V]) put(key K, value V) {
	if len(r.newer) >= generation {
		r.newer, r.older = map[K]V{}, r.newer
	}
	r.newer[key] = value
}

func (r *recent[K, V]) get(key K) (V, bool) {
	if v, ok := r.newer[key]; ok {
		return v, true
	}
	v, ok := r.older[key]
	return v, ok
}

package asterisk

import (
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// early is an event about a channel that the first list is to show.
type early struct {
	event ami.Message
	at    time.Time
}

// mostEarly bounds what is kept until the first list is there.
const mostEarly = 20_000

// keep keeps an event that came before the first list, about channels that are
// there and were not told of: it reports whether it did. What is kept is taken in
// once the list has shown them: who spies on whom is told by events alone. Of a
// flood the newest are kept, since they say how things stand.
func (m *model) keep(e ami.Message, at time.Time) bool {
	if m.listed || !m.aboutStranger(e) {
		return false
	}
	if e.Event() == "Hangup" {
		m.noteEnd(e.Get("Uniqueid"), at)
	}
	if len(m.early) >= mostEarly {
		m.early = append(m.early[:0], m.early[len(m.early)/2:]...)
	}
	m.early = append(m.early, early{e, at})
	return true
}

// aboutStranger tells whether an event names a channel that is not known, or that
// has ended without being known.
func (m *model) aboutStranger(e ami.Message) bool {
	if e.Event() == "Newchannel" {
		return false
	}
	for _, key := range []string{"Uniqueid", "DestUniqueid", "SpyerUniqueid", "SpyeeUniqueid", "TransfererUniqueid"} {
		if id := e.Get(key); id != "" && m.channels[id] == nil && !m.ended[id] {
			return true
		}
	}
	return false
}

// replay takes in what was kept, in its order. A list may be newer than an event
// and then goes back by it, but only for as long as the rest of them takes.
func (m *model) replay() {
	kept, seq := m.early, m.seq
	m.early = nil
	for _, k := range kept {
		if !m.aboutStranger(k.event) {
			m.apply(k.event, k.at)
		}
	}
	m.seq = seq
}

// missedEnds are the ends that events told before the first list, of legs that the
// connection before this one knew: it says why, and the list only that they are gone.
func (m *model) missedEnds(before *model) (ends []coaching.Sighting) {
	before.take()
	for _, k := range m.early {
		before.expire(k.at)
		before.apply(k.event, k.at)
	}
	for _, s := range before.take().told {
		if end, ok := s.(coaching.Detached); ok && m.channels[end.Leg] == nil {
			ends = append(ends, end)
		}
	}
	return ends
}

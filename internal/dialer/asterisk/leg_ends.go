package asterisk

import (
	"maps"
	"slices"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// spyStopped takes in ChanSpyStop. What it means is told by what follows: the same
// target in another type, another target, the end of the leg, a bridge with the
// customer, or nothing.
func (m *model) spyStopped(e ami.Message, at time.Time) {
	if snoop := m.channels[e.Get("SpyerUniqueid")]; snoop != nil && snoop.isSnoop() {
		m.snoopEnded(snoop, at)
		delete(m.snoops, snoop)
		m.lookAtSnoops(m.bridges[snoop.bridge], at)
		return
	}
	if c, ok := m.unproven[e.Get("SpyerUniqueid")]; ok && (e.Get("SpyeeUniqueid") == "" || c.event.Get("SpyeeUniqueid") == e.Get("SpyeeUniqueid")) {
		delete(m.unproven, e.Get("SpyerUniqueid"))
	}
	l := m.legs[e.Get("SpyerUniqueid")]
	if l == nil || !l.session {
		return
	}
	spyee := m.channels[e.Get("SpyeeUniqueid")]
	switch {
	case l.spied == "" && spyee != nil: // found in a list, and told only now
		m.attach(l, spyee, at)
	case l.spied != "" && l.spied != e.Get("SpyeeUniqueid"):
		return // an earlier one, or forged
	}
	if spyee != nil {
		m.update(spyee, e, "Spyee") // a result code may have been set meanwhile
	}
	l.ran = false
	m.hold(l, at)
}

// hold keeps the end of a session back until it is clear that it is one.
func (m *model) hold(l *leg, at time.Time) {
	if l.session && (l.stopped == nil || l.stopped.waits()) {
		l.stopped = &stop{at: at, deadline: at.Add(settleTime)}
		m.dueBy(l.stopped.deadline)
	}
}

// giveUp has a session end that seemed to have stopped, whatever follows: who asked was
// told that the leg has gone on.
func (m *model) giveUp(l *leg) {
	l.stopped.deadline, l.stopped.told = l.stopped.at, true
	m.dueBy(l.stopped.at)
}

func (m *model) dueBy(deadline time.Time) {
	if m.due.IsZero() || deadline.Before(m.due) {
		m.due = deadline
	}
}

// expire ends the sessions that did not go on in time.
func (m *model) expire(now time.Time) {
	m.endWraps(now)
	if m.due.IsZero() || m.due.After(now) {
		return
	}
	m.due = time.Time{}
	for _, id := range slices.Sorted(maps.Keys(m.legs)) {
		switch l := m.legs[id]; {
		case l.stopped == nil || l.stopped.waits():
		case l.stopped.deadline.After(now):
			m.dueBy(l.stopped.deadline)
		default:
			m.resolve(l)
		}
	}
	m.settle(now)
}

// resolve takes a stop for what it is after a while: a leg still in its ChanSpy
// waits. Where that is sure to be for the same agent the session goes on, to the
// agent's next call (testdata/sip-call-ends-while-spied-waits.ami).
func (m *model) resolve(l *leg) {
	if !l.stopped.told && !l.asked.counts(l.stopped.at) && l.waitsForTarget() {
		l.stopped.deadline = time.Time{}
		return
	}
	m.detach(l, m.endReason(l, l.stopped.at), l.stopped.at, false)
}

// detach tells the end of a session whose leg may live on.
func (m *model) detach(l *leg, reason coaching.EndReason, at time.Time, gone bool) {
	l.last = after(l.last, at)
	m.tell(coaching.Detached{Leg: l.ch.id, At: l.last, Exact: true, Reason: reason, Gone: gone})
	l.snoop = nil
	delete(m.untargeted, l)
	l.session, l.left, l.target, l.who, l.stopped, l.bridged = false, true, "", "", nil, false
	m.touch(l.ch)
	m.remember(l)
}

// legGone tells the end of a leg: of the session it carries, else of a leg that
// was left waiting. It is sure to be heard by those who wait for it.
func (m *model) legGone(l *leg, at time.Time) {
	if l.session {
		m.detach(l, m.endReason(l, m.endTime(l, at)), m.endTime(l, at), true)
	} else if l.left {
		m.detach(l, m.endReason(l, at), at, true)
	}
	delete(m.legs, l.ch.id)
	delete(m.unproven, l.ch.id)
	delete(m.untargeted, l)
	m.over = append(m.over, l.over)
}

// endTime is when a session ended whose leg is gone: when the spying stopped; a
// leg that waited for its agent's next call was with him to the last, and so was one
// that had hardly begun to when he had that call: it was told to hear it.
func (m *model) endTime(l *leg, at time.Time) time.Time {
	if l.stopped == nil || l.stopped.waits() || l.waitsForTarget() && m.onNextCall(l) {
		return at
	}
	return l.stopped.at
}

// waitsForTarget tells whether a leg that spies on nobody now is still in its ChanSpy,
// and sure to be there for the same agent.
func (l *leg) waitsForTarget() bool {
	s, spies := spyOf(l.ch.application, l.ch.data)
	return spies && l.ch.bridge == "" && s.follows(l.target)
}

// onNextCall tells whether a leg's target is in another call than the one it heard.
func (m *model) onNextCall(l *leg) bool {
	for _, ch := range m.devices[l.target] {
		if ch.id != l.spied && m.carriesCall(ch) {
			return true
		}
	}
	return false
}

// stopTime is when a session ended whose leg is on another target now.
func (l *leg) stopTime(at time.Time) time.Time {
	if l.stopped != nil {
		return l.stopped.at
	}
	return at
}

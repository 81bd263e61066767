package asterisk

import (
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// enter puts a channel into a bridge. It may come without a leave before: a
// channel is in one bridge at a time.
func (m *model) enter(ch *channel, bridge string, at time.Time) {
	if ch.bridge != bridge {
		m.leave(ch, at)
	}
	if bridge == "" {
		return
	}
	ch.bridge = bridge
	members := m.bridges[bridge]
	if members == nil {
		members = map[*channel]bool{}
		m.bridges[bridge] = members
	}
	members[ch] = true
	m.touch(ch)
	for other := range members {
		if other != ch {
			m.meet(ch, other, at)
			m.meet(other, ch, at)
		}
	}
	m.lookAtBridge(members, at)
	m.lookAtSnoops(members, at)
}

// meet notes that a channel talks to another: the one it met first is its party
// for as long as that lives.
func (m *model) meet(ch, other *channel, at time.Time) {
	if m.legs[other.id] != nil && ch.party != nil {
		return // a supervisor who joins or takes over is nobody's customer
	}
	if ch.party == nil || ch.party.gone {
		ch.party = other
	}
	if !ch.talked {
		ch.talked, ch.answeredAt = true, at
	}
	m.touch(ch)
}

func (m *model) leave(ch *channel, at time.Time) {
	members := m.bridges[ch.bridge]
	if ch.bridge == "" || members == nil {
		ch.bridge = ""
		return
	}
	delete(members, ch)
	if len(members) == 0 {
		delete(m.bridges, ch.bridge)
	}
	ch.bridge = ""
	m.touch(ch)
	for other := range members {
		if other.party == ch {
			m.touch(other)
		}
	}
	m.lookAtBridge(members, at)
	if ch.isSnoop() {
		m.snoopEnded(ch, at)
		m.lookAtSnoops(members, at)
	}
	if l := m.legs[ch.id]; l != nil && l.snoop != nil {
		m.hold(l, at)
	} else if l != nil && l.bridged {
		l.bridged = false
		m.hold(l, at)
	}
}

// lookAtBridge sees what a bridge makes of the supervisors in it. One who meets
// the customer there has taken part openly, and once the agent is out has taken
// the call over: no ChanSpyStop tells of that (testdata/sip-bargekick-bridge.ami).
// It is the same session until the supervisor's leg is gone. A bridge without the
// customer ends the spying.
func (m *model) lookAtBridge(members map[*channel]bool, at time.Time) {
	for ch := range members {
		l := m.legs[ch.id]
		if l == nil || !l.session || l.snoop != nil && members[l.snoop] {
			continue
		}
		customer := l.customer()
		switch {
		case customer == nil || !members[customer]:
			m.hold(l, at)
		case members[l.spyee]:
			m.retype(l, coaching.TypeBarge, at)
		default:
			m.retype(l, coaching.TypeBargeKick, at)
		}
		l.bridged = true
	}
}

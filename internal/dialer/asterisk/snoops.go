package asterisk

import (
	"slices"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// ARI's snoop is a ChanSpy by a channel of its own, Snoop/ID-…, of the machine. The
// one who listens is in a bridge with it, and his channel is the leg: AMI tells who
// spies on whom, but not in which way (testdata/ari-snoop-seen-by-ami.ami).

const snoopPrefix = "Snoop/"

func (ch *channel) isSnoop() bool { return strings.HasPrefix(ch.name, snoopPrefix) }

// machines are the kinds of channels that nobody is behind: those that record, play
// to or stream from a bridge, as to a transcriber.
var machines = []string{
	snoopPrefix, "Recorder/", "Announcer/", "CBRec/", "CBAnn/", "UnicastRTP/", "MulticastRTP/", "AudioSocket/", "WebSocket/",
}

func (ch *channel) isMachine() bool {
	return slices.ContainsFunc(machines, func(kind string) bool { return strings.HasPrefix(ch.name, kind) })
}

// listens tells whether somebody in the bridge of a snoop is the one who listens: no
// machine does, nor who is heard, nor his customer.
func listens(ch, spied *channel) bool {
	return !ch.isMachine() && ch != spied && ch != spied.partner()
}

// byAnother tells whether a leg listens by a snoop that is in the same bridge: of several
// there the first is its.
func (l *leg) byAnother(snoop *channel) bool {
	return l != nil && l.session && l.stopped == nil && l.snoop != nil && l.snoop.bridge == snoop.bridge
}

// snoopStarted takes in that a snoop listens to a channel.
func (m *model) snoopStarted(e ami.Message, at time.Time) {
	snoop, spied := m.channels[e.Get("SpyerUniqueid")], m.channels[e.Get("SpyeeUniqueid")]
	if snoop == nil || spied == nil {
		return
	}
	m.update(spied, e, "Spyee")
	m.snoops[snoop] = spied
	m.trace(snoop, at)
}

// trace has those listen who are in a bridge with a snoop.
func (m *model) trace(snoop *channel, at time.Time) {
	spied := m.snoops[snoop]
	if spied == nil || spied.gone || snoop.bridge == "" || m.listing {
		return
	}
	for ch := range m.bridges[snoop.bridge] {
		l := m.legs[ch.id]
		if !listens(ch, spied) || l.byAnother(snoop) {
			continue
		}
		l = m.legOf(ch)
		l.snoop = snoop
		m.attach(l, spied, at)
	}
}

// lookAtSnoops sees what a change of a bridge makes of the snoops in it.
func (m *model) lookAtSnoops(members map[*channel]bool, at time.Time) {
	for ch := range members {
		if ch.isSnoop() {
			m.trace(ch, at)
		}
	}
}

// snoopEnded has the sessions by a snoop stop that stopped or left its bridge; one
// that is made anew for another way to listen goes on with them.
func (m *model) snoopEnded(snoop *channel, at time.Time) {
	for _, l := range m.legs {
		if l.snoop == snoop {
			m.hold(l, at)
		}
	}
}

// findSnoop makes legs of those who listen by a snoop that was there before us: its
// name says to whom.
func (m *model) findSnoop(snoop *channel, before *model) {
	id := strings.TrimPrefix(device(snoop.name), snoopPrefix)
	spied := m.channels[id]
	if spied == nil {
		return
	}
	m.snoops[snoop] = spied
	for ch := range m.bridges[snoop.bridge] {
		if !listens(ch, spied) || m.legs[ch.id] != nil {
			continue
		}
		l := m.legOf(ch)
		was := m.remembered(ch, before)
		l.session, l.snoop = true, snoop
		m.aim(l, spied, was)
		m.dateFound(l, was)
		m.nameFound(l, was)
	}
}

// alone tells whether nobody is in a bridge with a leg but snoops and those who
// listen by them.
func (m *model) alone(bridge string, l *leg) bool {
	if l.snoop == nil || !m.bridges[bridge][l.ch] {
		return false
	}
	for ch := range m.bridges[bridge] {
		other := m.legs[ch.id]
		if !ch.isMachine() && (other == nil || other.snoop == nil) {
			return false
		}
	}
	return true
}

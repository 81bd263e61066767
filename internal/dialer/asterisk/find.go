package asterisk

import (
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// find makes a leg of a channel that was there before us and spies. Whom it spies
// on is in no field of any answer (testdata/sip-reconnect-during-session.ami): it is
// told by option u, or by a prefix that fits one device only; otherwise it stays
// untold. A spy that nobody fits waits, and is no session.
func (m *model) find(ch *channel, before *model) {
	var was *leg
	if before != nil {
		was = before.legs[ch.id]
	}
	s, spies := spyOf(ch.application, ch.data)
	switch {
	case spies && ch.bridge == "":
		m.findSpy(ch, s, was)
	case was != nil && was.session && was.bridged:
		m.findTaker(ch, was)
	}
}

func (m *model) findSpy(ch *channel, s spy, was *leg) {
	device, spyee, several := m.candidate(ch, s)
	waitsOn := was != nil && was.session && s.follows(was.target)
	if device == "" && !several && !waitsOn {
		return
	}
	l := m.legOf(ch)
	l.session, l.spyee, l.target = true, spyee, device
	if device == "" && !several && waitsOn {
		// Between two calls of its agent: the connection before knew whose.
		l.target, l.stopped = was.target, new(stop)
	}
	l.kind = m.kindOf(l)
	if s.digits && l.kind == s.kind {
		l.kind = coaching.TypeUnknown // a list keeps the first options, whatever the keypad did since
	}
	l.since = ch.began
	if was != nil && was.session && was.target == l.target && was.kind == l.kind {
		l.since, l.exact = was.since, was.exact
	}
	l.last = l.since
	m.people.introduce(ch)
	if l.target != "" {
		m.people.meet(l.target).agent = true
	}
	if spyee != nil {
		m.people.introduce(spyee)
	}
}

// candidate is the one device that a spy can be listening to, with a channel of
// it; several says that there is more than one.
func (m *model) candidate(spyer *channel, s spy) (device string, spyee *channel, several bool) {
	for _, ch := range m.channels {
		_, spies := spyOf(ch.application, ch.data)
		if spies || ch == spyer || ch.device == spyer.device || !s.matches(ch) {
			continue
		}
		if s.narrow || device != "" && ch.device != device {
			return "", nil, true
		}
		device = ch.device
		if spyee == nil || spyee.bridge == "" && ch.bridge != "" {
			spyee = ch
		}
	}
	return device, spyee, false
}

// findTaker makes a leg of a channel that went into a bridge with the customer, to
// take the call over or to barge in, and still is in it. Nothing but our memory
// tells what it is.
func (m *model) findTaker(ch *channel, was *leg) {
	customer := was.customer()
	if customer == nil {
		return
	}
	now := m.channels[customer.id]
	if now == nil || ch.bridge == "" || now.bridge != ch.bridge {
		return
	}
	l := m.legOf(ch)
	l.session, l.bridged, l.kind, l.target = true, true, was.kind, was.target
	l.since, l.exact, l.last = was.since, was.exact, was.last
	if agent := m.channels[was.spyee.id]; agent != nil {
		l.spyee = agent
		return
	}
	l.spyee = &channel{id: was.spyee.id, name: was.spyee.name, device: was.spyee.device, vars: was.spyee.vars, party: now, gone: true}
}

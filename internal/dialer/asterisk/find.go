package asterisk

import (
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// find makes a leg of a channel that was there before us and spies, or did and
// went on from there. Whom it spies on is in no field of any answer
// (testdata/sip-reconnect-during-session.ami): it is told by what is remembered of
// it, by option u, or by a prefix that fits one device only; otherwise it stays
// untold. A spy that nobody fits waits, and is no session.
func (m *model) find(ch *channel, before *model) {
	if ch.isSnoop() {
		m.findSnoop(ch, before)
		return
	}
	was := m.remembered(ch, before)
	s, spies := spyOf(ch.application, ch.data)
	switch {
	case spies && ch.bridge == "":
		m.findSpy(ch, s, was)
	case was != nil && ch.bridge != "":
		m.findTaker(ch, was)
	}
}

func (m *model) findSpy(ch *channel, s spy, was *memory) {
	spied, several := m.candidate(ch, s)
	if was != nil && (several || spied == nil || spied.id != was.spied) {
		// It was told on whom: that is believed as far as its arguments allow it.
		if known := m.channels[was.spied]; known != nil && known != ch && s.allows(known) {
			spied, several = known, false
		}
	}
	waitsOn := was != nil && s.follows(was.target)
	if spied == nil && !several && !waitsOn {
		return
	}
	l := m.legOf(ch)
	l.session = true
	switch {
	case spied != nil:
		m.aim(l, spied, was)
	case !several:
		// Between two calls of its agent: what is remembered tells whose.
		l.target, l.stopped = was.target, new(stop)
	}
	m.dateFound(l, was)
	m.nameFound(l, was)
}

// aim has a leg that was found listen to a channel.
func (m *model) aim(l *leg, spied *channel, was *memory) {
	l.spied, l.spyee, l.heard = spied.id, m.targetAgain(spied, l.spy, was), l.spy
	if l.spyee != nil {
		l.target = l.spyee.device
	}
	m.expect(l, l.target)
}

// nameFound says who takes part in a leg that was found: those who did when it
// attached, as far as that is remembered.
func (m *model) nameFound(l *leg, was *memory) {
	at := l.ch.began
	m.people.introduce(l.ch)
	m.user(l.ch, at)
	if l.spyee != nil && !l.spyee.gone {
		m.people.recognise(l.spyee)
		m.user(l.spyee, at)
	}
	l.by = m.people.extension(l.ch.device)
	if l.target != "" {
		m.people.meet(l.target).agent = true
		l.who = m.people.extension(l.target)
	}
	if was != nil && was.target == l.target && was.who != "" {
		l.who, l.by = was.who, was.by
	}
	m.remember(l)
}

// dateFound sets the type of a leg that was found, and since when it has it. A list
// keeps the first options, whatever the keypad did since: of that only a memory
// can tell.
func (m *model) dateFound(l *leg, was *memory) {
	same := was != nil && was.target == l.target
	l.kind = m.kindOf(l)
	switch {
	case !l.spy.digits || l.kind != l.spy.kind:
	case same:
		if l.kind = was.kind; was.kind != l.spy.kind && was.kind != coaching.TypeUnknown {
			l.keyed = was.kind
		}
	default:
		l.kind = coaching.TypeUnknown
	}
	l.since = l.ch.began
	if same {
		l.dateAgain(was)
	}
	l.last = l.since
}

// dateAgain dates a leg as is remembered. Another type than that has begun at some
// moment after it was last told.
func (l *leg) dateAgain(was *memory) {
	l.since, l.exact = was.since, was.exact
	if l.kind != was.kind {
		l.since, l.exact = after(was.told, was.since), false
	}
}

// candidate is a channel of the one target that a spy can be listening to, nil if
// there is none; several says that there is more than one.
func (m *model) candidate(spyer *channel, s spy) (spied *channel, several bool) {
	for _, ch := range m.channels {
		if !mayHear(spyer, ch) || !s.matches(ch) {
			continue
		}
		if s.narrow || spied != nil && !m.sameTarget(ch, spied, s) {
			return nil, true
		}
		if spied == nil || spied.bridge == "" && ch.bridge != "" {
			spied = ch
		}
	}
	return spied, false
}

// sameTarget tells whether it is one and the same who is listened to, whichever of two
// channels is: both are of his phone, or of his customers' trunk and nobody else's.
func (m *model) sameTarget(a, b *channel, s spy) bool {
	if a.device != b.device {
		return false
	}
	one, other := m.targetOf(a, s), m.targetOf(b, s)
	return one == nil || other == nil || one.device == other.device
}

// mayHear tells whether one channel could listen to another, whatever its arguments say.
func mayHear(spyer, ch *channel) bool {
	_, spies := spyOf(ch.application, ch.data)
	return !spies && ch != spyer && !ch.isSnoop() && ch.device != spyer.device
}

// couldBeOn tells whether a leg whose target is untold could be listening to one
// of those who are wanted, and whether to anybody else.
func (m *model) couldBeOn(l *leg, wanted func(extension string) bool) (one, other bool) {
	for _, ch := range m.channels {
		if !mayHear(l.ch, ch) || !l.spy.holds(ch) {
			continue
		}
		if m.couldBe(ch, l.spy, wanted) {
			one = true
		} else {
			other = true
		}
	}
	return one, other
}

// couldBe tells whether one of those who are wanted is the target on a channel;
// where that is not told, either of the two who talk.
func (m *model) couldBe(spied *channel, s spy, wanted func(extension string) bool) bool {
	if target := m.targetOf(spied, s); target != nil {
		return wanted(m.people.extension(target.device))
	}
	other := spied.partner()
	return wanted(m.people.extension(spied.device)) || other != nil && wanted(m.people.extension(other.device))
}

// findTaker makes a leg of a channel that went into a bridge with the customer, to
// take the call over or to barge in, and still is in it: perhaps while nobody looked.
// Nothing but what is remembered tells whose customer that is.
func (m *model) findTaker(ch *channel, was *memory) {
	customer := m.channels[was.customer]
	if customer == nil || customer.bridge != ch.bridge {
		return
	}
	l := m.legOf(ch)
	l.session, l.bridged, l.kind, l.target = true, true, coaching.TypeBargeKick, was.target
	if agent := m.channels[was.spyee]; agent != nil && agent.bridge == ch.bridge {
		l.kind = coaching.TypeBarge
	}
	l.dateAgain(was)
	if l.last = was.told; l.since.After(l.last) {
		l.last = l.since
	}
	l.spied = was.spied
	if l.spyee = m.channels[was.spyee]; l.spyee == nil {
		l.spyee = &channel{id: was.spyee, device: was.target, vars: []setting{{m.vars.Campaign, was.campaign}}, party: customer, gone: true}
	}
	m.nameFound(l, was)
}

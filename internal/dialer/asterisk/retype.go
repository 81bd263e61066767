package asterisk

import (
	"cmp"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// kindOf is the type of a leg's spying: by what its keypad said since, else by the
// configured variable, else by the options of its application, else unknown.
func (m *model) kindOf(l *leg) coaching.Type {
	if t, ok := m.namedType(l); ok && (l.keyed == "" || l.spy.kind == "") {
		return t
	}
	kind := cmp.Or(l.keyed, l.spy.kind)
	switch {
	case l.snoop != nil:
		return coaching.TypeUnknown
	case l.spy.kind == "":
		m.gaps.typeUnknown()
		return coaching.TypeUnknown
	case kind == coaching.TypeCoach && l.onCustomer():
		return coaching.TypeUnknown // heard by the customer alone: no type says that
	default:
		return kind
	}
}

// namedType is the type by the configured variable, of the supervisor's channel or of the
// snoop that he listens by.
func (m *model) namedType(l *leg) (coaching.Type, bool) {
	t, ok := byVariable(l.ch.variable(m.vars.Type))
	if !ok && l.snoop != nil {
		return byVariable(l.snoop.variable(m.vars.Type))
	}
	return t, ok
}

// retypeByVariables has the legs told again whose type a channel's variable names, and
// says anew: that is newer than what a keypad said.
func (m *model) retypeByVariables(at time.Time) {
	for _, ch := range m.typed {
		for _, l := range m.legs {
			if l.ch != ch && l.snoop != ch {
				continue
			}
			l.keyed = ""
			if l.session && l.stopped == nil && !l.bridged {
				m.retype(l, m.kindOf(l), at)
			}
		}
	}
	m.typed = m.typed[:0]
}

// retype notes another type of a session that goes on.
func (m *model) retype(l *leg, kind coaching.Type, at time.Time) {
	l.stopped = nil
	if kind == l.kind || kind == coaching.TypeUnknown {
		return
	}
	l.kind = kind
	l.since, l.exact = after(l.last, at), true
	m.state(l, l.since)
}

// keypad takes in a switch of the type by the supervisor's own keypad, which
// nothing else tells (testdata/sip-switch-mode-by-dtmf-info.ami).
func (m *model) keypad(ch *channel, e ami.Message, at time.Time) {
	l := m.legs[ch.id]
	untold := l != nil && l.spy.kind == "" // a list will tell whether it may be switched
	if l == nil || !l.session || l.bridged || l.stopped != nil || !l.spy.digits && !untold || e.Get("Direction") != "Received" {
		return
	}
	if kind, ok := byDigit(e.Get("Digit")); ok {
		l.keyed = kind // for the next calls as well, as long as it stays in this ChanSpy
		if !untold {
			m.retype(l, m.kindOf(l), at)
		}
	}
}

// switchedUntold tells whether a leg spies on the same channel again by options that may be
// others than were told. Where a variable is set on a channel in the instant of its
// Redirect, Asterisk 22 tells the new place with the old options, and the new ones
// never: then a list has to.
func (l *leg) switchedUntold() bool {
	return l.snoop == nil && l.stopped != nil && !l.stopped.waits() && !l.ran
}

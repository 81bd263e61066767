package asterisk

import (
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// endReason is why a session ended. Asterisk has no field for it: it is what
// happened around the stop, to the supervisor's channel, the agent's and the
// customer's (ami-facts 2 v). It is asked for when the leg is gone, or was given
// up, so that what came close after the stop counts as well.
func (m *model) endReason(l *leg, at time.Time) coaching.EndReason {
	reason := m.plainReason(l, at)
	if reason == coaching.EndUnknown && l.asked.agreed {
		return coaching.EndDisconnected // late, but Asterisk agreed: testdata/sip-hangup-spyer-no-media.ami
	}
	return reason
}

func (m *model) plainReason(l *leg, at time.Time) coaching.EndReason {
	switch spyee, customer := l.spyee, l.customer(); {
	case l.ch.shutdown:
		return coaching.EndDialerRestarted
	case l.ch.hangupRequested:
		// A phone that hangs up says so first; our own Hangup brings no
		// HangupRequest of the leg (testdata/sip-hangup-spyer.ami).
		return coaching.EndSupervisorLeft
	case l.asked.counts(at):
		return coaching.EndDisconnected
	case spyee == nil:
		return coaching.EndUnknown
	case l.kind == coaching.TypeBargeKick:
		if customer != nil && (customer.hangupRequested || customer.gone) {
			return coaching.EndCallEnded // and not because the leg went, which is the end of both
		}
		return coaching.EndUnknown
	case spyee.transferred:
		return coaching.EndTransferred
	case spyee.hangupRequested, customer.left():
		return coaching.EndCallEnded
	case spyee.gone:
		// The customer is still there: he was taken elsewhere, or nobody was on the
		// line (testdata/sip-customer-redirected-while-coached.ami).
		return coaching.EndTargetLeft
	default:
		return coaching.EndUnknown
	}
}

// left tells whether a customer, if there is one, is gone or going.
func (ch *channel) left() bool {
	return ch != nil && (ch.hangupRequested || ch.leaving || ch.gone)
}

// partReason is why a session ended whose leg is on another target now: the
// supervisor moved on, unless the first target was gone before.
func (l *leg) partReason() coaching.EndReason {
	switch {
	case l.spyee == nil || !l.spyee.gone && !l.spyee.hangupRequested:
		return coaching.EndMovedOn
	case l.spyee.transferred:
		return coaching.EndTransferred
	case l.spyee.hangupRequested || l.customer().left():
		return coaching.EndCallEnded
	default:
		return coaching.EndTargetLeft
	}
}

package asterisk

import (
	"cmp"
	"strings"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// side is whose a channel is of the two that talk. No event says it, and it must
// not be guessed: a customer's channel taken for an agent's would make a user of
// the customer, by his number and his name.
type side int

const (
	untold side = iota
	agents
	customers
)

// sideOf tells whose a channel is, by the surest sign there is. other is whom it
// talks to, nil for nobody; s is how it is spied on.
func (m *model) sideOf(ch, other *channel, s spy) side {
	switch {
	case m.isStaff(ch, other):
		return agents
	case ch.application == "Queue", other != nil && m.isStaff(other, ch):
		return customers
	case m.callsIn(ch, other) && !s.names(ch):
		return customers
	case m.callsIn(ch, other):
		return untold // a trunk that the spy names, or a phone that shows another number
	case s.namesPhone(ch):
		return agents
	case ch.isOutside(), len(m.devices[ch.device]) > mostChannels:
		return customers
	case ch.byName, other != nil && other.isOutside() && !ch.cameIn():
		return agents
	}
	if told := m.byDirection(ch, other); told != untold {
		return told
	}
	switch {
	case s.names(ch):
		return agents
	case other != nil && other.byName:
		return customers
	case m.people.isAgent(ch.device):
		return agents
	case other != nil && m.people.isAgent(other.device):
		return customers
	default:
		return untold
	}
}

// isStaff tells whether a channel is of somebody who serves a queue, has logged in,
// or is named by the configured variable. Of two channels that share the variable
// one has it from the other.
func (m *model) isStaff(ch, other *channel) bool {
	if s := m.people[ch.device]; s != nil && (s.serves || s.seating > byDevice) {
		return true
	}
	user := ch.variable(m.vars.User)
	alone := other == nil && (ch.called || ch.namesItself()) // a caller's may be for the agent who is to have the call
	return ch.queue != "" || user != "" && (alone || other != nil && other.variable(m.vars.User) != user)
}

// byDirection is what the dialplan and the order of the channels tell.
func (m *model) byDirection(ch, other *channel) side {
	direction := m.saidDirection(ch)
	if direction == coaching.DirectionUnknown && other != nil {
		direction = m.saidDirection(other)
	}
	first := ch.id == ch.linked
	switch {
	case direction == coaching.DirectionUnknown, other != nil && first == (other.id == other.linked):
		return untold
	case first == (direction == coaching.DirectionOutbound):
		return agents
	default:
		return customers
	}
}

func (p people) isAgent(device string) bool { return p[device] != nil && p[device].agent }

// mostExtension is how many digits an extension may have; longer ones are taken for
// telephone numbers.
const mostExtension = 6

// isNumber tells whether a text holds a telephone number.
func isNumber(text string) bool {
	digits := 0
	for _, c := range []byte(text) {
		if digits++; c < '0' || c > '9' {
			digits = 0
		}
		if digits > mostExtension {
			return true
		}
	}
	return false
}

// reached notes what a channel was dialled by: PJSIP/agent1, agent1 and
// a1@phone/n name a phone, 442071234567@trunk and trunk/442071234567 a number
// beyond a device that many share.
func (ch *channel) reached(dialled string) {
	kind, resource, _ := strings.Cut(ch.device, "/")
	dialled = strings.TrimPrefix(dialled, kind+"/")
	rest, itself := strings.CutPrefix(dialled, resource)
	contact := strings.HasPrefix(rest, "/sip:") && !isNumber(rest) // one of several phones of an endpoint
	itself = itself && (rest == "" || kind == "Local" && rest[0] == '/' || contact)
	switch {
	case dialled == "":
	case itself && (kind != "Local" || !isNumber(resource)):
		ch.byName, ch.phone = true, !contact // an address may be anybody's beyond a trunk
	case itself, strings.ContainsAny(dialled, "@/"):
		ch.outside = true
	}
}

// reachedBefore is reached for a channel that a list shows: what the one who dialled
// it still runs tells.
func (ch *channel) reachedBefore() {
	if ch.party == nil || ch.party.application != "Dial" {
		return
	}
	kind, resource, _ := strings.Cut(ch.device, "/")
	dialled, _, _ := strings.Cut(ch.party.data, ",")
	for one := range strings.SplitSeq(dialled, "&") {
		if strings.HasPrefix(one, kind+"/") && strings.Contains(one, resource) {
			ch.reached(one)
		}
	}
}

// isOutside tells whether a channel leads to somebody beyond the phones of the
// house: it was dialled so, or is called by a telephone number.
func (ch *channel) isOutside() bool {
	return ch.outside || !ch.byName && isNumber(ch.device)
}

// callsIn tells whether a channel calls a phone of the house by a number that is not its
// own, and nothing has told that it is a phone itself.
func (m *model) callsIn(ch, other *channel) bool {
	called := ch.called || ch.application == "AppDial" || ch.application == "AppQueue"
	return other != nil && other.byName && !called && !ch.namesItself() && !m.phones[ch.device] && !m.people.isAgent(ch.device)
}

// namesPhone tells whether the spy names a channel's phone and no other, and the channel
// is the phone's own: then it is somebody's of the house, also where phones have telephone
// numbers for names. A trunk may be called by one, too: what comes in by it, or was dialled
// beyond it, is a customer's.
func (s spy) namesPhone(ch *channel) bool {
	kind, resource, _ := strings.Cut(ch.device, "/")
	return s.follows(ch.device) && kind != "Local" && !ch.outside && (!ch.cameIn() || ch.ownNumber == resource)
}

// cameIn tells whether a channel called with a telephone number for its own.
func (ch *channel) cameIn() bool { return !ch.called && isNumber(ch.ownNumber) }

// namesItself tells whether the caller id that a channel was made with is sure to be
// its phone's own: that of one that is called is the configured one, that of a
// caller may be anybody's.
func (ch *channel) namesItself() bool {
	_, resource, _ := strings.Cut(ch.device, "/")
	number := cmp.Or(ch.ownNumber, ch.caller)
	own := number != "" && !isNumber(number) && strings.Trim(number, "0123456789") == ""
	return ch.called || own || number == resource
}

package asterisk

import (
	"strings"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// targetOf is the channel of the one who is listened to: the agent's, also where
// his customer's is spied on (testdata/sip-spy-on-the-customer-leg.ami). Where
// nothing tells which of the two is the customer's, it is the one spied on.
func (m *model) targetOf(spied *channel) *channel {
	other := spied.partner()
	if other == nil || other.gone || !m.isCustomers(spied, other) {
		return spied
	}
	return other
}

// isCustomers tells whether a channel is the customer's of the two that talk: by
// who serves a queue, by its waiting in a queue, else by what the dialplan
// says of the call and the order of its channels.
func (m *model) isCustomers(ch, other *channel) bool {
	switch {
	case m.people.serves(ch.device):
		return false
	case m.people.serves(other.device), ch.application == "Queue":
		return true
	}
	direction := m.saidDirection(ch)
	if direction == coaching.DirectionUnknown {
		direction = m.saidDirection(other)
	}
	switch direction {
	case coaching.DirectionInbound:
		return ch.id == ch.linked && other.id != other.linked
	case coaching.DirectionOutbound:
		return ch.id != ch.linked && other.id == other.linked
	default:
		return false
	}
}

func (p people) serves(device string) bool { return p[device] != nil && p[device].serves }

// onCustomer tells whether it is the customer's channel that a leg spies on: then
// it is the customer who hears a whisper.
func (l *leg) onCustomer() bool {
	return l.spyee != nil && l.spied != "" && l.spied != l.spyee.id
}

// customer is whom the target of a leg talked to, nil if nobody is known.
func (l *leg) customer() *channel {
	if l.spyee == nil {
		return nil
	}
	return l.spyee.partner()
}

// mostHops bounds the Local channels between two phones.
const mostHops = 8

// partner is whom a channel talks to, or did last. Local channels between the two
// are nobody: what enters one half comes out of the other.
func (ch *channel) partner() *channel {
	p := ch.party
	for range mostHops {
		if p == nil || p.half == nil || p.half.party == nil || p.half.party == ch {
			break
		}
		p = p.half.party
	}
	return p
}

// pair ties the two halves of a Local channel together.
func (m *model) pair(ch *channel) {
	for mine, others := range map[string]string{";1": ";2", ";2": ";1"} {
		base, ok := strings.CutSuffix(ch.name, mine)
		if half := m.names[base+others]; ok && half != nil {
			ch.half, half.half = half, ch
		}
	}
}

// isFarHalf tells whether a channel is the half of a Local channel that runs the
// dialplan: the other half, ;1, is the one in the call (ami-facts 7.7).
func (ch *channel) isFarHalf() bool {
	return ch.half != nil && !ch.half.gone && strings.HasSuffix(ch.name, ";2")
}

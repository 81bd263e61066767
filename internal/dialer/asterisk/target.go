package asterisk

import "strings"

// targetOf is the channel of the one who is listened to: the agent's, also where
// his customer's is spied on (testdata/sip-spy-on-the-customer-leg.ami). It is nil
// where nothing tells an agent's: of nobody else a user is made.
func (m *model) targetOf(spied *channel, s spy) *channel {
	other := spied.partner()
	if other != nil && other.gone {
		other = nil
	}
	switch m.sideOf(spied, other, s) {
	case agents:
		return spied
	case customers:
		if other != nil && !m.inCompany(spied) && m.sideOf(other, spied, spy{}) == agents {
			return other
		}
	}
	return nil
}

// inCompany tells whether a channel talks to more than one, supervisors not
// counted: whose customer it is then cannot be told.
func (m *model) inCompany(ch *channel) bool {
	for other := range m.bridges[ch.bridge] {
		if other != ch && other != ch.party && m.legs[other.id] == nil && !other.isSnoop() {
			return true
		}
	}
	return false
}

// targetAgain is targetOf for a leg that was known before: by what is remembered
// where nothing else tells.
func (m *model) targetAgain(spied *channel, s spy, was *memory) *channel {
	target := m.targetOf(spied, s)
	if target != nil || was == nil || was.spied != spied.id || was.target == "" {
		return target
	}
	for _, ch := range []*channel{spied, spied.partner()} {
		if ch != nil && !ch.gone && ch.device == was.target {
			return ch
		}
	}
	return nil
}

// onCustomer tells whether it is, or may be, the customer's channel that a leg spies
// on: then it is the customer who hears a whisper.
func (l *leg) onCustomer() bool {
	return l.spied != "" && (l.spyee == nil || l.spied != l.spyee.id)
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

// pair ties the two halves of a Local channel together: they are named alike, but for
// their ;1 and ;2.
func (m *model) pair(ch *channel) {
	base, first := strings.CutSuffix(ch.name, ";1")
	if !first && !strings.HasSuffix(base, ";2") {
		return
	}
	other := base + ";2"
	if !first {
		other = strings.TrimSuffix(base, "2") + "1"
	}
	if half := m.names[other]; half != nil {
		ch.half, half.half = half, ch
	}
}

// isFarHalf tells whether a channel is the half of a Local channel that runs the
// dialplan: the other half, ;1, is the one in the call (ami-facts 7.7).
func (ch *channel) isFarHalf() bool {
	return ch.half != nil && !ch.half.gone && strings.HasSuffix(ch.name, ";2")
}

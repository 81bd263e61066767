package asterisk

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// callKey is a call of an agent. Its id is the Linkedid that all channels of a
// call share.
type callKey struct{ device, id string }

// call is a call of an agent, told by one of his channels in it.
type call struct {
	key   callKey
	owner *channel
	seen  coaching.CallSeen // as it was told last
	// also is the call as it was told of others than who is at the device now, by their
	// extensions: it began under another name, or a session did. It is one person's still.
	also  map[string]coaching.CallSeen
	until time.Time // when its agent will be done with it; zero before its end
}

// refreshCall tells how the call of a channel stands, if it is an agent's and
// anything of it changed.
func (m *model) refreshCall(ch *channel, at time.Time) {
	key := callKey{ch.device, ch.linked}
	if c := ch.call; c != nil && (c.key != key || ch.gone) {
		m.handOver(c, at) // calls met, and one took on the other's id; or it is over
	}
	if ch.gone || !m.carriesCall(ch) {
		return
	}
	c := m.calls[key]
	if c != nil && !c.until.IsZero() { // he is back in it
		delete(m.wraps, key)
		c.owner, ch.call, c.until = ch, c, time.Time{}
	}
	if c == nil {
		c = &call{key: key, owner: ch}
		m.calls[key], ch.call = c, c
	}
	if c.owner == ch {
		m.tellCall(c, m.callOf(ch), at)
	}
}

// mostChannels is how many a phone may have at once; what has more is a trunk, one
// of whose customers was listened to (testdata/sip-spy-on-the-customer-leg.ami).
const mostChannels = 8

// carriesCall tells whether a channel is an agent's in a call. One that listens is
// not, whatever its Linkedid says (ami-facts 7.6); one that nothing ties to
// another is not yet. Of a Local channel's two halves, ;1 is in the call.
func (m *model) carriesCall(ch *channel) bool {
	s := m.people[ch.device]
	if s == nil || !s.agent || m.legs[ch.id] != nil || ch.linked == "" {
		return false
	}
	if ch.isFarHalf() || len(m.devices[ch.device]) > mostChannels {
		return false
	}
	switch ch.application {
	case "AppDial", "AppQueue", "Dial", "Queue":
		return true // found in a list: a dial was before us
	}
	return ch.dials || ch.talked
}

// handOver gives a call to another channel of the agent in it, or ends it.
func (m *model) handOver(c *call, at time.Time) {
	c.owner.call = nil
	for _, other := range m.devices[c.key.device] {
		if other != c.owner && other.linked == c.key.id && m.carriesCall(other) {
			c.owner, other.call = other, c
			m.tellCall(c, m.callOf(other), at)
			return
		}
	}
	last := m.callOf(c.owner)
	last.CallID = c.key.id
	last.Agent = m.people.as(c.key.device, c.seen.Agent.Extension) // whoever sits there by now
	last.State, last.EndedAt = coaching.CallEnded, &at
	if busy := m.wrapUpOf(c.owner); busy > 0 && !c.owner.answeredAt.IsZero() {
		last.State, c.until = coaching.CallWrapUp, at.Add(busy)
		m.wraps[c.key] = c
		m.laterBy(c.until)
		m.tellCall(c, last, at)
		m.touchDevice(c.key.device)
		return
	}
	m.tellCall(c, last, at)
	delete(m.calls, c.key)
}

// endWraps ends the calls whose agents are done with them, and looks again at those
// who may be.
func (m *model) endWraps(now time.Time) {
	m.passed(now)
	if m.later.IsZero() || m.later.After(now) {
		return
	}
	m.later = time.Time{}
	for key, c := range m.wraps {
		if c.until.After(now) && !m.isAhead(*c.seen.EndedAt) {
			m.laterBy(c.until)
			continue
		}
		last := c.seen
		last.State = coaching.CallEnded
		m.tellCall(c, last, c.until)
		delete(m.calls, key)
		delete(m.wraps, key)
	}
	for device := range m.busy {
		m.touchDevice(device)
	}
	m.settle(now)
}

func (m *model) laterBy(at time.Time) {
	if m.later.IsZero() || at.Before(m.later) {
		m.later = at
	}
}

func (m *model) tellCall(c *call, seen coaching.CallSeen, at time.Time) {
	if c.seen.CallID != "" {
		seen.StartedAt = c.seen.StartedAt // of the call: known best when it was new
		if c.seen.AnsweredAt != nil {
			seen.AnsweredAt = c.seen.AnsweredAt
		}
	}
	seen.AnsweredAt = notBefore(seen.StartedAt, seen.AnsweredAt)
	seen.EndedAt = notBefore(seen.StartedAt, seen.EndedAt)
	if seen.AnsweredAt != nil {
		seen.EndedAt = notBefore(*seen.AnsweredAt, seen.EndedAt)
	}
	if before := c.seen.Agent.Extension; c.seen.CallID != "" && before != seen.Agent.Extension {
		c.tellAlso(before, c.seen)
	}
	delete(c.also, seen.Agent.Extension)
	m.tellOf(&c.seen, seen, at)
	for _, l := range m.legs {
		if l.hears(c) && l.who != seen.Agent.Extension && c.also[l.who].CallID == "" {
			c.tellAlso(l.who, coaching.CallSeen{})
		}
	}
	for _, extension := range slices.Sorted(maps.Keys(c.also)) {
		told := c.also[extension]
		seen.Agent = m.people.as(c.key.device, extension)
		m.tellOf(&told, seen, at)
		c.also[extension] = told
	}
}

// hears tells whether a leg's session is on a call.
func (l *leg) hears(c *call) bool {
	return l.session && l.target == c.key.device && l.spyee != nil && l.spyee.linked == c.key.id
}

func (c *call) tellAlso(extension string, told coaching.CallSeen) {
	if c.also == nil {
		c.also = map[string]coaching.CallSeen{}
	}
	c.also[extension] = told
}

// tellOf tells how a call stands that was told before as it stood, if that is news.
func (m *model) tellOf(told *coaching.CallSeen, seen coaching.CallSeen, at time.Time) {
	if told.CallID != "" && sameCall(*told, seen) {
		return
	}
	seen.At = after(told.At, at)
	*told = seen
	m.tell(seen)
}

// notBefore keeps a call's moments in order where the clock they were told by was set
// back between them.
func notBefore(earlier time.Time, at *time.Time) *time.Time {
	if at != nil && at.Before(earlier) {
		return &earlier
	}
	return at
}

// callOf is how the call of a channel stands.
func (m *model) callOf(ch *channel) coaching.CallSeen {
	seen := coaching.CallSeen{
		CallID: ch.linked, Agent: m.people.person(ch.device), PhoneNumber: ch.numberOfParty(),
		Direction: m.direction(ch), State: coaching.CallRinging, StartedAt: m.startOf(ch),
		Campaign:   coaching.Named{Key: ch.variable(m.vars.Campaign)},
		List:       coaching.Named{Key: ch.variable(m.vars.List)},
		ResultCode: coaching.Named{Key: ch.variable(m.vars.ResultCode)},
	}
	if !ch.answeredAt.IsZero() {
		answered := ch.answeredAt
		seen.AnsweredAt = &answered
	}
	switch {
	case ch.held:
		seen.State = coaching.CallOnHold
	case ch.talked:
		seen.State = coaching.CallTalking
	}
	return seen
}

// startOf is when a call began: with its first channel, whose Uniqueid is the
// call's id and holds the second, where that channel is gone.
func (m *model) startOf(ch *channel) time.Time {
	if first := m.channels[ch.linked]; first != nil && !first.began.IsZero() {
		return first.began
	}
	if at, ok := bornAt(ch.linked); ok {
		return at
	}
	return ch.began
}

// direction is what the dialplan says; else the first channel of a call is its
// caller's. A dialer that calls the customer first looks inbound without a
// variable.
func (m *model) direction(ch *channel) coaching.Direction {
	switch said := m.saidDirection(ch); {
	case said != coaching.DirectionUnknown:
		return said
	case ch.id == ch.linked:
		return coaching.DirectionOutbound
	default:
		return coaching.DirectionInbound
	}
}

// saidDirection is what the dialplan says of a channel's call.
func (m *model) saidDirection(ch *channel) coaching.Direction {
	switch strings.ToLower(ch.variable(m.vars.Direction)) {
	case "inbound", "in":
		return coaching.DirectionInbound
	case "outbound", "out":
		return coaching.DirectionOutbound
	default:
		return coaching.DirectionUnknown
	}
}

func sameCall(a, b coaching.CallSeen) bool {
	same := sameMoment(a.AnsweredAt, b.AnsweredAt) && sameMoment(a.EndedAt, b.EndedAt) && a.StartedAt.Equal(b.StartedAt)
	a.AnsweredAt, a.EndedAt, a.StartedAt, a.At = b.AnsweredAt, b.EndedAt, b.StartedAt, b.At
	return same && a == b
}

func sameMoment(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

package coaching

import (
	"slices"
	"time"
)

// callSeen takes over how a call stands, for the watch's memory and for every
// session that hears it or heard it.
func (b *Board) callSeen(pos Position, seen CallSeen) {
	if b.memory.knowsNewer(seen) {
		return
	}
	b.memory.putCall(pos, seen)
	agent := b.user(seen.Agent)
	for _, s := range b.sessions {
		if s.Target != nil && s.Target.ID == agent.ID && b.hear(s, seen) {
			b.log(SessionChanged, s)
		}
	}
}

// hear updates a session's account of a call and tells whether that was news. A
// live session takes a call of its target on while it is current.
func (b *Board) hear(s *Session, seen CallSeen) bool {
	i := slices.IndexFunc(s.Calls, func(c HeardCall) bool {
		return c.CallID == seen.CallID && s.Boot == b.dialer.Boot
	})
	if i < 0 {
		if !s.Live() || s.Type() == TypeBargeKick || seen.State == CallEnded {
			return false // who took a call over does not hear the agent any more
		}
		heard := HeardCall{HeardFrom: later(seen.StartedAt, s.StartedAt), NumberErased: b.numberErased(seen.CallID)}
		heard.Call = b.callWithin(heard, seen)
		s.Calls = append(s.Calls, heard)
		b.learnCampaign(s)
		return true
	}
	before := s.Calls[i]
	heard := before
	heard.Call = b.callWithin(before, seen)
	if heard.AnsweredAt == nil {
		heard.AnsweredAt = before.AnsweredAt // a dialer may forget, as over a reconnect
	}
	switch {
	case s.Type() == TypeBargeKick:
		heard.takenOver(before)
	case seen.State == CallEnded && heard.HeardUntil == nil:
		until := later(seen.At, heard.HeardFrom)
		heard.HeardUntil = &until
	case seen.State != CallEnded && s.Live():
		heard.HeardUntil = nil // the agent has it back
	}
	if sameHeard(before, heard) {
		return false
	}
	s.Calls[i] = heard
	b.learnCampaign(s)
	return true
}

// takenOver keeps where a call stands for the supervisor who took it over: what a
// dialer still tells of it is about the agent, who is out. Result codes count.
func (c *HeardCall) takenOver(before HeardCall) {
	c.State, c.EndedAt, c.HeardUntil = before.State, before.EndedAt, before.HeardUntil
}

// handover is how long before a takeover a dialer may tell that the agent's part
// of the call is over: Asterisk hangs the agent up and bridges the supervisor, in
// either order.
const handover = 2 * time.Second

// takeOver has a session that became a takeover go on with the call that the agent
// was in until then.
func (b *Board) takeOver(s *Session, at time.Time) {
	if s.Type() != TypeBargeKick || len(s.Calls) == 0 {
		return
	}
	c := &s.Calls[len(s.Calls)-1]
	if c.HeardUntil == nil || !c.HeardUntil.Before(at.Add(-handover)) {
		c.State, c.EndedAt, c.HeardUntil = CallTalking, nil, nil
	}
}

// handBack has a session that is a takeover no more take its calls for what they
// are to the agent.
func (b *Board) handBack(s *Session, at time.Time) {
	agent := b.users[s.Target.ID]
	if agent == nil {
		return
	}
	for i := range s.Calls {
		c := &s.Calls[i]
		if told, ok := b.recall(agent, c.CallID); ok {
			b.hear(s, told.CallSeen)
		} else if c.HeardUntil == nil {
			c.over(at)
		}
	}
}

// over ends a call whose end was not told, at the last moment it was known to go on:
// it was heard until then, or known is later.
func (c *HeardCall) over(known time.Time) {
	last := later(known, c.HeardFrom)
	if c.HeardUntil != nil {
		last = later(last, *c.HeardUntil)
	}
	c.State = CallEnded
	if c.HeardUntil == nil {
		c.HeardUntil = &last
	}
	if c.EndedAt == nil {
		c.EndedAt = &last
	}
}

// endCalls ends the calls of a session that do not go on, though nobody saw them
// end, and tells whether there were any. What went on in this run of the dialer did
// so until known. Of a call that was taken over nothing was told since, and it went on
// with the supervisor only.
func (b *Board) endCalls(s *Session, known time.Time, goesOn func(callID string) bool) (changed bool) {
	if s.Boot != b.dialer.Boot || s.Type() == TypeBargeKick && !s.Live() {
		known = time.Time{}
	}
	for i := range s.Calls {
		if c := &s.Calls[i]; c.State != CallEnded && !goesOn(c.CallID) {
			c.over(known)
			changed = true
		}
	}
	return changed
}

// hearCurrentCalls has a session take on the current calls of its target.
func (b *Board) hearCurrentCalls(s *Session, a Attached) {
	if id := b.entry(KindCampaign, a.TargetCampaign); id != nil && s.TargetCampaignID == nil {
		s.TargetCampaignID = id
	}
	for _, c := range b.currentCalls(a.Target.Extension) {
		b.hear(s, c)
	}
}

func (b *Board) currentCalls(agent string) []CallSeen {
	var current []CallSeen
	for _, c := range b.memory.calls[agent] {
		if c.State != CallEnded {
			current = append(current, c.CallSeen)
		}
	}
	slices.SortFunc(current, func(a, b CallSeen) int { return a.StartedAt.Compare(b.StartedAt) })
	return current
}

// learnCampaign sets the target campaign, once, to that of the first call heard
// that has one.
func (b *Board) learnCampaign(s *Session) {
	for _, c := range s.Calls {
		if s.TargetCampaignID == nil && s.Live() && c.CampaignID != nil {
			s.TargetCampaignID = c.CampaignID
		}
	}
}

// callWithin is a call as a session may know it.
func (b *Board) callWithin(heard HeardCall, seen CallSeen) Call {
	if heard.NumberErased {
		seen.PhoneNumber = ""
	}
	return b.call(seen)
}

func (b *Board) call(seen CallSeen) Call {
	b.entry(KindResultCode, seen.ResultCode)
	return Call{
		CallID: seen.CallID, PhoneNumber: seen.PhoneNumber, Direction: seen.Direction, State: seen.State,
		StartedAt: seen.StartedAt, AnsweredAt: seen.AnsweredAt, EndedAt: seen.EndedAt,
		CampaignID: b.entry(KindCampaign, seen.Campaign), ListID: b.entry(KindList, seen.List),
		ResultCode: seen.ResultCode.Key,
	}
}

func sameHeard(a, b HeardCall) bool {
	return a.CallID == b.CallID && a.PhoneNumber == b.PhoneNumber && a.Direction == b.Direction &&
		a.State == b.State && a.StartedAt.Equal(b.StartedAt) && a.ResultCode == b.ResultCode &&
		sameTime(a.AnsweredAt, b.AnsweredAt) && sameTime(a.EndedAt, b.EndedAt) && sameTime(a.HeardUntil, b.HeardUntil) &&
		sameValue(a.CampaignID, b.CampaignID) && sameValue(a.ListID, b.ListID)
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

func sameValue[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

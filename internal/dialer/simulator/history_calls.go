package simulator

import (
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// hearCalls gives a session the calls it heard: the first had mostly begun
// before it, the next ones follow while the session lasts. Who took a call over
// heard no other after it.
func (p *past) hearCalls(s *coaching.Session, campaign int) {
	begins := s.StartedAt.Add(-p.luck.between(0, 3*time.Minute))
	for range 4 {
		c := p.call(campaign, begins)
		if s.Type() == coaching.TypeBargeKick { // the agent was put out then
			ended := s.TypeSince()
			c.EndedAt = &ended
			if c.AnsweredAt.After(ended) {
				c.AnsweredAt = &c.StartedAt
			}
		}
		over := c.EndedAt.Add(p.luck.between(5*time.Second, 40*time.Second)) // with the wrap-up
		until := over
		if until.After(*s.EndedAt) {
			until = *s.EndedAt
		}
		heard := coaching.HeardCall{Call: c, HeardFrom: later(c.StartedAt, s.StartedAt), HeardUntil: &until}
		if heard.HeardFrom.Before(until) {
			s.Calls = append(s.Calls, heard)
		}
		begins = over.Add(p.luck.around(12 * time.Second))
		if !begins.Before(*s.EndedAt) || s.Type() == coaching.TypeBargeKick {
			return
		}
	}
}

func (p *past) call(campaign int, begins time.Time) coaching.Call {
	p.calls++
	c := coaching.Call{
		CallID: fmt.Sprintf("CALL-%08d", p.calls), PhoneNumber: phoneNumber(p.luck), Direction: coaching.DirectionInbound,
		State: coaching.CallEnded, StartedAt: begins, CampaignID: &p.campaigns[campaign],
	}
	if p.luck.happens(campaigns[campaign].outbound) {
		c.Direction, c.ListID = coaching.DirectionOutbound, &p.lists[campaign][p.luck.IntN(len(p.lists[campaign]))]
	}
	answered := begins.Add(p.luck.between(2*time.Second, 20*time.Second))
	ended := answered.Add(p.luck.around(3 * time.Minute))
	c.AnsweredAt, c.EndedAt = &answered, &ended
	if p.luck.happens(0.95) {
		c.ResultCode = afterConversation(p.luck, c.Direction).Key
	}
	return c
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

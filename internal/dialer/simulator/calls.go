package simulator

import (
	"fmt"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// ring begins a call of an agent.
func (w *world) ring(a *agent, d coaching.Direction, number string) {
	w.calls++
	a.call = &coaching.CallSeen{
		CallID: fmt.Sprintf("CALL-%08d", w.calls), Agent: a.Person, PhoneNumber: number, Direction: d,
		State: coaching.CallRinging, StartedAt: w.now, Campaign: a.campaign.Named, At: w.now,
	}
	if d == coaching.DirectionOutbound {
		a.call.List = oneOf(a.luck, a.campaign.lists)
	}
	w.tell(*a.call)
}

// changeCall changes an agent's current call and tells how it stands.
func (w *world) changeCall(a *agent, change func(*coaching.CallSeen)) {
	c := *a.call
	change(&c)
	c.At = w.moment(c.At)
	a.call = &c
	w.tell(c)
}

func (w *world) setCallState(a *agent, state coaching.CallState) {
	w.changeCall(a, func(c *coaching.CallSeen) {
		c.State = state
		at := w.now
		if state == coaching.CallTalking && c.AnsweredAt == nil {
			c.AnsweredAt = &at
		}
		if (state == coaching.CallWrapUp || state == coaching.CallEnded) && c.EndedAt == nil {
			c.EndedAt = &at
		}
	})
}

// setResultCode applies a code to a call and returns how the call stands then.
// It may be over by now: the agent has another one, or none.
func (w *world) setResultCode(a *agent, call coaching.CallSeen, code coaching.Named) coaching.CallSeen {
	if a.call != nil && a.call.CallID == call.CallID {
		w.changeCall(a, func(c *coaching.CallSeen) { c.ResultCode = code })
		return *a.call
	}
	call.ResultCode = code
	call.At = w.moment(call.At)
	w.tell(call)
	return call
}

// endCall ends the agent's work on a call and returns how it stood at last.
func (w *world) endCall(a *agent) coaching.CallSeen {
	w.setCallState(a, coaching.CallEnded)
	last := *a.call
	a.call = nil
	return last
}

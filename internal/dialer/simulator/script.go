package simulator

import (
	"fmt"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// The scripted actions happen at once, at the clock's moment. Whoever takes part
// in one is left alone by chance from then on. They fail where what they name is
// not there.

// Attach puts a new leg of a supervisor on an agent, and returns its id.
func (s *Simulator) Attach(supervisor, agent string, t coaching.Type) (id string, err error) {
	err = s.play(func(w *world) error {
		sup, a := w.supervisorAt(supervisor), w.agentAt(agent)
		if sup == nil || a == nil {
			return fmt.Errorf("attach %s to %s: no such extension", supervisor, agent)
		}
		sup.scripted = true
		l := w.newLeg(sup)
		l.scripted = true
		w.attach(l, a, t)
		id = l.id
		return nil
	})
	return id, err
}

// SetType changes the type of a leg. With TypeBargeKick the agent is put out,
// and the customer is the supervisor's until the leg ends.
func (s *Simulator) SetType(id string, t coaching.Type) error {
	return s.onLeg(id, true, func(w *world, l *leg) error { w.setType(l, t); return nil })
}

// Move puts a leg on another agent, in the type it has; a leg that took a call
// over leaves the customer and monitors.
func (s *Simulator) Move(id, target string) error {
	return s.onLeg(id, false, func(w *world, l *leg) error {
		a := w.agentAt(target)
		if a == nil {
			return fmt.Errorf("move %s to %s: no such agent", id, target)
		}
		if a == l.target {
			return fmt.Errorf("move %s to %s: it is there", id, target)
		}
		t := l.kind
		if t == coaching.TypeBargeKick {
			t = coaching.TypeMonitor
		}
		w.attach(l, a, t)
		return nil
	})
}

// Detach takes a leg off its target, for a reason; it waits for Move.
func (s *Simulator) Detach(id string, reason coaching.EndReason) error {
	return s.onLeg(id, true, func(w *world, l *leg) error { w.detach(l, reason); return nil })
}

// Leave ends a leg as supervisors do: by hanging up.
func (s *Simulator) Leave(id string) error { return s.End(id, coaching.EndSupervisorLeft) }

// End ends a leg for any reason a dialer tells.
func (s *Simulator) End(id string, reason coaching.EndReason) error {
	return s.onLeg(id, false, func(w *world, l *leg) error { w.end(l, reason); return nil })
}

// StartCall has an agent's phone ring, and returns the call's id.
func (s *Simulator) StartCall(extension, phoneNumber string) (callID string, err error) {
	err = s.onAgent(extension, func(w *world, a *agent) error {
		if a.call != nil {
			return fmt.Errorf("call %s: busy with %s", extension, a.call.CallID)
		}
		w.ring(a, coaching.DirectionInbound, phoneNumber)
		w.setStatus(&a.user, coaching.StatusRinging, "")
		callID = a.call.CallID
		return nil
	})
	return callID, err
}

// SetCall takes an agent's call to a state, and the agent's status with it.
func (s *Simulator) SetCall(extension string, state coaching.CallState) error {
	status, ok := map[coaching.CallState]coaching.Status{
		coaching.CallRinging: coaching.StatusRinging, coaching.CallTalking: coaching.StatusOnCall,
		coaching.CallOnHold: coaching.StatusOnHold, coaching.CallWrapUp: coaching.StatusWrapUp,
		coaching.CallEnded: coaching.StatusAvailable,
	}[state]
	if !ok {
		return fmt.Errorf("set call of %s: no state %q", extension, state)
	}
	return s.onAgent(extension, func(w *world, a *agent) error {
		if a.call == nil {
			return fmt.Errorf("set call of %s to %s: no call", extension, state)
		}
		if state == coaching.CallEnded {
			a.last = w.endCall(a)
		} else {
			w.setCallState(a, state)
		}
		w.setStatus(&a.user, status, "")
		return nil
	})
}

// EndCall ends an agent's conversation and wrap-up at once. Legs stay.
func (s *Simulator) EndCall(extension string) error { return s.SetCall(extension, coaching.CallEnded) }

// SetResultCode applies a result code to an agent's current call, or, late, to
// the last one a script ended.
func (s *Simulator) SetResultCode(extension string, code coaching.Named) error {
	return s.onAgent(extension, func(w *world, a *agent) error {
		switch {
		case a.call != nil:
			w.setResultCode(a, *a.call, code)
		case a.last.CallID != "":
			a.last = w.setResultCode(a, a.last, code)
		default:
			return fmt.Errorf("set result code of %s: no call", extension)
		}
		return nil
	})
}

// SetStatus sets what any user is doing; the reason is of a pause.
func (s *Simulator) SetStatus(extension string, status coaching.Status, reason string) error {
	return s.play(func(w *world) error {
		u := w.userAt(extension)
		if u == nil {
			return fmt.Errorf("set status of %s: no such extension", extension)
		}
		u.scripted = true
		w.setStatus(u, status, reason)
		return nil
	})
}

func (s *Simulator) play(action func(*world) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	return action(s.world)
}

// onLeg plays with a leg; attached asks for one that is on a target.
func (s *Simulator) onLeg(id string, attached bool, action func(*world, *leg) error) error {
	return s.play(func(w *world) error {
		l := w.alive[id]
		if l == nil || attached && l.target == nil {
			return fmt.Errorf("%s is not there, or waits", id)
		}
		l.scripted = true
		return action(w, l)
	})
}

func (s *Simulator) onAgent(extension string, action func(*world, *agent) error) error {
	return s.play(func(w *world) error {
		a := w.agentAt(extension)
		if a == nil {
			return fmt.Errorf("%s is no agent", extension)
		}
		a.scripted = true
		return action(w, a)
	})
}

package simulator

import (
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// warmUp is how long a world has lived when it is handed over.
const warmUp = 30 * time.Minute

var pauses = []string{"Lunch", "Short break", "Training", "Team meeting", "Coaching talk", "Paperwork"}

// beginLife has everybody come to work around the beginning of the warm-up.
func (w *world) beginLife() {
	for _, a := range w.agents {
		a.presence.Status = coaching.StatusOffline
		w.inLife(&a.user, a.luck.between(0, warmUp/3), func() { w.ready(a) })
	}
	for _, s := range w.supervisors {
		s.presence.Status = coaching.StatusOffline
		w.inLife(&s.user, s.luck.between(0, warmUp/3), func() { w.lookAround(s) })
	}
}

// resumeLife has everybody who was at work log in again after a restart.
func (w *world) resumeLife() {
	for _, a := range w.agents {
		if a.scripted {
			w.setStatus(&a.user, coaching.StatusAvailable, "")
			continue
		}
		w.setStatus(&a.user, coaching.StatusOffline, "")
		w.inLife(&a.user, a.luck.between(time.Second, 20*time.Second), func() { w.ready(a) })
	}
	for _, s := range w.supervisors {
		w.inLife(&s.user, s.luck.between(time.Second, 40*time.Second), func() { w.lookAround(s) })
	}
}

// ready: the agent waits for work, or takes a break.
func (w *world) ready(a *agent) {
	a.life++
	w.setStatus(&a.user, coaching.StatusAvailable, "")
	w.inLife(&a.user, w.pace(a.luck.around(12*time.Second)), func() {
		switch {
		case a.luck.happens(0.05):
			w.setStatus(&a.user, coaching.StatusPaused, oneOf(a.luck, pauses))
			w.inLife(&a.user, w.pace(a.luck.around(5*time.Minute)), func() { w.ready(a) })
		case a.luck.happens(0.012):
			w.goOffline(a)
		case a.luck.happens(a.campaign.outbound):
			w.preview(a)
		default:
			w.takeCall(a)
		}
	})
}

// goOffline: the agent's own line goes away, with whoever listens on it.
func (w *world) goOffline(a *agent) {
	for _, l := range a.listeners() {
		w.end(l, coaching.EndTargetLeft)
	}
	w.setStatus(&a.user, coaching.StatusOffline, "")
	w.inLife(&a.user, w.pace(a.luck.around(20*time.Minute)), func() { w.ready(a) })
}

func (w *world) preview(a *agent) {
	if a.luck.happens(0.7) {
		w.dial(a)
		return
	}
	w.setStatus(&a.user, coaching.StatusPreviewing, "")
	w.inLife(&a.user, w.pace(a.luck.between(4*time.Second, 25*time.Second)), func() { w.dial(a) })
}

func (w *world) dial(a *agent) {
	w.ring(a, coaching.DirectionOutbound, phoneNumber(a.luck))
	w.setStatus(&a.user, coaching.StatusDialing, "")
	w.inLife(&a.user, w.pace(a.luck.between(4*time.Second, 22*time.Second)), func() {
		if a.luck.happens(0.65) {
			w.answer(a)
			return
		}
		code := []coaching.Named{codeNoAnswer, codeBusy, codeMachine}[a.luck.weighted(6, 1, 3)]
		w.changeCall(a, func(c *coaching.CallSeen) { c.ResultCode = code })
		w.endCall(a)
		w.ready(a)
	})
}

func (w *world) takeCall(a *agent) {
	w.ring(a, coaching.DirectionInbound, phoneNumber(a.luck))
	w.setStatus(&a.user, coaching.StatusRinging, "")
	w.inLife(&a.user, w.pace(a.luck.between(time.Second, 9*time.Second)), func() {
		if a.luck.happens(0.96) {
			w.answer(a)
			return
		}
		w.changeCall(a, func(c *coaching.CallSeen) { c.ResultCode = codeAbandoned })
		w.endCall(a)
		w.ready(a)
	})
}

// answer: agent and customer talk, for the first time or after a hold.
func (w *world) answer(a *agent) {
	w.setCallState(a, coaching.CallTalking)
	w.setStatus(&a.user, coaching.StatusOnCall, "")
	w.inLife(&a.user, w.pace(a.luck.around(150*time.Second)), func() {
		if a.luck.happens(0.2) {
			w.setCallState(a, coaching.CallOnHold)
			w.setStatus(&a.user, coaching.StatusOnHold, "")
			w.inLife(&a.user, w.pace(a.luck.between(8*time.Second, 70*time.Second)), func() { w.answer(a) })
			return
		}
		w.partOn(a)
	})
}

// partOn ends a conversation in one of the ways conversations end.
func (w *world) partOn(a *agent) {
	switch {
	case a.luck.happens(0.01): // the agent's line drops in the middle of a sentence
		w.changeCall(a, func(c *coaching.CallSeen) { c.ResultCode = codeDropped })
		w.endCall(a)
		w.goOffline(a)
		return
	case a.luck.happens(0.05):
		w.changeCall(a, func(c *coaching.CallSeen) { c.ResultCode = codeTransferred })
		for _, l := range a.listeners() {
			w.end(l, coaching.EndTransferred)
		}
	default:
		for _, l := range a.listeners() {
			if !l.scripted && l.supervisor.luck.happens(0.3) {
				w.end(l, coaching.EndCallEnded)
			}
		}
	}
	w.wrapUp(a)
}

// wrapUp ends the conversation; the agent writes down what came of it.
func (w *world) wrapUp(a *agent) {
	a.life++
	w.setCallState(a, coaching.CallWrapUp)
	w.setStatus(&a.user, coaching.StatusWrapUp, "")
	length := w.pace(a.luck.between(5*time.Second, 40*time.Second))
	code, late := afterConversation(a.luck, a.call.Direction), a.luck.happens(0.1)
	if a.call.ResultCode.Key == "" && !late {
		w.inLife(&a.user, a.luck.between(0, length), func() {
			w.changeCall(a, func(c *coaching.CallSeen) { c.ResultCode = code })
		})
	}
	w.inLife(&a.user, length, func() {
		call, boot := w.endCall(a), w.boots
		if late && call.ResultCode.Key == "" {
			w.after(w.pace(a.luck.between(time.Second, time.Minute)), func() {
				if w.boots == boot {
					w.setResultCode(a, call, code)
				}
			})
		}
		if works := teams[a.team].campaigns; a.luck.happens(0.04) {
			a.campaign = &campaigns[oneOf(a.luck, works)]
		}
		w.ready(a)
	})
}

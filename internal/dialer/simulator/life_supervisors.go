package simulator

import (
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// lookAround: the supervisor has no leg and will listen to somebody soon, or
// has something else to do.
func (w *world) lookAround(s *supervisor) {
	s.life++
	w.setStatus(&s.user, coaching.StatusAvailable, "")
	w.inLife(&s.user, w.pace(s.luck.around(150*time.Second)), func() {
		switch {
		case s.luck.happens(0.06):
			w.setStatus(&s.user, coaching.StatusPaused, oneOf(s.luck, pauses))
			w.inLife(&s.user, w.pace(s.luck.around(5*time.Minute)), func() { w.lookAround(s) })
		case s.luck.happens(0.03):
			w.setStatus(&s.user, coaching.StatusOffline, "")
			w.inLife(&s.user, w.pace(s.luck.around(15*time.Minute)), func() { w.lookAround(s) })
		default:
			w.listen(s)
		}
	})
}

// listen attaches a new leg to somebody who talks.
func (w *world) listen(s *supervisor) {
	a := w.choose(s, nil)
	if a == nil {
		w.lookAround(s)
		return
	}
	l := w.newLeg(s)
	w.attach(l, a, []coaching.Type{coaching.TypeMonitor, coaching.TypeCoach, coaching.TypeBarge}[s.luck.weighted(11, 5, 2)])
	w.live(l)
	if len(s.legs) == 1 && s.luck.happens(0.07) {
		w.inLife(&s.user, w.pace(s.luck.around(30*time.Second)), func() { w.listen(s) })
	}
}

// choose finds an agent in conversation, of the supervisor's own team if there
// is one; often one who is listened to already is the interesting one.
func (w *world) choose(s *supervisor, except *agent) *agent {
	for try := range 24 {
		among := w.agents
		if try < 8 && len(w.inTeam[s.team]) > 0 {
			among = w.inTeam[s.team]
		}
		if len(among) == 0 {
			return nil
		}
		a := oneOf(s.luck, among)
		if a == except || a.call == nil || a.call.State != coaching.CallTalking {
			continue
		}
		if len(a.legs) == 0 || a.legs[0].supervisor != s && s.luck.happens(0.6) {
			return a
		}
	}
	return nil
}

// legEnded: a supervisor whose last leg is gone looks around again.
func (w *world) legEnded(s *supervisor) {
	if len(s.legs) == 0 && !s.scripted {
		w.lookAround(s)
	}
}

// live plans the next turn of a leg.
func (w *world) live(l *leg) {
	boot := w.boots
	w.after(w.pace(l.supervisor.luck.around(70*time.Second)), func() {
		if w.boots == boot && !l.gone && !l.scripted && !l.dropped {
			w.turn(l)
		}
	})
}

// turn is what a supervisor does after having listened for a while.
func (w *world) turn(l *leg) {
	luck := l.supervisor.luck
	switch {
	case l.target == nil:
		w.moveOn(l)
	case l.holdsCustomer():
		w.end(l, []coaching.EndReason{coaching.EndCallEnded, coaching.EndSupervisorLeft}[luck.weighted(3, 1)])
	case luck.happens(0.22):
		w.end(l, coaching.EndSupervisorLeft)
	case luck.happens(0.06) && l.target.call != nil && l.target.call.State == coaching.CallTalking:
		w.setType(l, coaching.TypeBargeKick)
	case luck.happens(0.12):
		w.moveOn(l)
	case luck.happens(0.05):
		w.detach(l, coaching.EndMovedOn)
	case luck.happens(0.5):
		w.setType(l, nextType(luck, l.kind))
	}
	if !l.gone {
		w.live(l)
	}
}

// moveOn puts a leg on somebody else, or ends it when nobody talks.
func (w *world) moveOn(l *leg) {
	next := w.choose(l.supervisor, l.target)
	if next == nil {
		w.end(l, coaching.EndSupervisorLeft)
		return
	}
	w.attach(l, next, []coaching.Type{coaching.TypeMonitor, coaching.TypeCoach}[l.supervisor.luck.weighted(3, 1)])
}

// nextType is another way of taking part, mostly one step further in or back.
func nextType(luck chance, now coaching.Type) coaching.Type {
	switch now {
	case coaching.TypeMonitor:
		return []coaching.Type{coaching.TypeCoach, coaching.TypeBarge}[luck.weighted(4, 1)]
	case coaching.TypeCoach:
		return []coaching.Type{coaching.TypeMonitor, coaching.TypeBarge}[luck.weighted(1, 1)]
	default:
		return []coaching.Type{coaching.TypeMonitor, coaching.TypeCoach}[luck.weighted(1, 2)]
	}
}

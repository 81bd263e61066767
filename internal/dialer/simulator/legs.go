package simulator

import (
	"fmt"
	"slices"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// leg is a supervisor's connection: on a target, or waiting for one.
type leg struct {
	id         string
	supervisor *supervisor
	target     *agent // nil while the leg waits
	kind       coaching.Type
	began      time.Time
	told       time.Time   // the last moment stated: At is strictly increasing
	toldTo     int         // the connection that heard it; 0 for none
	untoldTo   int         // the connection that was told of the leg without its target; 0 for none
	session    *Attachment // nil while the leg waits
	scripted   bool
	gone       bool
	dropped    bool // it was hung up by request and goes in a moment
}

// holdsCustomer tells whether the supervisor is the customer's only party left.
func (l *leg) holdsCustomer() bool { return l.kind == coaching.TypeBargeKick && l.target != nil }

// newLeg is a leg that waits for its first target: no word of it yet.
func (w *world) newLeg(s *supervisor) *leg {
	w.legs++
	l := &leg{id: fmt.Sprintf("SIM/%s-%08x", s.Extension, w.legs), supervisor: s, began: w.now, told: w.now.Add(-time.Microsecond)}
	s.legs = append(s.legs, l)
	w.alive[l.id] = l
	return l
}

// attach puts a leg on a target in a type: a first one, or the next.
func (w *world) attach(l *leg, a *agent, t coaching.Type) {
	at := w.moment(l.told)
	if l.target != nil {
		w.close(l, at, coaching.EndMovedOn)
		w.unlink(l)
	}
	l.target, l.kind = a, t
	a.legs = append(a.legs, l)
	l.session = &Attachment{
		Boot: w.boot(), Leg: l.id, Supervisor: l.supervisor.Extension, Target: a.Extension,
		Types: []coaching.TypeSince{{Type: t, Since: at}}, BeganAt: at,
	}
	w.keep(l.session)
	w.state(l, at, true)
	if t == coaching.TypeBargeKick {
		w.kick(l)
	}
}

// setType changes how a leg takes part. Taking the call over puts the agent out.
func (w *world) setType(l *leg, t coaching.Type) {
	if t == l.kind {
		return
	}
	at := w.moment(l.told)
	l.kind = t
	l.session.Types = append(l.session.Types, coaching.TypeSince{Type: t, Since: at})
	// Since when its target is so was not observed, where that is told only now.
	w.state(l, at, l.untoldTo == 0 || l.untoldTo != w.listener)
	if t == coaching.TypeBargeKick {
		w.kick(l)
	}
}

// detach takes a leg off its target; it waits for the next.
func (w *world) detach(l *leg, reason coaching.EndReason) {
	at := w.moment(l.told)
	w.close(l, at, reason)
	w.unlink(l)
	l.told, l.toldTo = at, w.listener
	w.tell(coaching.Detached{Leg: l.id, At: at, Exact: true, Reason: reason})
}

// end ends a leg for good.
func (w *world) end(l *leg, reason coaching.EndReason) {
	if l.gone {
		return
	}
	at := w.moment(l.told)
	w.close(l, at, reason)
	w.unlink(l)
	l.told, l.gone = at, true
	delete(w.alive, l.id)
	s := l.supervisor
	s.legs = slices.DeleteFunc(s.legs, func(other *leg) bool { return other == l })
	w.tell(coaching.Detached{Leg: l.id, At: at, Exact: true, Reason: reason, Gone: true})
	w.legEnded(s)
}

// kick puts the agent out of the call; the customer talks to the supervisor.
func (w *world) kick(l *leg) {
	a := l.target
	if a.call != nil && a.call.EndedAt == nil {
		w.wrapUp(a)
	}
}

// state tells how a leg stands from a moment on.
func (w *world) state(l *leg, at time.Time, exact bool) {
	l.told, l.toldTo, l.untoldTo = at, w.listener, 0
	w.tell(statement(l, at, exact))
}

func statement(l *leg, at time.Time, exact bool) coaching.Attached {
	target := l.target.Person
	return coaching.Attached{
		Leg: l.id, Supervisor: l.supervisor.Person, Target: &target, Type: l.kind,
		TargetCampaign: l.target.campaign.Named, At: at, Exact: exact,
	}
}

// close writes into the log that a leg's session is over; a waiting leg has none.
func (w *world) close(l *leg, at time.Time, reason coaching.EndReason) {
	if l.session == nil {
		return
	}
	l.session.EndedAt, l.session.Reason = at, reason
	l.session = nil
}

func (w *world) unlink(l *leg) {
	if a := l.target; a != nil {
		a.legs = slices.DeleteFunc(a.legs, func(other *leg) bool { return other == l })
		l.target = nil
	}
}

// listeners are the legs that hear an agent: those that took a call over do not.
func (a *agent) listeners() []*leg {
	var on []*leg
	for _, l := range a.legs {
		if !l.holdsCustomer() {
			on = append(on, l)
		}
	}
	return on
}

package coaching_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// truth is an invented dialer: what really goes on there, and the reports about
// it that wait in its connection to be delivered.
type truth struct {
	tick      int // its clock; every event has a moment of its own
	boot      int
	legs      map[string]*trueLeg
	newLegs   int // in this run: ids are used again in the next
	calls     map[string]*coaching.CallSeen
	newCalls  int
	statuses  map[string]coaching.Status
	connected bool
	outbox    []delivery
	snapshot  *delivery  // begun, its contents taken, not yet reported
	delivered []delivery // over this connection
}

// trueLeg is a supervisor's leg.
type trueLeg struct {
	id         string
	supervisor coaching.Person
	born       int
	on         *coaching.Person // nil while it waits for a target
	typ        coaching.Type
	stated     int  // since when on and typ are so
	secret     bool // the dialer cannot tell whom it is on
	mute       bool // the dialer cannot tell the type
}

// delivery is a report on its way.
type delivery struct {
	sighting  coaching.Sighting
	about     string // the leg, agent or user; reports about different ones may be swapped
	fresh     bool   // an attachment of a leg that had none
	again     bool   // was reported before
	corrected bool   // by a later report for the same moment, and so never told again
}

var (
	leads  = []coaching.Person{coachingtest.Supervisor(1), coachingtest.Supervisor(2), coachingtest.Supervisor(3)}
	agents = []coaching.Person{alice, bob, carol}
)

func newTruth() *truth {
	tr := &truth{statuses: map[string]coaching.Status{}}
	tr.restart()
	return tr
}

// restart loses everything, the connection too.
func (tr *truth) restart() {
	tr.boot++
	tr.legs, tr.newLegs = map[string]*trueLeg{}, 0
	tr.calls, tr.newCalls = map[string]*coaching.CallSeen{}, 0
	tr.disconnect()
}

func (tr *truth) disconnect() {
	tr.connected, tr.outbox, tr.snapshot, tr.delivered = false, nil, nil, nil
}

// now is a moment that no earlier event had.
func (tr *truth) now() int { tr.tick++; return tr.tick }

func (tr *truth) bootName() string { return fmt.Sprintf("boot-%d", tr.boot) }

func (tr *truth) send(d delivery) {
	if tr.connected {
		tr.outbox = append(tr.outbox, d)
	}
}

// statement is the report of how a leg is.
func (l *trueLeg) statement() coaching.Attached {
	a := coaching.Attached{Leg: l.id, Supervisor: l.supervisor, Type: l.typ, At: at(l.stated), Exact: true}
	if !l.secret {
		target := *l.on
		a.Target = &target
	}
	if l.mute {
		a.Type = unknown
	}
	return a
}

// sortedLegs are the legs that pass, in an order that repeats.
func (tr *truth) sortedLegs(pass func(*trueLeg) bool) []*trueLeg {
	var legs []*trueLeg
	for _, l := range tr.legs {
		if pass(l) {
			legs = append(legs, l)
		}
	}
	slices.SortFunc(legs, func(a, b *trueLeg) int { return a.born - b.born })
	return legs
}

func anyLeg(*trueLeg) bool         { return true }
func listeningLeg(l *trueLeg) bool { return l.on != nil }
func waitingLeg(l *trueLeg) bool   { return l.on == nil }

// pick draws one of the legs that pass, nil if there is none.
func (tr *truth) pick(t *rapid.T, pass func(*trueLeg) bool) *trueLeg {
	legs := tr.sortedLegs(pass)
	if len(legs) == 0 {
		return nil
	}
	return rapid.SampledFrom(legs).Draw(t, "leg")
}

func drawType(t *rapid.T) coaching.Type {
	return rapid.SampledFrom([]coaching.Type{monitor, coach, barge, bargeKick}).Draw(t, "type")
}

// attach has a new leg, or one that waits, listen to an agent.
func (tr *truth) attach(t *rapid.T) {
	l := tr.pick(t, waitingLeg)
	if l == nil || rapid.Bool().Draw(t, "new leg") {
		tr.newLegs++
		l = &trueLeg{id: fmt.Sprintf("leg-%d", tr.newLegs), supervisor: rapid.SampledFrom(leads).Draw(t, "supervisor"), born: tr.now()}
		tr.legs[l.id] = l
	}
	target := rapid.SampledFrom(agents).Draw(t, "target")
	l.on, l.typ, l.stated = &target, drawType(t), tr.now()
	l.secret, l.mute = rapid.IntRange(0, 4).Draw(t, "secret") == 0, rapid.IntRange(0, 4).Draw(t, "mute") == 0
	tr.send(delivery{sighting: l.statement(), about: l.id, fresh: true})
}

// change has a leg take another type, or the dialer learn what it could not tell.
func (tr *truth) change(t *rapid.T) {
	l := tr.pick(t, listeningLeg)
	if l == nil {
		return
	}
	l.secret, l.mute = l.secret && rapid.Bool().Draw(t, "still secret"), l.mute && rapid.Bool().Draw(t, "still mute")
	if rapid.IntRange(0, 3).Draw(t, "correct") == 0 && !l.secret && tr.takeBack(l) {
		l.mute = false
	} else {
		l.stated = tr.now()
	}
	l.typ = drawType(t)
	tr.send(delivery{sighting: l.statement(), about: l.id})
}

// takeBack notes that what was last stated of a leg is going to be corrected, and
// tells whether it was stated over this connection.
func (tr *truth) takeBack(l *trueLeg) bool {
	stated := false
	for _, list := range [][]delivery{tr.outbox, tr.delivered} {
		for i := range list {
			if a, ok := list[i].sighting.(coaching.Attached); ok && a.Leg == l.id && a.At.Equal(at(l.stated)) {
				list[i].corrected, stated = true, true
			}
		}
	}
	return stated
}

// move has a leg listen to another agent.
func (tr *truth) move(t *rapid.T) {
	l := tr.pick(t, func(l *trueLeg) bool { return l.on != nil && !l.secret })
	if l == nil {
		return
	}
	i := slices.Index(agents, *l.on)
	target := agents[(i+rapid.IntRange(1, len(agents)-1).Draw(t, "next"))%len(agents)]
	l.on, l.typ, l.stated = &target, drawType(t), tr.now()
	tr.send(delivery{sighting: l.statement(), about: l.id})
}

// leave has a leg wait, or go.
func (tr *truth) leave(t *rapid.T) {
	l := tr.pick(t, anyLeg)
	if l == nil {
		return
	}
	if l.on != nil && rapid.IntRange(0, 2).Draw(t, "wait") == 0 {
		l.on = nil
		tr.send(delivery{sighting: waits(l.id, at(tr.now())), about: l.id})
		return
	}
	delete(tr.legs, l.id)
	tr.send(delivery{sighting: gone(l.id, at(tr.now())), about: l.id})
}

// call has an agent's call begin or go on; a result code may follow its end.
func (tr *truth) call(t *rapid.T) {
	agent := rapid.SampledFrom(agents).Draw(t, "agent")
	c := tr.calls[agent.Extension]
	switch {
	case c == nil || c.State == coaching.CallEnded && c.ResultCode.Key != "":
		tr.newCalls++
		next := talking(fmt.Sprintf("call-%d", tr.newCalls), agent, at(tr.now()))
		c = &next
	case c.State == coaching.CallTalking:
		ended := at(tr.now())
		c.State, c.At, c.EndedAt = coaching.CallWrapUp, ended, &ended
	case c.State == coaching.CallWrapUp:
		c.State, c.At = coaching.CallEnded, at(tr.now())
	default:
		c.ResultCode, c.At = coaching.Named{Key: "SALE"}, at(tr.now())
	}
	tr.calls[agent.Extension] = c
	tr.send(delivery{sighting: *c, about: agent.Extension})
}

func (tr *truth) status(t *rapid.T) {
	agent := rapid.SampledFrom(agents).Draw(t, "agent")
	all := []coaching.Status{coaching.StatusAvailable, coaching.StatusOnCall, coaching.StatusPaused}
	i := slices.Index(all, tr.statuses[agent.Extension]) // -1 at first
	tr.statuses[agent.Extension] = all[(i+1+rapid.IntRange(0, 1).Draw(t, "status"))%len(all)]
	tr.send(delivery{sighting: tr.presence(agent, tr.now()), about: "status of " + agent.Extension})
}

func (tr *truth) presence(agent coaching.Person, since int) coaching.UserSeen {
	return coaching.UserSeen{Person: agent, Status: tr.statuses[agent.Extension], Since: at(since)}
}

// beginSnapshot takes what is alive now; finishSnapshot reports it.
func (tr *truth) beginSnapshot(t *rapid.T) {
	tr.send(delivery{sighting: coaching.SnapshotBegun{Boot: tr.bootName()}})
	snap := coaching.Snapshot{At: at(tr.now())}
	for _, l := range tr.sortedLegs(listeningLeg) {
		a := l.statement()
		if rapid.IntRange(0, 2).Draw(t, "inferred") == 0 {
			a.At, a.Exact = at(l.born), false
		}
		snap.Legs = append(snap.Legs, a)
	}
	for _, agent := range agents {
		if c := tr.calls[agent.Extension]; c != nil && c.State != coaching.CallEnded {
			snap.Calls = append(snap.Calls, *c)
		}
		if tr.statuses[agent.Extension] != "" {
			snap.Users = append(snap.Users, tr.presence(agent, tr.tick))
		}
	}
	tr.snapshot = &delivery{sighting: snap}
}

func (tr *truth) finishSnapshot() {
	if tr.snapshot != nil {
		tr.send(*tr.snapshot)
		tr.snapshot = nil
	}
}

// again reports something a second time, however late.
func (tr *truth) again(t *rapid.T) {
	if len(tr.delivered) == 0 {
		return
	}
	d := rapid.SampledFrom(tr.delivered).Draw(t, "again")
	if !d.corrected {
		d.again = true
		tr.send(d)
	}
}

// swap exchanges two reports about different things that wait side by side, or
// has a leg's end overtake its beginning.
func (tr *truth) swap(t *rapid.T) {
	if len(tr.outbox) < 2 {
		return
	}
	i := rapid.IntRange(0, len(tr.outbox)-2).Draw(t, "swap")
	first, second := tr.outbox[i], tr.outbox[i+1]
	d, isEnd := second.sighting.(coaching.Detached)
	overtakes := first.fresh && !first.again && isEnd && d.Gone && !second.again
	if first.about != "" && second.about != "" && (first.about != second.about || overtakes) {
		tr.outbox[i], tr.outbox[i+1] = second, first
	}
}

// take takes the first reports out of the outbox.
func (tr *truth) take(n int) []delivery {
	n = min(n, len(tr.outbox))
	batch := slices.Clone(tr.outbox[:n])
	tr.outbox = tr.outbox[n:]
	for _, d := range batch {
		if d.about != "" && !d.again {
			tr.delivered = append(tr.delivered, d)
		}
	}
	return batch
}

// clockNow is the dialer's clock, which the database's follows.
func (tr *truth) clockNow() time.Time { return at(tr.tick) }

package coaching

import "time"

// Connect begins a watch: writes with an older connection are refused from now
// on, and nothing is taken for connected until the first snapshot. kind is what
// the dialer is now, whatever it was under this name.
func (b *Board) Connect(kind string) {
	b.dialer.Connection++
	b.dialer.Kind = kind
	b.Lose()
}

// Lose notes that the connection is lost; it ends no session.
func (b *Board) Lose() {
	if b.dialer.Connected || b.dialer.Since == nil {
		b.dialer.Connected, b.dialer.Since = false, &b.now
	}
}

// Heard notes when the dialer was last heard.
func (b *Board) Heard(heard Heard) {
	at := b.now.Add(-heard.Ago)
	if last := b.dialer.LastHeardAt; last == nil || at.After(*last) {
		b.dialer.LastHeardAt = &at
	}
	if heard.ClockAt != nil {
		b.dialer.ClockAt = heard.ClockAt
	}
}

// snapshotBegun marks the place that a snapshot is at least as new as. A dialer
// that was restarted ends all its old sessions first: no leg outlives its run.
func (b *Board) snapshotBegun(pos Position, boot string) {
	b.memory.mark, b.memory.told = &pos, map[string]bool{}
	if boot == "" || boot == b.dialer.Boot {
		return
	}
	known, earlier := b.knownAlive(), b.dialer.Boot
	if earlier != "" {
		b.memory = NewMemory() // ids are used again
		b.memory.mark = &pos
	}
	for _, s := range b.sessions {
		switch {
		case earlier == "":
			s.Boot = boot // the run that was watched all along tells its name
			b.keep(s)
		case s.Live():
			at := lastTold(s, known)
			b.endCalls(s, at, func(string) bool { return false })
			b.end(pos, s, Detached{At: at, Reason: EndDialerRestarted})
		case b.endCalls(s, known, func(string) bool { return false }):
			b.log(SessionChanged, s)
		}
	}
	b.dialer.Boot = boot
}

// snapshot reconciles with all that is alive: it begins sessions for legs that
// are not known and ends sessions whose legs are missing. What was reported
// since the snapshot was begun is newer, and stays.
func (b *Board) snapshot(pos Position, snap Snapshot) {
	mark := pos
	if b.memory.mark != nil {
		mark = *b.memory.mark
	}
	known := b.knownAlive()
	if known.After(snap.At) {
		known = snap.At // what is inferred never lies in the dialer's future
	}
	for _, u := range snap.Users {
		if !b.memory.told[u.Person.Extension] {
			b.userListed(u, known, snap.At)
		}
	}
	b.endMissing(pos, mark, known, snap.Legs)
	for _, a := range snap.Legs {
		b.listed(pos, mark, known, a)
	}
	for _, c := range append(b.memory.missing(snap.Calls, mark, snap.At), snap.Calls...) {
		if r, ok := b.memory.call(c); !ok || r.pos.Before(mark) {
			b.callSeen(pos, c)
		}
	}
	b.closeCalls(known)
	if !b.dialer.Connected {
		b.dialer.Connected, b.dialer.Since = true, &b.now
	}
	b.dialer.LastHeardAt, b.dialer.LastReconciledAt = &b.now, &b.now
	b.memory.snapshotAt, b.dialer.ClockAt = &snap.At, &snap.At
}

// knownAlive is the last moment before this snapshot, by the dialer's clock, at
// which what was alive was known: that of the snapshot before, if the dialer has
// been heard all along, else when it was last heard.
func (b *Board) knownAlive() time.Time {
	switch {
	case b.memory.snapshotAt != nil:
		return *b.memory.snapshotAt
	case b.dialer.ClockAt != nil:
		return *b.dialer.ClockAt
	default:
		return time.Time{}
	}
}

func (b *Board) endMissing(pos, mark Position, known time.Time, listed []Attached) {
	alive := map[string]bool{}
	for _, a := range listed {
		alive[a.Leg] = true
	}
	for _, s := range b.sessions {
		if s.Live() && !alive[s.Leg] && s.Sighted.Before(mark) {
			b.end(pos, s, Detached{At: lastTold(s, known), Reason: EndNotObserved})
		}
	}
}

// lastTold is the last moment a session was known to be alive.
func lastTold(s *Session, known time.Time) time.Time {
	return later(later(known, s.TypeStatedAt), s.StartedAt)
}

// listed applies one leg of a snapshot begun at mark.
func (b *Board) listed(pos, mark Position, known time.Time, a Attached) {
	target := b.target(a)
	if live := b.liveOn(a.Leg); live != nil {
		b.confirm(pos, mark, known, live, a, target)
		return
	}
	if left, ok := b.memory.leftAt(a.Leg); ok && !left.pos.Before(mark) {
		return
	}
	free := a.At
	for _, s := range b.onLeg(a.Leg) {
		movedOn := s.EndReason == EndMovedOn && target != nil && s.Target != nil && s.Target.ID != target.ID
		if !s.Sighted.Before(mark) && !movedOn {
			return
		}
		free = later(free, *s.EndedAt) // no session comes back to life
	}
	b.beginAfter(free, pos, a, target)
}

// confirm applies a snapshot's statement about a leg that has a live session.
func (b *Board) confirm(pos, mark Position, known time.Time, live *Session, a Attached, target *User) {
	if !live.Sighted.Before(mark) {
		return
	}
	moved := target != nil && live.Target != nil && live.Target.ID != target.ID
	if moved && (!a.Exact || a.At.Before(live.TypeStatedAt)) {
		a.At, a.Exact = later(lastTold(live, known), a.At), false
	}
	if !moved {
		a.At = unseen(a, live, known)
	}
	b.restate(pos, live, a, target)
}

// unseen is since when a leg has the type that a snapshot tells. It may have changed
// unseen; when, nobody can tell but that it was after it was last stated: that one
// stays in the timeline, unless it was observed that it was wrong.
func unseen(a Attached, live *Session, known time.Time) time.Time {
	at := later(a.At, live.TypeStatedAt)
	if a.Type == live.Type() || !at.Equal(live.TypeSince()) {
		return at
	}
	at = later(at, known)
	corrects := a.Exact && a.At.Equal(at)
	if at.Equal(live.TypeSince()) && !corrects {
		at = at.Add(time.Microsecond) // as exact as databases keep it
	}
	return at
}

// closeCalls ends, for the sessions that hear them or heard them, calls that are in
// nobody's memory any more: those that ended while the dialer was not heard.
func (b *Board) closeCalls(known time.Time) {
	for _, s := range b.sessions {
		if s.Live() && s.Type() == TypeBargeKick {
			continue // goes on with the supervisor
		}
		if b.endCalls(s, known, func(callID string) bool { return b.goesOn(s, callID) }) {
			b.log(SessionChanged, s)
		}
	}
}

// goesOn tells whether a session's target is in a call. All whose calls are
// remembered are on the board.
func (b *Board) goesOn(s *Session, callID string) bool {
	if s.Boot != b.dialer.Boot || s.Target == nil || b.users[s.Target.ID] == nil {
		return false
	}
	c, ok := b.recall(b.users[s.Target.ID], callID)
	return ok && c.State != CallEnded
}

// recall is what the watch remembers of an agent's call.
func (b *Board) recall(agent *User, callID string) (rememberedCall, bool) {
	for _, extension := range agent.AllAt(b.dialer.Name) {
		if c, ok := b.memory.calls[extension][callID]; ok {
			return c, true
		}
	}
	return rememberedCall{}, false
}

package coaching

import (
	"slices"
	"time"
)

// attached begins a session, changes its type, or moves its leg to another
// target.
func (b *Board) attached(pos Position, a Attached) {
	target := b.target(a)
	if live := b.liveOn(a.Leg); live != nil && !a.At.Before(statedFrom(live)) {
		b.restate(pos, live, a, target)
		return
	}
	b.attachedAnew(pos, a, target)
}

// target is the user a leg listens to, nil while the dialer cannot tell.
func (b *Board) target(a Attached) *User {
	if a.Target == nil {
		return nil
	}
	return b.user(*a.Target)
}

// restate applies a statement about a leg that has a live session.
func (b *Board) restate(pos Position, live *Session, a Attached, target *User) {
	if target != nil && live.Target != nil && live.Target.ID != target.ID {
		b.end(pos, live, Detached{At: a.At, Exact: a.Exact, Reason: EndMovedOn})
		b.beginAfter(*live.EndedAt, pos, a, target)
		return
	}
	if a.At.After(live.TypeStatedAt) { // newer than a snapshot under way, even if nothing changed
		live.Sighted = pos
		b.keep(live)
	}
	was := live.Type()
	changed := b.retype(live, a.Type, a.At)
	switch {
	case was != TypeBargeKick:
		b.takeOver(live, a.At)
	case live.Type() != TypeBargeKick && live.Target != nil:
		b.handBack(live, a.At)
	}
	if live.Target == nil && target != nil {
		name := target.Named()
		live.Target = &name
		changed = true
	}
	if changed {
		if target != nil { // it may be new, or have got the call back from a takeover
			b.hearCurrentCalls(live, a)
		}
		live.Sighted = pos
		b.log(SessionChanged, live)
	}
}

// attachedAnew begins a session on a leg that has none at that moment. A report
// that comes late or again is told by the dialer's clock: it falls into a
// session that is known, or before the leg was seen to leave.
func (b *Board) attachedAnew(pos Position, a Attached, target *User) {
	from := a.At
	if known := b.covering(a.Leg, a.At); known != nil {
		b.restateLate(known, a, target)
		if !b.outlived(known, target) {
			return
		}
		from = *known.EndedAt
	}
	left, hasLeft := b.memory.leftAt(a.Leg)
	next := b.nextAfter(a.Leg, from)
	switch {
	case next != nil && (!hasLeft || left.At.Before(a.At) || !left.At.Before(next.StartedAt)):
		b.beginEnded(from, pos, a, target, Detached{At: next.StartedAt, Exact: next.StartedAtExact, Reason: EndMovedOn})
	case hasLeft && !left.At.Before(a.At):
		b.beginEnded(from, left.pos, a, target, left.Detached)
	default: // also where a leg of this id was gone before: an application may choose ids, and choose one again
		b.beginAfter(from, pos, a, target)
	}
}

// restateLate applies a statement for a moment within a session, which may have
// ended since.
func (b *Board) restateLate(known *Session, a Attached, target *User) {
	learned := known.Target == nil && target != nil
	if learned {
		name := target.Named()
		known.Target = &name
	}
	sameTarget := target == nil || known.Target.ID == target.ID
	if retyped := sameTarget && b.retype(known, a.Type, a.At); retyped || learned {
		b.log(SessionChanged, known)
	}
}

// outlived tells whether a session's end was inferred too late: the leg was on
// another target already, on which no session of it is known. That one begins
// where the known one was ended.
func (b *Board) outlived(known *Session, target *User) bool {
	return target != nil && known.Target.ID != target.ID &&
		!known.Live() && !known.EndedAtExact && b.covering(known.Leg, *known.EndedAt) == nil
}

// detached ends the session that a leg carries and remembers that it left. A leg
// that is gone ends it whatever the clocks say; one that waits may be an earlier
// session's, told late.
func (b *Board) detached(pos Position, d Detached) {
	if live := b.liveOn(d.Leg); live != nil && (d.Gone || !d.At.Before(statedFrom(live))) {
		b.end(pos, live, d)
	}
	b.memory.remember(pos, d)
}

// begin begins a session that is live and hears what its target hears.
func (b *Board) begin(pos Position, a Attached, target *User) *Session {
	s := b.add(pos, a, target)
	if target != nil {
		b.hearCurrentCalls(s, a)
	}
	return s
}

// beginAfter begins a session on a leg whose last one ended at a moment, which may
// have been inferred too late: sessions of a leg do not overlap. What was stated,
// and when, still orders what comes later.
func (b *Board) beginAfter(end time.Time, pos Position, a Attached, target *User) *Session {
	if !a.At.Before(end) {
		return b.begin(pos, a, target)
	}
	stated, exact := a.At, a.Exact
	a.At, a.Exact = end, false
	s := b.begin(pos, a, target)
	if exact {
		s.TypeStatedAt = stated
	}
	return s
}

// statedFrom is the moment from which on reports are about a session: its start,
// or what was stated for before, see beginAfter.
func statedFrom(s *Session) time.Time {
	if s.TypeStatedAt.Before(s.StartedAt) {
		return s.TypeStatedAt
	}
	return s.StartedAt
}

// beginEnded begins a session whose end is known already. It did not hear the
// calls that began after it.
func (b *Board) beginEnded(from time.Time, pos Position, a Attached, target *User, d Detached) {
	s := b.beginAfter(from, pos, a, target)
	heard := len(s.Calls)
	s.Calls = slices.DeleteFunc(s.Calls, func(c HeardCall) bool { return !c.HeardFrom.Before(d.At) })
	if len(s.Calls) < heard { // what it did not hear does not tell its campaign
		s.TargetCampaignID = b.entry(KindCampaign, a.TargetCampaign)
		b.learnCampaign(s)
	}
	b.end(pos, s, d)
}

// add puts a new session on the board.
func (b *Board) add(pos Position, a Attached, target *User) *Session {
	s := &Session{
		ID: b.newID(), Dialer: b.dialer.Name, Boot: b.dialer.Boot, Leg: a.Leg,
		State: StateActive, Timeline: []TypeSince{{a.Type, a.At}}, TypeStatedAt: a.At,
		User: b.user(a.Supervisor).Named(), StartedAt: a.At, StartedAtExact: a.Exact, Sighted: pos,
	}
	if target != nil {
		name := target.Named()
		s.Target = &name
	}
	b.sessions = append(b.sessions, s)
	b.log(SessionStarted, s)
	return s
}

// end ends a live session; whoever asked for it gets the outcome. Nothing
// happens to a session that has ended.
func (b *Board) end(pos Position, s *Session, d Detached) {
	if !s.Live() {
		return
	}
	b.freeze(s)
	endedAt := later(d.At, s.StartedAt)
	exact := d.Exact && endedAt.Equal(d.At)
	reason := d.Reason
	if pending := s.Pending(); pending != nil {
		outcome := outcomeOfEnd(reason, pending)
		if outcome == OutcomeConfirmed && (reason == EndNotObserved || reason == EndUnknown) {
			reason = EndDisconnected
		}
		if reason == EndDisconnected {
			by := pending.AskedBy
			s.EndedBy = &by
		}
		settle(s, outcome, b.now)
	} else if late := s.lastTried(); late != nil && reason == EndDisconnected {
		s.EndedBy = &late.AskedBy
	}
	b.unhear(s, endedAt)
	s.State, s.EndedAt, s.EndedAtExact, s.EndReason, s.Sighted = StateEnded, &endedAt, exact, reason, pos
	for i := range s.Calls {
		if c := &s.Calls[i]; c.HeardUntil == nil || c.HeardUntil.After(endedAt) {
			until := later(endedAt, c.HeardFrom)
			c.HeardUntil = &until
		}
	}
	b.log(SessionEnded, s)
}

// unhear takes off what a session's target took after its end, which was not told yet;
// nor does that tell the session's campaign.
func (b *Board) unhear(s *Session, endedAt time.Time) {
	told := func(c HeardCall) bool {
		return c.CampaignID != nil && s.TargetCampaignID != nil && *c.CampaignID == *s.TargetCampaignID
	}
	before := slices.ContainsFunc(s.Calls, told)
	s.Calls = slices.DeleteFunc(s.Calls, func(c HeardCall) bool { return c.HeardFrom.After(endedAt) })
	if before && !slices.ContainsFunc(s.Calls, told) {
		s.TargetCampaignID = nil
		b.learnCampaign(s)
	}
}

// timelineLimit bounds a session's timeline: from then on the newest type takes
// the place of the one before.
const timelineLimit = 256

// retype notes that a session had a type at a moment, and tells whether that was
// news. An unknown type never replaces a known one: the dialer did not tell. A
// statement for the moment of an earlier one corrects it.
func (b *Board) retype(s *Session, t Type, at time.Time) bool {
	newest := at.After(s.TypeStatedAt)
	if t == TypeUnknown {
		if newest && s.Type() == TypeUnknown {
			s.TypeStatedAt = at
			b.keep(s)
		}
		return false
	}
	if at.Before(s.StartedAt) && at.Before(s.TypeStatedAt) {
		return false
	}
	stated := at
	at = later(at, s.StartedAt)
	i, found := slices.BinarySearchFunc(s.Timeline, at, func(e TypeSince, at time.Time) int { return e.Since.Compare(at) })
	switch {
	case found && s.Timeline[i].Type == t:
		if newest {
			s.TypeStatedAt = stated
			b.keep(s)
		}
		return false
	case found:
		s.Timeline[i].Type = t
	case i > 0 && s.Timeline[i-1].Type == t:
		if newest {
			s.TypeStatedAt = stated
			b.keep(s)
		}
		return false
	case at.Before(s.TypeStatedAt) && len(s.Timeline) >= timelineLimit:
		return false
	case at.Before(s.TypeStatedAt) && i == len(s.Timeline):
		// Late: what was stated since holds again after it.
		now := TypeSince{s.Type(), s.TypeStatedAt}
		s.Timeline = append(s.Timeline, TypeSince{t, at}, now)
	case len(s.Timeline) >= timelineLimit:
		s.Timeline[i-1] = TypeSince{t, at}
	default:
		s.Timeline = slices.Insert(s.Timeline, i, TypeSince{t, at})
	}
	if newest {
		s.TypeStatedAt = stated
	}
	s.Timeline = slices.CompactFunc(s.Timeline, func(a, b TypeSince) bool { return a.Type == b.Type })
	return true
}

func (b *Board) liveOn(leg string) *Session {
	for _, s := range b.sessions {
		if s.Leg == leg && s.Live() {
			return s
		}
	}
	return nil
}

// covering is the session of a leg, in this run of the dialer, that went on at a
// moment, or for which something was stated then; nil if there is none.
func (b *Board) covering(leg string, at time.Time) *Session {
	for _, s := range b.onLeg(leg) {
		within := !at.Before(s.StartedAt) && (s.EndedAt == nil || at.Before(*s.EndedAt))
		if within || at.Equal(s.StartedAt) || at.Equal(s.TypeStatedAt) {
			return s
		}
	}
	return nil
}

// nextAfter is the first session of a leg, in this run of the dialer, that began
// after a moment; nil if there is none.
func (b *Board) nextAfter(leg string, at time.Time) *Session {
	var next *Session
	for _, s := range b.onLeg(leg) {
		if s.StartedAt.After(at) && (next == nil || s.StartedAt.Before(next.StartedAt)) {
			next = s
		}
	}
	return next
}

func (b *Board) onLeg(leg string) []*Session {
	var sessions []*Session
	for _, s := range b.sessions {
		if s.Leg == leg && s.Boot == b.dialer.Boot {
			sessions = append(sessions, s)
		}
	}
	return sessions
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

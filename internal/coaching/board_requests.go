package coaching

import (
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Disconnect is somebody's wish to end a session.
type Disconnect struct {
	Session SessionID
	Team    string // to which the session must belong (SessionView.OfTeam); "": to any
	// IfMatch holds the tags the session may have; "*" matches any. Empty: the
	// asker does not say what the session looked like.
	IfMatch []string
	Force   bool // even if the customer is dropped; needs IfMatch
	Reason  string
	By      Actor
	// Credential is kept with the request (DisconnectRequest.Credential).
	Credential string
}

// Ask marks a session as disconnecting and keeps the request. It returns the id
// of the request, or uuid.Nil when the session has ended already. Errors are
// *Error; the session as it is is for the caller to add.
func (b *Board) Ask(d Disconnect) (uuid.UUID, error) {
	s := b.Session(d.Session)
	switch {
	case s == nil:
		return uuid.Nil, noSession()
	case !s.Live():
		return uuid.Nil, nil
	case len(d.IfMatch) > 0 && !slices.Contains(d.IfMatch, "*") && !slices.Contains(d.IfMatch, s.Tag()):
		return uuid.Nil, &Error{
			Code:    SessionChangedSince,
			Message: "The session has another type or target than the one If-Match names; nothing was done. Look at it and ask again.",
		}
	}
	pending := s.Pending()
	if pending == nil && !d.Force && s.Type() == TypeBargeKick {
		return uuid.Nil, &Error{Code: CustomerWouldDrop, Message: wouldDropMessage}
	}
	if pending != nil && len(s.Requests) >= requestLimit {
		return pending.ID, nil
	}
	request := DisconnectRequest{
		ID: b.newID(), AskedAt: b.now, AskedBy: d.By, Credential: d.Credential, Reason: d.Reason, Forced: d.Force, Type: s.Type(),
		Joined: pending != nil, Outcome: OutcomePending,
	}
	if pending != nil {
		request.AcceptedAt = pending.AcceptedAt
	}
	s.Requests = append(s.Requests, request)
	s.State = StateDisconnecting
	b.log(SessionChanged, s)
	return request.ID, nil
}

// requestLimit bounds what is kept of many who ask for one end at once: from then
// on they share a request that is under way.
const requestLimit = 64

const wouldDropMessage = "The supervisor may be the customer's only party now, so ending the session could drop the customer. " +
	"To do it all the same, ask again with If-Match and force=true."

// Accept notes that the dialer agreed to end a session; it is over when its leg
// is gone.
func (b *Board) Accept(session SessionID) {
	s := b.Session(session)
	if s == nil || s.Pending() == nil || s.Pending().AcceptedAt != nil {
		return
	}
	for i := range s.Requests {
		if r := &s.Requests[i]; r.Outcome == OutcomePending {
			r.AcceptedAt = &b.now
		}
	}
	b.log(SessionChanged, s)
}

// GiveUp gives the requests under way their outcome and makes the session active
// again. A session without a request under way, or an ended one, stays as it is.
func (b *Board) GiveUp(session SessionID, outcome Outcome) {
	s := b.Session(session)
	if s == nil || s.State != StateDisconnecting {
		return
	}
	settle(s, outcome, b.now)
	s.State = StateActive
	b.log(SessionChanged, s)
}

// Forsake notes that nobody watches the dialer any more: it is not connected, and
// the requests under way come to nothing.
func (b *Board) Forsake() {
	b.Lose()
	for _, s := range b.sessions {
		outcome := OutcomeUnreachable
		if r := s.Pending(); r != nil && r.AcceptedAt != nil {
			outcome = OutcomeFailed
		}
		b.GiveUp(s.ID, outcome)
	}
}

// Forget ends all that is live of a dialer that nobody watches any more, and tells
// how many sessions that were. Nobody saw them end: they were known until the dialer
// was last heard. Should it be watched again, what is alive then begins anew.
func (b *Board) Forget() (ended int) {
	b.Forsake()
	known := b.knownAlive()
	for _, s := range b.sessions {
		at, live := known, s.Live()
		if live {
			at = lastTold(s, known)
		}
		if b.endCalls(s, at, func(string) bool { return false }) {
			b.log(SessionChanged, s)
		}
		if live {
			b.end(b.newest(), s, Detached{At: at, Reason: EndNotObserved})
			ended++
		}
	}
	return ended
}

// newest is a place after all that the dialer's connection told so far.
func (b *Board) newest() Position {
	return Position{Connection: b.dialer.Connection, Seq: math.MaxInt64}
}

// FoundGone ends a session whose leg the dialer does not have any more (or has on
// another target, if moved), though no report told so. clock is what the dialer's
// clock showed then; the zero time where that is not known.
func (b *Board) FoundGone(session SessionID, moved bool, clock time.Time) {
	s := b.Session(session)
	if s == nil {
		return
	}
	reason := EndUnknown
	if moved {
		reason = EndMovedOn
	}
	// Newer than all of this connection: a snapshot under way may list the leg
	// still, and must not begin it again.
	b.end(b.newest(), s, Detached{At: lastTold(s, clock), Reason: reason})
}

// outcomeOfEnd tells what a request came to whose session has ended.
func outcomeOfEnd(reason EndReason, r *DisconnectRequest) Outcome {
	switch {
	case reason == EndMovedOn:
		return OutcomeMoved
	case reason == EndDisconnected || r.AcceptedAt != nil:
		return OutcomeConfirmed
	default:
		return OutcomeAlreadyGone
	}
}

// settle gives every request under way the same outcome.
func settle(s *Session, outcome Outcome, at time.Time) {
	for i := range s.Requests {
		if r := &s.Requests[i]; r.Outcome == OutcomePending {
			r.Outcome, r.FinishedAt = outcome, &at
		}
	}
}

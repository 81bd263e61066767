package coaching

import (
	"slices"
	"time"
)

// NumberErasure says which customers' numbers are to go: one number, or those of
// calls that nobody has heard since a moment, together with the reasons of requests
// that were made before it, whatever somebody wrote there. What happened stays, and
// can be counted.
type NumberErasure struct {
	Number PhoneNumber
	Before time.Time // where Number is zero
}

// Covers tells whether a call's number is to go.
func (e NumberErasure) Covers(c HeardCall) bool {
	switch {
	case c.PhoneNumber == "":
		return false
	case !e.Number.IsZero():
		return e.Number.Is(c.PhoneNumber)
	default:
		return c.HeardUntil != nil && c.HeardUntil.Before(e.Before)
	}
}

// coversReason tells whether a request's reason is to go.
func (e NumberErasure) coversReason(r DisconnectRequest) bool {
	if e.Number.IsZero() {
		return r.Reason != "" && r.AskedAt.Before(e.Before)
	}
	return e.Number.In(r.Reason)
}

// NumbersErased is what was erased of a session.
type NumbersErased struct {
	Session *Session
	Calls   int // that had the number
	Reasons int // of requests
}

// EraseNumbers erases customers' numbers of a session, and reasons of requests. A
// call whose number was erased gets it back from no report: see
// HeardCall.NumberErased.
func (s *Session) EraseNumbers(e NumberErasure) NumbersErased {
	erased := NumbersErased{Session: s}
	for i := range s.Calls {
		c := &s.Calls[i]
		if !e.Covers(*c) {
			continue
		}
		c.PhoneNumber, c.NumberErased = "", true
		erased.Calls++
	}
	for i := range s.Requests {
		r := &s.Requests[i]
		if e.coversReason(*r) {
			r.Reason = ""
			erased.Reasons++
		}
	}
	return erased
}

// EraseNumbers erases customers' numbers of all sessions on the board, and returns
// what was erased of those that had some. Live sessions are told of, so that
// whoever shows them shows the number no more.
func (b *Board) EraseNumbers(e NumberErasure) []NumbersErased {
	var all []NumbersErased
	for _, s := range b.sessions {
		erased := s.EraseNumbers(e)
		if erased.Calls+erased.Reasons == 0 {
			continue
		}
		all = append(all, erased)
		if s.Live() {
			b.log(SessionChanged, s)
		} else {
			b.keep(s)
		}
	}
	return all
}

// numberErased tells whether a call's number was erased, in any session that heard
// it: one that begins to hear it later does not get it either.
func (b *Board) numberErased(callID string) bool {
	return slices.ContainsFunc(b.sessions, func(s *Session) bool {
		return s.Boot == b.dialer.Boot && slices.ContainsFunc(s.Calls, func(c HeardCall) bool {
			return c.CallID == callID && c.NumberErased
		})
	})
}

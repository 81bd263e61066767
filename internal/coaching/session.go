package coaching

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/google/uuid"
)

// SessionID identifies a session. It is ours (UUIDv7).
type SessionID = uuid.UUID

// State is where a session stands. Live means not ended.
type State string

const (
	StateActive State = "active"
	// StateDisconnecting: somebody asked to end it and the answer is open. The
	// supervisor still listens.
	StateDisconnecting State = "disconnecting"
	StateEnded         State = "ended"
)

// EndReason tells how a session ended.
type EndReason string

const (
	EndSupervisorLeft  EndReason = "supervisor_left"
	EndDisconnected    EndReason = "disconnected"     // through a request of ours
	EndCallEnded       EndReason = "call_ended"       // the leg ended with the call
	EndTargetLeft      EndReason = "target_left"      // the agent's own channel went away
	EndTransferred     EndReason = "transferred"      // the agent gave the customer to someone else
	EndMovedOn         EndReason = "moved_on"         // the same leg went to another target
	EndDialerRestarted EndReason = "dialer_restarted" // no leg outlives its dialer
	EndNotObserved     EndReason = "not_observed"     // gone when the dialer was heard again
	EndUnknown         EndReason = "unknown"
)

// EndReasons lists every end reason.
func EndReasons() []EndReason {
	return []EndReason{
		EndSupervisorLeft, EndDisconnected, EndCallEnded, EndTargetLeft, EndTransferred,
		EndMovedOn, EndDialerRestarted, EndNotObserved, EndUnknown,
	}
}

// Session is one supervisor on one target, from attach to detach. It may outlive
// a call and go on to the target's next one; one leg may carry several sessions
// in a row.
type Session struct {
	ID     SessionID `json:"id"`
	Dialer string    `json:"dialer"`
	Boot   string    `json:"boot,omitempty"` // the dialer's run that carried the leg
	Leg    string    `json:"leg"`            // the supervisor's own connection, as the dialer names it

	State    State       `json:"state"`
	Timeline []TypeSince `json:"timeline"` // oldest first, at least one entry; the last is the type now

	User   UserName  `json:"user"`
	Target *UserName `json:"target,omitempty"` // nil until the dialer can tell; set once
	// TargetCampaignID is the campaign the target was in when the session began,
	// else that of the first call heard; nil until one is known.
	TargetCampaignID *uuid.UUID `json:"target_campaign_id,omitempty"`

	StartedAt      time.Time  `json:"started_at"`
	StartedAtExact bool       `json:"started_at_exact"` // false: inferred, not observed
	EndedAt        *time.Time `json:"ended_at,omitempty"`
	EndedAtExact   bool       `json:"ended_at_exact,omitempty"`
	EndReason      EndReason  `json:"end_reason,omitempty"` // "" while live
	EndedBy        *Actor     `json:"ended_by,omitempty"`   // who asked, where it was disconnected

	Calls    []HeardCall         `json:"calls,omitempty"`    // oldest first
	Requests []DisconnectRequest `json:"requests,omitempty"` // oldest first

	// TypeStatedAt is the newest moment, on the dialer's clock, for which the type
	// was stated; it orders statements that come late.
	TypeStatedAt time.Time `json:"type_stated_at"`
	// Sighted is the place, in the dialer's arrival order, of the last report about
	// this session. Snapshots begun before it leave the session alone.
	Sighted Position `json:"sighted"`
}

// Type is the type of the session now, or at its end.
func (s *Session) Type() Type { return s.Timeline[len(s.Timeline)-1].Type }

// TypeSince is since when the session has its type.
func (s *Session) TypeSince() time.Time { return s.Timeline[len(s.Timeline)-1].Since }

// HadTypes are the distinct types the session had, in the order it took them.
func (s *Session) HadTypes() []Type {
	var types []Type
	for _, t := range s.Timeline {
		if !slices.Contains(types, t.Type) {
			types = append(types, t.Type)
		}
	}
	return types
}

// Live tells whether the session has not ended.
func (s *Session) Live() bool { return s.State != StateEnded }

// Length is how long the session lasted; zero while it is live.
func (s *Session) Length() time.Duration {
	if s.EndedAt == nil {
		return 0
	}
	return max(0, s.EndedAt.Sub(s.StartedAt))
}

// CurrentCalls are the calls being heard now; none between two calls.
func (s *Session) CurrentCalls() []HeardCall {
	var current []HeardCall
	for _, c := range s.Calls {
		if c.HeardUntil == nil {
			current = append(current, c)
		}
	}
	return current
}

// Tag is the session's strong validator. It covers what a click was meant for,
// the type and the target, and so not state, calls or time.
func (s *Session) Tag() string {
	target := ""
	if s.Target != nil {
		target = s.Target.ID.String()
	}
	sum := sha256.Sum256([]byte(s.ID.String() + "|" + string(s.Type()) + "|" + target))
	return hex.EncodeToString(sum[:8])
}

// Pending is the request under way that asks for this session's end, nil if
// there is none. Requests that joined it share its outcome.
func (s *Session) Pending() *DisconnectRequest {
	for i := range s.Requests {
		if r := &s.Requests[i]; r.Outcome == OutcomePending && !r.Joined {
			return r
		}
	}
	return nil
}

// forced are the requests under way that ask by force.
func (s *Session) forced() []DisconnectRequest {
	var forced []DisconnectRequest
	for _, r := range s.Requests {
		if r.Outcome == OutcomePending && r.Forced {
			forced = append(forced, r)
		}
	}
	return forced
}

// lastTried is the latest request that was given up though the dialer may still do
// what it was asked for; nil if there is none.
func (s *Session) lastTried() *DisconnectRequest {
	for i := range slices.Backward(s.Requests) {
		if r := s.Requests[i]; !r.Joined && (r.Outcome == OutcomeFailed || r.Outcome == OutcomeTimedOut) {
			return &r
		}
	}
	return nil
}

// Request returns the session's request with an id, nil if there is none.
func (s *Session) Request(id uuid.UUID) *DisconnectRequest {
	for i := range s.Requests {
		if s.Requests[i].ID == id {
			return &s.Requests[i]
		}
	}
	return nil
}

// Brief returns a copy of the session with its current calls and the latest of the
// others: what the change log and the live view hold of it, since a session may
// hear calls all day. A store has them all.
func (s *Session) Brief() *Session {
	c := s.Clone()
	latest := len(s.Calls) - 1
	c.Calls = nil
	for i, call := range s.Calls {
		if i == latest || call.HeardUntil == nil {
			c.Calls = append(c.Calls, call)
		}
	}
	return c
}

// Clone returns a copy that shares nothing that changes with the original.
func (s *Session) Clone() *Session {
	c := *s
	c.Timeline = slices.Clone(s.Timeline)
	c.Calls = slices.Clone(s.Calls)
	c.Requests = slices.Clone(s.Requests)
	return &c
}

package coaching

import (
	"time"

	"github.com/google/uuid"
)

// CallState is where a call stands.
type CallState string

const (
	CallRinging CallState = "ringing"
	CallTalking CallState = "talking"
	CallOnHold  CallState = "on_hold"
	// CallWrapUp: the conversation is over, the agent is still busy with it. The
	// call is current until then: this is when result codes are set.
	CallWrapUp CallState = "wrap_up"
	// CallEnded: the call and its wrap-up are over. It is current for nobody.
	CallEnded CallState = "ended"
)

// Direction tells who began a call.
type Direction string

// The directions.
const (
	DirectionUnknown  Direction = "unknown"
	DirectionInbound  Direction = "inbound"
	DirectionOutbound Direction = "outbound"
)

// Call is the conversation of an agent and a customer, as a session heard it.
//
// CallID is the dialer's own and may be used again after a restart of the
// dialer: it is shown and searched for, but never a key by itself.
type Call struct {
	CallID      string     `json:"call_id"`
	PhoneNumber string     `json:"phone_number,omitempty"`
	Direction   Direction  `json:"direction"`
	State       CallState  `json:"state"`
	StartedAt   time.Time  `json:"started_at"`
	AnsweredAt  *time.Time `json:"answered_at,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"` // end of the conversation; set from wrap-up on
	CampaignID  *uuid.UUID `json:"campaign_id,omitempty"`
	ListID      *uuid.UUID `json:"list_id,omitempty"`
	ResultCode  string     `json:"result_code,omitempty"` // "" until one is applied
}

// Length is how long the conversation has lasted at now, or lasted in all. It is
// never negative, whatever the clocks say.
func (c *Call) Length(now time.Time) time.Duration {
	if c.EndedAt != nil {
		now = *c.EndedAt
	}
	return max(0, now.Sub(c.StartedAt))
}

// HeardCall is a call that a session heard, and when it was heard.
type HeardCall struct {
	Call
	HeardFrom  time.Time  `json:"heard_from"`
	HeardUntil *time.Time `json:"heard_until,omitempty"` // nil while it is heard
	// NumberErased: the number is not known any more, whatever the dialer tells again.
	NumberErased bool `json:"number_erased,omitempty"`
}

package coaching

import (
	"time"

	"github.com/google/uuid"
)

// Outcome tells what became of a request to end a session.
type Outcome string

const (
	OutcomePending           Outcome = "pending"
	OutcomeConfirmed         Outcome = "confirmed"           // the leg is gone, because we asked
	OutcomeAlreadyGone       Outcome = "already_gone"        // it had gone before the ask
	OutcomeMoved             Outcome = "moved"               // the leg is on another target; it was left alone
	OutcomeWouldDropCustomer Outcome = "would_drop_customer" // the supervisor is the customer's only party
	OutcomeRefused           Outcome = "refused"             // the dialer said no
	OutcomeUnreachable       Outcome = "unreachable"         // the dialer could not be asked: nothing was done
	OutcomeTimedOut          Outcome = "timed_out"           // the dialer never answered
	OutcomeFailed            Outcome = "failed"              // the dialer accepted, yet the leg lived on
)

// DisconnectRequest is one person's request to end a session, kept with it.
type DisconnectRequest struct {
	ID      uuid.UUID `json:"id"`
	AskedAt time.Time `json:"asked_at"` // the database's clock
	AskedBy Actor     `json:"asked_by"`
	// Credential is what showed who asks. It means nothing here: the audit names the
	// asker by it.
	Credential string `json:"credential,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Forced     bool   `json:"forced,omitempty"`
	Type       Type   `json:"type"`             // the session's type when it was asked: what force was meant for
	Joined     bool   `json:"joined,omitempty"` // it came while another was under way and shares its outcome
	// AcceptedAt is when the dialer agreed; nil as long as it has not.
	AcceptedAt *time.Time `json:"accepted_at,omitempty"`
	Outcome    Outcome    `json:"outcome"`
	FinishedAt *time.Time `json:"finished_at,omitempty"` // nil while pending
}

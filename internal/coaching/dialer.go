package coaching

import (
	"context"
	"slices"
	"time"
)

// Dialer is a telephone system behind an adapter.
//
// Both methods may be called at the same time; Watch runs at most once at a time.
type Dialer interface {
	// Watch connects and reports SnapshotBegun and a Snapshot first, then every
	// change in the dialer's order, and a new snapshot from time to time. While
	// nothing happens it reports Alive every few seconds.
	//
	// It calls report one at a time, from one goroutine; a report that returns an
	// error ends the watch. It returns when the connection is lost, when ctx ends,
	// or when the dialer cannot be asked: that is an error, never an empty
	// snapshot. It leaves nothing running behind.
	Watch(ctx context.Context, report func(Sighting) error) error

	// HangUp asks for the end of one session. It looks at its newest state of the
	// leg just before it asks, and never touches any other leg. The error gives
	// the cause of Refused, Unreachable and NoAnswer, for the log only.
	//
	// It returns when the dialer has answered, not when the leg is gone: the end
	// comes as a report of Watch. Once ctx's deadline has passed by the clock it asks
	// nothing any more, even where ctx has not ended yet: a process may have been
	// paused, and another may act in its place. Expired tells.
	HangUp(ctx context.Context, ask HangUp) (Verdict, error)
}

// HangUp names one session to a dialer.
type HangUp struct {
	Leg     string
	Targets []string // the target's extensions at this dialer; none while the target is unknown
	Type    Type     // as it was when the request was made
	Force   bool     // even if it drops the customer, as long as the type is still Type
}

// Elsewhere tells whether a leg that is on an extension now is on another target
// than the ask is about.
func (h HangUp) Elsewhere(extension string) bool {
	return len(h.Targets) > 0 && !slices.Contains(h.Targets, extension)
}

// Verdict is a dialer's answer to HangUp.
type Verdict string

const (
	Accepted          Verdict = "accepted"            // asked, and the dialer agreed
	AlreadyGone       Verdict = "already_gone"        // there is no such leg (any more); its end has been reported
	Moved             Verdict = "moved"               // the leg is on another target now; it was left alone
	WouldDropCustomer Verdict = "would_drop_customer" // not asked: the customer would be left with nobody; why has been reported
	Refused           Verdict = "refused"             // the dialer said no; nothing was done
	Unreachable       Verdict = "unreachable"         // not asked: there is no connection
	NoAnswer          Verdict = "no_answer"           // asked, but no answer came: it may still happen
)

// Heard is when a dialer was last heard. No clock of a process is in it, since
// processes' clocks differ: how long ago is a moment of the database's clock.
type Heard struct {
	Ago     time.Duration
	ClockAt *time.Time // what the dialer's own clock showed then; nil if it did not tell
}

// DialerState is what is known of a dialer.
type DialerState struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"` // "simulator" or "asterisk"
	Connected bool   `json:"connected"`
	// Since is since when it is connected or not; nil before the first try.
	Since            *time.Time `json:"since,omitempty"`
	LastHeardAt      *time.Time `json:"last_heard_at,omitempty"`
	LastReconciledAt *time.Time `json:"last_reconciled_at,omitempty"`
	// ClockAt is what its own clock showed when it was last heard; nil if it did not
	// tell. Facts have the dialer's time, other than the moments above.
	ClockAt *time.Time `json:"clock_at,omitempty"`
	Boot    string     `json:"boot,omitempty"` // identifies the dialer's run; "" where it does not tell
	// Connection counts the watches of this dialer, ever. It fences: whoever
	// writes with an older one is refused (ErrSuperseded).
	Connection int64 `json:"connection"`
	// WatchedBy is the name of the process that watches it now; "" if none does. It
	// is kept with the lease.
	WatchedBy string `json:"-"`
	// Behind: whoever watches it could not keep all that it told; also kept with the
	// lease.
	Behind bool `json:"-"`
}

// Expired tells whether the deadline of an ask has passed by the clock, even where
// the context has not ended yet: its timer may be late, and the monotonic clock
// stands still while a machine is suspended.
func Expired(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	now := time.Now()
	return ctx.Err() != nil || ok && (!now.Before(deadline) || !now.Round(0).Before(deadline.Round(0)))
}

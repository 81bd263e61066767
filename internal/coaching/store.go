package coaching

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Recorder keeps what happened. Its methods are safe for concurrent use and
// return ErrUnavailable, in bounded time, when the database is away.
type Recorder interface {
	// Change runs rule in one transaction on the rows in scope, locked in one
	// order, and keeps what the board changed together with its change-log
	// entries; the revision counter is raised last. rule is pure and may run more
	// than once, each time on a fresh board; its error rolls back and is returned
	// as it is. ErrSuperseded tells that the scope's fence is not the holding of
	// the dialer's lease, or its connection not the dialer's newest.
	Change(ctx context.Context, scope Scope, rule func(*Board) error) (Commit, error)

	// Heard keeps when a dialer was last heard, outside the revisions. It changes
	// nothing where the scope's fence or connection is not the newest.
	Heard(ctx context.Context, scope Scope, heard Heard) error
}

// Scope names the rows a change may touch.
type Scope struct {
	// Dialer is the dialer whose rows these are. It is created with Kind if the
	// database does not know it yet.
	Dialer string
	Kind   string
	// Fence must be the newest holding of the dialer's lease, or nil for a change
	// that anybody may make (a request).
	Fence *Fence
	// Connection must be the dialer's newest, or 0 for a change that no watch
	// makes (a request, the beginning of a watch).
	Connection int64

	// What follows adds up. All sessions are those of this dialer only.
	Sessions   []SessionID          // these, live or ended
	Legs       []string             // their live sessions and up to 16 of their newest ended ones
	AllLive    bool                 // every live session of the dialer
	Extensions []string             // their users, and the live sessions that have these users as target
	Calls      []string             // sessions that heard one of these calls (by call id), live or ended
	OpenCalls  bool                 // every session that heard a call which is not over, live or ended
	Catalogue  []CatalogueReference // catalogue entries
}

// CatalogueReference names a catalogue entry by what the scope's dialer says.
type CatalogueReference struct {
	Kind CatalogueKind
	Key  string
}

// ChangeLog is what the live view follows.
type ChangeLog interface {
	// LiveSet returns all that the live view shows and the revision it is true at,
	// in one read.
	LiveSet(ctx context.Context) (LiveSet, error)
	// Changes returns up to limit changes after a revision, in order and without
	// a gap, internal ones included. ErrNotFound tells that they are no longer
	// kept or never were; where that is known it is ErrAnotherHistory too: of this
	// epoch, but from the future, or another change of that number (a standby was
	// promoted that had not got all, or a backup restored).
	Changes(ctx context.Context, after Revision, limit int) ([]Change, error)
	// Listen calls heard with the number of the newest change whenever some process
	// has committed one, and with 0 when a lease was released, one call at a time;
	// first of all once with 0 when it begins. It returns when the connection is
	// lost or ctx ends: what happened since is to be looked for. An engine for one
	// process may have nothing to tell.
	Listen(ctx context.Context, heard func(number int64)) error
	// NewEpoch gives the database another epoch, where it still has this one.
	NewEpoch(ctx context.Context, epoch string) error
}

// LiveSet is the live view's beginning.
type LiveSet struct {
	Revision  Revision
	Sessions  []*Session
	Users     []*User // every user
	Dialers   []DialerState
	Catalogue []CatalogueEntry
	Freed     map[UserID]time.Time // when users last stopped supervising
}

// Archive answers questions about the past.
type Archive interface {
	// Session returns a session with its calls and requests, or ErrNotFound.
	Session(ctx context.Context, id SessionID) (*Session, error)
	// Sessions returns a page of sessions, newest first, without their calls and
	// requests.
	Sessions(ctx context.Context, query SessionQuery) (SessionPage, error)
}

// SessionQuery asks for sessions, newest first. Zero fields do not narrow.
//
// The way in is the first given of CallID, PhoneNumber, UserID, TargetUserID and
// TargetCampaignID, else the time; the others narrow within it, over at most
// 10,000 entries a page.
type SessionQuery struct {
	State            StateFilter
	UserID           *UserID
	TargetUserID     *UserID
	TargetCampaignID *uuid.UUID
	CallID           string
	PhoneNumber      string
	Team             string // of the supervisor or the target, as the users' teams are now
	Types            []Type // any type the session had
	Dialer           string
	EndReason        EndReason
	From, To         *time.Time // half-open, on the start
	At               *time.Time // live at that moment and begun within the 24 hours before
	After            *Place     // nil: from the newest
	Limit            int        // 1..200
}

// StateFilter narrows by state.
type StateFilter string

// The state filters.
const (
	AnyState  StateFilter = "all"
	OnlyLive  StateFilter = "live"
	OnlyEnded StateFilter = "ended"
)

// Place is where a page ended, in the order newest first.
type Place struct {
	StartedAt time.Time
	ID        SessionID
}

// SessionPage is a page of sessions.
type SessionPage struct {
	Sessions []*Session
	Next     *Place // nil on the last page; a page may be short or empty and still have one
}

// Store is all that a Floor needs of persistence.
type Store interface {
	Recorder
	ChangeLog
	Archive
	Leases
}

package coaching

import (
	"strconv"
	"time"
)

// Revision is a place in the change log of one database. Outside it is the
// opaque text of String; the epoch is made at random with the database, so that
// another database's revisions are recognised.
type Revision struct {
	Epoch  string
	Number int64
	// At is when it was committed, on the database's clock; zero where that is not
	// known. With the number it tells one history from another of the same epoch.
	At time.Time
}

// String returns the revision as callers see it, <epoch>-<number>.
func (r Revision) String() string { return r.Epoch + "-" + strconv.FormatInt(r.Number, 10) }

// ChangeKind tells what a change is about: the event type that readers get.
type ChangeKind string

const (
	SessionStarted ChangeKind = "session.started"
	SessionChanged ChangeKind = "session.changed"
	SessionEnded   ChangeKind = "session.ended"
	UserChanged    ChangeKind = "user.changed"
	DialerChanged  ChangeKind = "dialer.changed"
	// CatalogueChanged is internal: it reaches no reader.
	CatalogueChanged ChangeKind = "catalogue.changed"
	// TokenChanged is internal, too, and holds nothing: whoever keeps tokens in
	// memory reads them again.
	TokenChanged ChangeKind = "token.changed"
)

// Change is one entry of the change log: how one thing stands from a revision
// on. Exactly one of the pointers is set, or none: a change of a token, or of a kind
// that only a newer program knows. A change is immutable once committed.
type Change struct {
	Number    int64
	Kind      ChangeKind
	At        time.Time // commit time, on the database's clock
	Session   *Session  // brief: see Session.Brief
	User      *User
	Dialer    *DialerState
	Catalogue *CatalogueEntry
}

// Commit is what one transaction changed; no changes where nothing was new.
type Commit struct {
	Before   Revision // the newest before it
	Revision Revision // the newest after it
	Changes  []Change
}

package coaching

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Rows are what a store puts on a board: all that is in a change's scope.
type Rows struct {
	Now       time.Time // the database's clock
	Dialer    DialerState
	Users     []*User
	Sessions  []*Session // of this dialer, with their calls and requests
	Catalogue []CatalogueEntry
	NewID     func() uuid.UUID // nil: UUIDv7
}

// newID makes a UUIDv7; the random source of the system does not fail.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Board is what one transaction may touch, as it is now. Its methods are the
// rules: they change it and record what changed, and do nothing else. Every rule
// is idempotent.
//
// A board belongs to one goroutine and one transaction.
type Board struct {
	now    time.Time
	newID  func() uuid.UUID
	dialer DialerState

	users     map[UserID]*User
	byExt     map[string]*User // at this dialer
	sessions  []*Session
	catalogue map[catalogueKey]CatalogueEntry
	memory    *Memory

	dialerBefore  DialerState
	dirtyUsers    []*User
	dirtySessions []*Session
	dirtyEntries  []CatalogueEntry
	sessionLog    []sessionChange
}

// sessionChange is an entry of the change log in the making.
type sessionChange struct {
	kind    ChangeKind
	session *Session // the board's, until frozen is set
	frozen  *Session // as it was, where more than one entry tells of a session
}

// NewBoard returns a board with these rows, which it may change.
func NewBoard(rows Rows) *Board {
	b := &Board{
		now: rows.Now, newID: rows.NewID, dialer: rows.Dialer, dialerBefore: rows.Dialer, sessions: rows.Sessions,
		users: map[UserID]*User{}, byExt: map[string]*User{}, catalogue: map[catalogueKey]CatalogueEntry{},
		memory: NewMemory(),
	}
	if b.newID == nil {
		b.newID = newID
	}
	for _, u := range rows.Users {
		b.index(u)
	}
	for _, e := range rows.Catalogue {
		b.catalogue[catalogueKey{e.Kind, e.Dialer, e.Key}] = e
	}
	return b
}

// Dialer is the dialer as it stands on the board.
func (b *Board) Dialer() DialerState { return b.dialer }

// Session returns the session with an id, nil if it is not on the board.
func (b *Board) Session(id SessionID) *Session {
	for _, s := range b.sessions {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// Recall gives the board what the watch remembers of its connection, to work on
// a copy of it; Remembered returns that copy, for when the change is committed.
func (b *Board) Recall(m *Memory) { b.memory = m.stage() }

// Remembered is the memory as the board's rules left it.
func (b *Board) Remembered() *Memory { return b.memory }

// Observe applies one report of the dialer, which stands at pos in its order.
func (b *Board) Observe(pos Position, sighting Sighting) {
	switch s := sighting.(type) {
	case SnapshotBegun:
		b.snapshotBegun(pos, s.Boot)
	case Snapshot:
		b.snapshot(pos, s)
	case Attached:
		b.attached(pos, s)
	case Detached:
		b.detached(pos, s)
	case CallSeen:
		b.callSeen(pos, s)
	case UserSeen:
		b.memory.told[s.Person.Extension] = true
		b.userSeen(s)
	}
}

// Writes is what a board changed, for a store to keep: rows as they are to be,
// and the change log's entries in their order, without numbers and times.
type Writes struct {
	Dialer    *DialerState // nil if unchanged
	Users     []*User
	Sessions  []*Session
	Catalogue []CatalogueEntry
	Changes   []Change
}

// Writes returns what changed since NewBoard.
func (b *Board) Writes() Writes {
	w := Writes{Users: b.dirtyUsers, Sessions: b.dirtySessions, Catalogue: b.dirtyEntries}
	for _, e := range b.dirtyEntries {
		w.Changes = append(w.Changes, Change{Kind: CatalogueChanged, Catalogue: &e})
	}
	for _, u := range b.dirtyUsers {
		w.Changes = append(w.Changes, Change{Kind: UserChanged, User: u.Clone()})
	}
	for _, c := range b.sessionLog {
		if c.frozen == nil {
			c.frozen = c.session.Brief()
		}
		w.Changes = append(w.Changes, Change{Kind: c.kind, Session: c.frozen})
	}
	if b.dialer != b.dialerBefore {
		d := b.dialer
		w.Dialer = &d
		if !sameDialer(d, b.dialerBefore) {
			w.Changes = append(w.Changes, Change{Kind: DialerChanged, Dialer: &d})
		}
	}
	return w
}

// log notes a change of a session. Changes of one session between its start and
// its end become one entry a transaction, with what it came to.
func (b *Board) log(kind ChangeKind, s *Session) {
	b.keep(s)
	for i := len(b.sessionLog) - 1; i >= 0; i-- {
		last := &b.sessionLog[i]
		if last.session != s {
			continue
		}
		if kind == SessionChanged {
			return
		}
		if kind == SessionEnded && last.kind == SessionChanged {
			last.kind = SessionEnded
			return
		}
		break
	}
	b.sessionLog = append(b.sessionLog, sessionChange{kind: kind, session: s})
}

// keep has the session's row written without telling anybody.
func (b *Board) keep(s *Session) {
	if !slices.Contains(b.dirtySessions, s) {
		b.dirtySessions = append(b.dirtySessions, s)
	}
}

// freeze keeps what a session's start looked like, before the same transaction
// ends it.
func (b *Board) freeze(s *Session) {
	for i := range b.sessionLog {
		if c := &b.sessionLog[i]; c.session == s && c.kind == SessionStarted && c.frozen == nil {
			c.frozen = s.Brief()
		}
	}
}

// sameDialer tells whether two states show the same; how many watches there were
// is nobody's business.
func sameDialer(a, b DialerState) bool {
	return a.Kind == b.Kind && a.Connected == b.Connected && a.Boot == b.Boot && sameTime(a.Since, b.Since) &&
		sameTime(a.LastHeardAt, b.LastHeardAt) && sameTime(a.LastReconciledAt, b.LastReconciledAt) && sameTime(a.ClockAt, b.ClockAt)
}

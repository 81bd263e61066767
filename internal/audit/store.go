package audit

import (
	"context"
	"time"
)

// Store keeps the entries. Its methods are safe for concurrent use, also from
// several processes, and end in bounded time when the database is away.
type Store interface {
	// AuditKey returns the key of this month, which the first who asks makes, and the
	// database's clock.
	AuditKey(ctx context.Context) (Key, time.Time, error)
	// AppendAudit appends entries in one transaction, all or none.
	AppendAudit(ctx context.Context, entries []Entry) error
	// AuditPage returns entries, newest first.
	AuditPage(ctx context.Context, q Query) (Page, error)
	Chain
}

// Chain is what is to be verified.
type Chain interface {
	// AuditHead returns where the chain ends, as the last who appended noted it.
	AuditHead(ctx context.Context) (Head, error)
	// AuditEntries returns up to limit entries after a number, oldest first.
	AuditEntries(ctx context.Context, after int64, limit int) ([]Entry, error)
}

// Query asks for entries, newest first. Zero fields do not narrow. The way in is
// the first given of SubjectID, ActorID and Action, else the number; the others
// narrow within it, over at most 10,000 entries a page.
type Query struct {
	Action    Action
	ActorID   string
	SubjectID string
	From, To  *time.Time // half-open
	Before    int64      // only lower numbers; 0: from the newest
	Limit     int
}

// Page is a page of entries.
type Page struct {
	Entries []Entry
	Next    int64 // Before of the next page; 0 on the last. A page may be short or empty and still have one
	Head    Head
}

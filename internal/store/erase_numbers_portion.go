package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// loggedFor is how long the change log may tell of a session that has ended.
const loggedFor = 48 * time.Hour

// portion erases what is to go of some sessions, in one transaction with the entries
// of the change log for those that are live, and with the audit's.
func (e *eraser) portion(ctx context.Context, ids []key) error {
	if len(ids) == 0 {
		return nil
	}
	var erased []coaching.NumbersErased
	try := func(tx *gorm.DB) error {
		c := change{engine: e.store.engine, looking: e.dryRun}
		if err := c.loadSessionsOf(tx, sorted(ids)); err != nil {
			return err
		}
		board := coaching.NewBoard(c.rows)
		erased = board.EraseNumbers(e.rules)
		if c.looking || len(erased) == 0 {
			return nil
		}
		entry, err := e.entry(erased)
		if err != nil {
			return err
		}
		c.audited = append(c.audited, entry)
		return c.keep(tx, board.Writes())
	}
	var err error
	if e.dryRun {
		err = e.store.bounded(ctx, "look at numbers", func(ctx context.Context) error { return try(e.store.reading.WithContext(ctx)) })
	} else {
		err = e.store.tried(ctx, "erase numbers", try)
	}
	if err == nil {
		e.count(erased)
	}
	return err
}

// entry tells the audit how much was erased; it holds nothing of the number.
func (e *eraser) entry(erased []coaching.NumbersErased) (audit.Entry, error) {
	calls, reasons := 0, 0
	var sessions []coaching.SessionID
	for _, one := range erased {
		calls, reasons = calls+one.Calls, reasons+one.Reasons
		sessions = append(sessions, one.Session.ID)
	}
	details := audit.Details{"by": "age", "calls": calls, "reasons": reasons}
	if !e.rules.Number.IsZero() {
		details["by"], details["session_ids"] = "number", sessions
	}
	text, err := details.Text(audit.Key{}) // nothing in it is personal
	return audit.Entry{Action: audit.NumbersErased, Result: audit.Done, Actor: audit.Actor{Kind: e.by}, Details: text}, err
}

func (e *eraser) count(erased []coaching.NumbersErased) {
	for _, one := range erased {
		e.total.Calls += one.Calls
		e.total.Reasons += one.Reasons
		s := one.Session
		if s.Live() || s.EndedAt.After(e.now.Add(-loggedFor)) {
			e.logged = true
		}
		if e.rules.Number.IsZero() {
			continue // of an age there may be millions
		}
		if one.Calls > 0 {
			e.sessions[key(s.ID)] = true
		}
		if one.Calls > 0 && s.Live() {
			e.live[key(s.ID)] = true
		}
	}
	e.total.Sessions, e.total.Live = len(e.sessions), len(e.live)
	e.seen(e.total)
}

// loadSessionsOf puts the sessions with these ids on the board's rows, whole. The ids
// are sorted: it is the order of locks.
func (c *change) loadSessionsOf(tx *gorm.DB, ids []key) error {
	rows, err := find[sessionRow](ids, func(list []key) *gorm.DB {
		some := tx.Where("id IN ?", list).Order("id")
		if c.looking {
			return some
		}
		return some.Clauses(clause.Locking{Strength: "UPDATE"})
	})
	if err != nil {
		return err
	}
	return c.takeSessions(tx, rows)
}

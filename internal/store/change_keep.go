package store

import (
	"reflect"
	"slices"

	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// changesAtOnce keeps one insert of the change log below the databases' limits of
// parameters; a transaction hardly ever has more changes.
const changesAtOnce = 2000

// keep writes what the board changed, the counter and the change log last. It
// writes nothing where nothing is new.
func (c *change) keep(tx *gorm.DB, w coaching.Writes) error {
	if w.Dialer != nil {
		row := rowOfDialer(*w.Dialer)
		if err := write(tx, []dialerRow{row}, "name"); err != nil {
			return err
		}
	} else if c.newDialer {
		// Whoever follows the log gets to know it.
		d := c.rows.Dialer
		w.Changes = append(w.Changes, coaching.Change{Kind: coaching.DialerChanged, Dialer: &d})
	}
	if err := c.keepUsers(tx, w.Users); err != nil {
		return err
	}
	entries := make([]catalogueRow, len(w.Catalogue))
	for i, e := range w.Catalogue {
		entries[i] = rowOfEntry(e)
	}
	if err := write(tx, entries, "id"); err != nil {
		return err
	}
	if err := c.keepSessions(tx, w.Sessions); err != nil {
		return err
	}
	if err := appendAudit(tx, c.engine, c.audited); err != nil {
		return err
	}
	return c.tell(tx, w.Changes)
}

// keepUsers takes extensions away before it gives any: one may have gone from one
// user to another. An extension that somebody else has is an error.
func (c *change) keepUsers(tx *gorm.DB, users []*coaching.User) error {
	var changed []userRow
	var gained, gone []extensionRow
	for _, u := range users {
		after := rowsOfUser(u)
		before, known := c.users[after.user.ID]
		if !known || !reflect.DeepEqual(before.user, after.user) {
			changed = append(changed, after.user)
		}
		for _, e := range after.extensions {
			if !slices.Contains(before.extensions, e) {
				gained = append(gained, e)
			}
		}
		for _, e := range before.extensions {
			if !slices.Contains(after.extensions, e) {
				gone = append(gone, e)
			}
		}
	}
	if err := write(tx, changed, "id"); err != nil {
		return err
	}
	for _, e := range gone {
		if err := tx.Where("dialer = ? AND extension = ?", e.Dialer, e.Extension).Delete(&extensionRow{}).Error; err != nil {
			return err
		}
	}
	return insert(tx, gained)
}

// keepSessions writes the rows that differ from what was read. Sessions that have
// ended go first: a leg's next session may be live only then.
func (c *change) keepSessions(tx *gorm.DB, sessions []*coaching.Session) error {
	var ended, live []sessionRow
	var calls []callRow
	var requests []requestRow
	var shorter []sessionRows
	for _, s := range sessions {
		after, err := rowsOfSession(s)
		if err != nil {
			return err
		}
		before, known := c.sessions[after.session.ID]
		switch {
		case known && reflect.DeepEqual(before.session, after.session):
		case s.Live():
			live = append(live, after.session)
		default:
			ended = append(ended, after.session)
		}
		calls = append(calls, news(before.calls, after.calls)...)
		if len(after.calls) < len(before.calls) {
			shorter = append(shorter, after)
		}
		requests = append(requests, news(before.requests, after.requests)...)
		if err := c.audit(before.requests, after.requests); err != nil {
			return err
		}
	}
	if err := write(tx, ended, "id"); err != nil {
		return err
	}
	if err := keepFreed(tx, ended); err != nil {
		return err
	}
	if err := write(tx, live, "id"); err != nil {
		return err
	}
	if err := write(tx, calls, "session_id", "seq"); err != nil {
		return err
	}
	for _, rows := range shorter {
		if err := tx.Where("session_id = ? AND seq >= ?", rows.session.ID, len(rows.calls)).Delete(&callRow{}).Error; err != nil {
			return err
		}
	}
	return write(tx, requests, "session_id", "seq")
}

// audit enters requests that were made and those that got their outcome.
func (c *change) audit(before, after []requestRow) error {
	pending := string(coaching.OutcomePending)
	for i, row := range after {
		isNew := i >= len(before)
		if isNew {
			e, err := row.requested()
			if err != nil {
				return err
			}
			c.audited = append(c.audited, e)
		}
		if row.Outcome != pending && (isNew || before[i].Outcome == pending) {
			e, err := row.finished()
			if err != nil {
				return err
			}
			c.audited = append(c.audited, e)
		}
	}
	return nil
}

// news are the rows that were not so before.
func news[Row any](before, after []Row) []Row {
	var rows []Row
	for i, row := range after {
		if i >= len(before) || !reflect.DeepEqual(before[i], row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// tell raises the counter and writes the change log: from here to the commit every
// other change waits.
func (c *change) tell(tx *gorm.DB, changes []coaching.Change) (err error) {
	kept := make([]coaching.Change, len(changes))
	for i, change := range changes {
		if kept[i], err = asKept(change); err != nil {
			return err
		}
	}
	var head counterRow
	if len(kept) == 0 {
		head, err = counter(tx)
	} else {
		head, err = c.engine.raise(tx, len(kept))
	}
	if err != nil {
		return err
	}
	rows := make([]changeRow, len(kept))
	for i := range kept {
		kept[i].Number, kept[i].At = head.Revision-int64(len(kept)-1-i), head.AsOf.time()
		if rows[i], err = rowOfChange(kept[i]); err != nil {
			return err
		}
	}
	c.commit = coaching.Commit{Before: head.before(len(kept)), Revision: head.toRevision(), Changes: kept}
	for batch := range slices.Chunk(rows, changesAtOnce) {
		if err := tx.Create(&batch).Error; err != nil {
			return err
		}
	}
	return nil
}

package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/coachmanager/coachmanager/internal/audit"
)

var _ audit.Store = (*Store)(nil)

// AuditKey is part of audit.Store.
func (s *Store) AuditKey(ctx context.Context) (made audit.Key, now time.Time, err error) {
	err = s.bounded(ctx, "read the key of the audit", func(ctx context.Context) error {
		tx := s.writing.WithContext(ctx)
		if now, err = s.engine.now(tx); err != nil {
			return err
		}
		secret, err := s.key(tx, audit.KeyName(now))
		made = audit.Key(secret)
		return err
	})
	return made, now, err
}

// AppendAudit is part of audit.Store.
func (s *Store) AppendAudit(ctx context.Context, entries []audit.Entry) error {
	return s.tried(ctx, "append to the audit", func(tx *gorm.DB) error { return appendAudit(tx, s.engine, entries) })
}

// appendAudit gives entries their numbers, times and hashes, and keeps them. From
// here to the commit everybody else who appends waits, so it comes late in a
// transaction: after all other rows, and before the counter.
func appendAudit(tx *gorm.DB, e engine, entries []audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	head, err := lockAudit(tx)
	if err != nil {
		return err
	}
	now, err := e.now(tx)
	if err != nil {
		return err
	}
	if now.Before(head.At.time()) { // the clock was set back: times rise with the numbers all the same
		now = head.At.time()
	}
	rows := make([]auditRow, len(entries))
	end := head.toHead()
	for i, entry := range entries {
		entry.Number, entry.At = end.Number+1, at(now).time()
		entry.Hash = entry.After(end.Hash)
		end = audit.Head{Number: entry.Number, Hash: entry.Hash}
		rows[i] = rowOfAudit(entry)
	}
	if err := insert(tx, rows); err != nil {
		return err
	}
	return tx.Exec("UPDATE audit_head SET number = ?, at = ?, hash = ? WHERE id = 1", end.Number, at(now), end.Hash[:]).Error
}

// lockAudit has all others wait who append, until the commit.
func lockAudit(tx *gorm.DB) (head auditHeadRow, err error) {
	err = tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = 1").Take(&head).Error
	return head, err
}

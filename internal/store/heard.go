package store

import (
	"context"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Heard is part of coaching.Recorder.
func (s *Store) Heard(ctx context.Context, scope coaching.Scope, heard coaching.Heard) error {
	if !storable(scope.Dialer) {
		return nil
	}
	return s.bounded(ctx, "keep when the dialer was heard", func(ctx context.Context) error {
		tx := s.writing.WithContext(ctx)
		now, err := s.engine.now(tx)
		if err != nil {
			return err
		}
		moment := at(now.Add(-heard.Ago))
		update := `UPDATE dialers SET last_heard_at = ?, clock_at = coalesce(?, clock_at)
			WHERE name = ? AND connection = ? AND (last_heard_at IS NULL OR last_heard_at < ?)`
		args := []any{moment, atOrNull(heard.ClockAt), scope.Dialer, scope.Connection, moment}
		if scope.Fence != nil {
			update += " AND EXISTS (SELECT 1 FROM leases WHERE dialer = ? AND fence = ? AND token = ?)"
			args = append(args, scope.Dialer, scope.Fence.Number, scope.Fence.Token)
		}
		return tx.Exec(update, args...).Error
	})
}

package store

import (
	"context"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Heard is part of coaching.Recorder.
func (s *Store) Heard(ctx context.Context, dialer string, connection int64, heard coaching.Heard) error {
	if !storable(dialer) {
		return nil
	}
	return s.bounded(ctx, "keep when the dialer was heard", func(ctx context.Context) error {
		tx := s.writing.WithContext(ctx)
		now, err := s.engine.now(tx)
		if err != nil {
			return err
		}
		moment := at(now.Add(-heard.Ago))
		return tx.Exec(`UPDATE dialers SET last_heard_at = ?, clock_at = coalesce(?, clock_at)
			WHERE name = ? AND connection = ? AND (last_heard_at IS NULL OR last_heard_at < ?)`,
			moment, atOrNull(heard.ClockAt), dialer, connection, moment).Error
	})
}

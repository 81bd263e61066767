package store

import (
	"context"
	"time"
)

// Heard is part of coaching.Recorder.
func (s *Store) Heard(ctx context.Context, dialer string, connection int64, moment time.Time) error {
	if !storable(dialer) {
		return nil
	}
	return s.bounded(ctx, "keep when the dialer was heard", func(ctx context.Context) error {
		return s.writing.WithContext(ctx).Exec(
			"UPDATE dialers SET last_heard_at = ? WHERE name = ? AND connection = ? AND (last_heard_at IS NULL OR last_heard_at < ?)",
			at(moment), dialer, connection, at(moment)).Error
	})
}

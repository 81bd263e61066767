package store

import (
	"context"
	"time"
)

// pruneBatch bounds how long a delete holds up other writers.
const pruneBatch = 2000

// Prune forgets changes that are older than an age, by the database's clock, oldest
// first, and tells how many. The newest change is always kept. Readers who stand before the
// oldest kept one have to begin anew from the live set.
func (s *Store) Prune(ctx context.Context, age time.Duration) (int64, error) {
	var total int64
	for {
		var deleted int64
		err := s.bounded(ctx, "prune the change log", func(ctx context.Context) error {
			tx := s.writing.WithContext(ctx)
			now, err := s.engine.now(tx)
			if err != nil {
				return err
			}
			// Times rise with numbers, so the oldest batch tells whether to go on.
			result := tx.Exec(`DELETE FROM changes
				WHERE number IN (SELECT number FROM changes ORDER BY number LIMIT ?)
				AND at < ? AND number < (SELECT revision FROM counter WHERE id = 1)`, pruneBatch, at(now.Add(-age)))
			deleted = result.RowsAffected
			return result.Error
		})
		total += deleted
		if err != nil || deleted < pruneBatch {
			return total, err
		}
	}
}

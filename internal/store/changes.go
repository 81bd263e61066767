package store

import (
	"context"
	"fmt"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// mostChanges is how many changes one call returns at most.
const mostChanges = 10_000

// Changes is part of coaching.ChangeLog. The head is read first: entries that are
// committed after that are left for the next call.
func (s *Store) Changes(ctx context.Context, after coaching.Revision, limit int) ([]coaching.Change, error) {
	var rows []changeRow
	err := s.bounded(ctx, "read the change log", func(ctx context.Context) error {
		tx := s.reading.WithContext(ctx)
		head, err := counter(tx)
		switch {
		case err != nil:
			return err
		case after.Epoch != head.Epoch || after.Number < 0 || after.Number > head.Revision:
			return coaching.ErrNotFound
		case after.Number == head.Revision || limit <= 0:
			return nil
		}
		err = tx.Where("number > ?", after.Number).Order("number").Limit(min(limit, mostChanges)).Find(&rows).Error
		if err == nil && (len(rows) == 0 || rows[0].Number != after.Number+1) {
			return fmt.Errorf("what followed %d was pruned: %w", after.Number, coaching.ErrNotFound)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	changes := make([]coaching.Change, len(rows))
	for i, row := range rows {
		if changes[i], err = row.toChange(); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

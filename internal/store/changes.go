package store

import (
	"context"
	"fmt"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// mostChanges is how many changes one call returns at most.
const mostChanges = 10_000

// Changes is part of coaching.ChangeLog. The head is read first: entries that are
// committed after that are left for the next call. The entry of the revision
// itself, which is kept at least as long, shows whether this is the same history.
func (s *Store) Changes(ctx context.Context, after coaching.Revision, limit int) ([]coaching.Change, error) {
	var rows []changeRow
	err := s.bounded(ctx, "read the change log", func(ctx context.Context) error {
		tx := s.following.WithContext(ctx)
		head, err := counter(tx)
		switch {
		case err != nil:
			return err
		case after.Epoch != head.Epoch || after.Number < 0 || after.Number > head.Revision:
			return coaching.ErrNotFound
		case after.Number == head.Revision:
			return sameHistory(after, head.Revision, head.AsOf)
		case limit <= 0:
			return nil
		}
		first := after.Number + 1
		if after.Number > 0 && !after.At.IsZero() {
			first--
		}
		err = tx.Where("number >= ?", first).Order("number").Limit(min(limit, mostChanges) + 1).Find(&rows).Error
		if err != nil {
			return err
		}
		if len(rows) == 0 || rows[0].Number != first {
			return fmt.Errorf("what followed %d was pruned: %w", after.Number, coaching.ErrNotFound)
		}
		if first == after.Number {
			err = sameHistory(after, rows[0].Number, rows[0].At)
			rows = rows[1:]
		}
		rows = rows[:min(len(rows), limit, mostChanges)]
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

// sameHistory tells whether the change of a number is the one that is meant.
func sameHistory(after coaching.Revision, number int64, committed instant) error {
	if number == 0 || after.At.IsZero() || committed == at(after.At) {
		return nil
	}
	return fmt.Errorf("%d was committed at another moment: %w", number, coaching.ErrNotFound)
}

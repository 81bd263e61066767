package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// FindUsers returns the users with an id or an external id: none or one as a rule.
// Databases of the first schema may have several of one external id.
func (s *Store) FindUsers(ctx context.Context, idOrExternalID string) ([]*coaching.User, error) {
	if !storable(idOrExternalID) {
		return nil, nil
	}
	var rows []userRow
	err := s.bounded(ctx, "find a user", func(ctx context.Context) error {
		tx := s.reading.WithContext(ctx)
		if id, err := uuid.Parse(idOrExternalID); err == nil {
			if err := tx.Where("id = ?", key(id)).Find(&rows).Error; err != nil || len(rows) > 0 {
				return err
			}
		}
		return tx.Where("external_id = ?", idOrExternalID).Order("id").Find(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	users := make([]*coaching.User, len(rows))
	for i, row := range rows {
		users[i] = userRows{user: row}.toUser()
	}
	return users, nil
}

// HistoryBegins is when the oldest session began; nil where there is none.
func (s *Store) HistoryBegins(ctx context.Context) (*time.Time, error) {
	var oldest []instant
	err := s.bounded(ctx, "look where the history begins", func(ctx context.Context) error {
		return s.reading.WithContext(ctx).Model(&sessionRow{}).Where("state <> ''"). // in the words of the index by time
												Order("started_at, id").Limit(1).Pluck("started_at", &oldest).Error
	})
	if err != nil || len(oldest) == 0 {
		return nil, err
	}
	return oldest[0].timeOrNil(), nil
}

package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Session is part of coaching.Archive. It reads in one transaction: a session
// never comes with calls or requests of another moment.
func (s *Store) Session(ctx context.Context, id coaching.SessionID) (*coaching.Session, error) {
	var whole []sessionRows
	err := s.bounded(ctx, "read a session", func(ctx context.Context) error {
		return s.reading.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			var rows []sessionRow
			err := tx.Where("id = ?", key(id)).Find(&rows).Error
			if err == nil && len(rows) == 0 {
				return coaching.ErrNotFound
			}
			if err == nil {
				whole, err = withCallsAndRequests(tx, rows)
			}
			return err
		}, oneMoment)
	})
	if err != nil {
		return nil, err
	}
	return whole[0].toSession()
}

// withCallsAndRequests reads what belongs to some sessions.
func withCallsAndRequests(tx *gorm.DB, rows []sessionRow) ([]sessionRows, error) {
	whole := make([]sessionRows, len(rows))
	place := make(map[key]int, len(rows))
	ids := make([]key, len(rows))
	for i, row := range rows {
		whole[i].session, place[row.ID], ids[i] = row, i, row.ID
	}
	calls, err := find[callRow](ids, func(list []key) *gorm.DB {
		return tx.Where("session_id IN ?", list).Order("session_id, seq")
	})
	if err != nil {
		return nil, err
	}
	for _, c := range calls {
		into := &whole[place[c.SessionID]]
		into.calls = append(into.calls, c)
	}
	requests, err := find[requestRow](ids, func(list []key) *gorm.DB {
		return tx.Where("session_id IN ?", list).Order("session_id, seq")
	})
	if err != nil {
		return nil, err
	}
	for _, r := range requests {
		into := &whole[place[r.SessionID]]
		into.requests = append(into.requests, r)
	}
	return whole, nil
}

func toSessions(whole []sessionRows) ([]*coaching.Session, error) {
	var sessions []*coaching.Session
	for _, rows := range whole {
		s, err := rows.toSession()
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, s)
	}
	return sessions, nil
}

package store

import (
	"context"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

const (
	mostSessions = 200    // on a page
	mostEntries  = 10_000 // along its index, that a page looks at
)

// Sessions is part of coaching.Archive. It walks one index from the newest entry,
// or from where the last page ended, and asks for one row more than it returns to
// know whether there is a next page.
func (s *Store) Sessions(ctx context.Context, query coaching.SessionQuery) (coaching.SessionPage, error) {
	q, possible := newSessionsQuery(query, s.mostEntries)
	if !possible {
		return coaching.SessionPage{}, nil
	}
	limit := max(1, min(query.Limit, mostSessions))
	var rows []sessionRow
	var next *coaching.Place
	read := func(tx *gorm.DB) (err error) {
		sql, args := q.page(limit + 1)
		if err := tx.Raw(sql, args...).Scan(&rows).Error; err != nil {
			return err
		}
		if len(rows) <= limit && len(q.narrow) > 0 {
			next, err = q.end(tx)
		}
		return err
	}
	err := s.bounded(ctx, "read sessions", func(ctx context.Context) error {
		tx := s.reading.WithContext(ctx)
		if len(q.narrow) == 0 { // one statement
			return read(tx)
		}
		return tx.Transaction(read, oneMoment)
	})
	if err != nil {
		return coaching.SessionPage{}, err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = &coaching.Place{StartedAt: rows[limit-1].StartedAt.time(), ID: coaching.SessionID(rows[limit-1].ID)}
	}
	page := coaching.SessionPage{Next: next}
	for _, row := range rows {
		session, err := row.toSession()
		if err != nil {
			return coaching.SessionPage{}, err
		}
		page.Sessions = append(page.Sessions, session)
	}
	return page, nil
}

// storable tells whether a text can be in a database at all: NUL and invalid UTF-8
// cannot, and Postgres refuses to look for them.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

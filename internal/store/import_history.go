package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// importLimit bounds an import, which may be long.
const importLimit = 2 * time.Minute

// History is a past to begin with.
type History struct {
	Users     []*coaching.User
	Catalogue []coaching.CatalogueEntry
	Sessions  []*coaching.Session // ended ones
}

// ImportHistory puts a past in place that nobody has watched: the demo's months
// before today. It fills an empty database only, and tells whether it did: where
// there are sessions or users already it changes nothing.
//
// The change log has no entries for it, so it comes before the live set is read.
func (s *Store) ImportHistory(ctx context.Context, history History) (done bool, err error) {
	rows, err := rowsOfHistory(history)
	if err != nil {
		return false, err
	}
	bounded, cancel := context.WithTimeout(ctx, importLimit)
	defer cancel()
	err = s.writing.WithContext(bounded).Transaction(func(tx *gorm.DB) error {
		var used bool
		err := tx.Raw("SELECT EXISTS (SELECT 1 FROM sessions) OR EXISTS (SELECT 1 FROM users)").Scan(&used).Error
		if err != nil || used {
			return err
		}
		done = true
		return rows.insert(tx)
	})
	return done && err == nil, s.failure(ctx, "import the history", err)
}

type historyRows struct {
	users      []userRow
	extensions []extensionRow
	catalogue  []catalogueRow
	sessions   []sessionRow
	calls      []callRow
	requests   []requestRow
}

func rowsOfHistory(history History) (historyRows, error) {
	var all historyRows
	for _, u := range history.Users {
		rows := rowsOfUser(u)
		all.users = append(all.users, rows.user)
		all.extensions = append(all.extensions, rows.extensions...)
	}
	for _, e := range history.Catalogue {
		all.catalogue = append(all.catalogue, rowOfEntry(e))
	}
	for _, s := range history.Sessions {
		if s.Live() {
			return historyRows{}, fmt.Errorf("import session %s: it is live", s.ID)
		}
		rows, err := rowsOfSession(s)
		if err != nil {
			return historyRows{}, err
		}
		all.sessions = append(all.sessions, rows.session)
		all.calls = append(all.calls, rows.calls...)
		all.requests = append(all.requests, rows.requests...)
	}
	return all, nil
}

func (all historyRows) insert(tx *gorm.DB) error {
	for _, insert := range []func() error{
		func() error { return insert(tx, all.users) },
		func() error { return insert(tx, all.extensions) },
		func() error { return insert(tx, all.catalogue) },
		func() error { return insert(tx, all.sessions) },
		func() error { return insert(tx, all.calls) },
		func() error { return insert(tx, all.requests) },
	} {
		if err := insert(); err != nil {
			return err
		}
	}
	return nil
}

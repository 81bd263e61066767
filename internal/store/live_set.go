package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// oneMoment has all reads of a transaction see the same moment.
var oneMoment = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}

// LiveSet is part of coaching.ChangeLog. It is read whole, and seldom; of people
// there may be a million. So it may take as long as it goes forward.
func (s *Store) LiveSet(ctx context.Context) (coaching.LiveSet, error) {
	var set coaching.LiveSet
	patience := 3 * s.patience
	inner, giveUp := context.WithCancel(ctx)
	defer giveUp()
	alive := time.AfterFunc(patience, giveUp)
	defer alive.Stop()
	err := s.following.WithContext(inner).Transaction(func(tx *gorm.DB) (err error) {
		if err = s.engine.unhurried(tx, patience); err == nil {
			set, err = liveSet(tx, func() { alive.Reset(patience) })
		}
		return err
	}, oneMoment)
	if err != nil && inner.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	if err != nil {
		return coaching.LiveSet{}, s.failure(ctx, "read the live set", err)
	}
	return set, nil
}

// liveSet reads all tables as they are at one moment: that of the transaction's
// first read. It tells forward that it goes on.
func liveSet(tx *gorm.DB, forward func()) (set coaching.LiveSet, err error) {
	head, err := counter(tx)
	if err != nil {
		return set, err
	}
	set.Revision = head.toRevision()
	if set.Sessions, err = liveSessions(tx); err != nil {
		return set, err
	}
	if set.Users, err = allUsers(tx, forward); err != nil {
		return set, err
	}
	var dialers []dialerRow
	if err := tx.Order("name").Find(&dialers).Error; err != nil {
		return set, err
	}
	for _, row := range dialers {
		set.Dialers = append(set.Dialers, row.toDialer())
	}
	var entries []catalogueRow
	if err := tx.Order("id").Find(&entries).Error; err != nil {
		return set, err
	}
	for _, row := range entries {
		set.Catalogue = append(set.Catalogue, row.toEntry())
	}
	set.Freed, err = allFreed(tx)
	return set, err
}

func liveSessions(tx *gorm.DB) ([]*coaching.Session, error) {
	var rows []sessionRow
	if err := tx.Where("state <> 'ended'").Order("started_at, id").Find(&rows).Error; err != nil {
		return nil, err
	}
	whole, err := withCallsAndRequests(tx, rows)
	if err != nil {
		return nil, err
	}
	return toSessions(whole)
}

package store

import (
	"context"
	"database/sql"

	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// oneMoment has all reads of a transaction see the same moment.
var oneMoment = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}

// LiveSet is part of coaching.ChangeLog.
func (s *Store) LiveSet(ctx context.Context) (coaching.LiveSet, error) {
	var set coaching.LiveSet
	patience := 3 * s.patience // it is read whole, and seldom
	err := s.boundedBy(ctx, patience, "read the live set", func(ctx context.Context) error {
		return s.following.WithContext(ctx).Transaction(func(tx *gorm.DB) (err error) {
			if err = s.engine.unhurried(tx, patience); err == nil {
				set, err = liveSet(tx)
			}
			return err
		}, oneMoment)
	})
	if err != nil {
		return coaching.LiveSet{}, err
	}
	return set, nil
}

// liveSet reads all tables as they are at one moment: that of the transaction's
// first read.
func liveSet(tx *gorm.DB) (set coaching.LiveSet, err error) {
	head, err := counter(tx)
	if err != nil {
		return set, err
	}
	set.Revision = head.toRevision()
	if set.Sessions, err = liveSessions(tx); err != nil {
		return set, err
	}
	if set.Users, err = allUsers(tx); err != nil {
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
	return set, nil
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

func allUsers(tx *gorm.DB) ([]*coaching.User, error) {
	var rows []userRow
	if err := tx.Order("id").Find(&rows).Error; err != nil {
		return nil, err
	}
	var extensions []extensionRow
	if err := tx.Order("dialer, extension").Find(&extensions).Error; err != nil {
		return nil, err
	}
	of := map[key][]extensionRow{}
	for _, e := range extensions {
		of[e.UserID] = append(of[e.UserID], e)
	}
	users := make([]*coaching.User, len(rows))
	for i, row := range rows {
		users[i] = userRows{row, of[row.ID]}.toUser()
	}
	return users, nil
}

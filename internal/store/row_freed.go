package store

import (
	"bytes"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// freedRow is when a user last stopped supervising.
type freedRow struct {
	UserID key `gorm:"primaryKey"`
	At     instant
}

// TableName tells GORM the table.
func (freedRow) TableName() string { return "freed" }

// keepFreed keeps when the users of sessions that have ended stopped supervising.
func keepFreed(tx *gorm.DB, ended []sessionRow) error {
	latest := map[key]instant{}
	for _, s := range ended {
		if s.EndedAt != nil && s.EndedAt.time().After(latest[s.UserID].time()) {
			latest[s.UserID] = *s.EndedAt
		}
	}
	var rows []freedRow
	for id, at := range latest {
		rows = append(rows, freedRow{id, at})
	}
	slices.SortFunc(rows, func(a, b freedRow) int { return bytes.Compare(a.UserID[:], b.UserID[:]) }) // the order of locks
	for some := range slices.Chunk(rows, 500) {
		err := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "user_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"at"}),
			Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "excluded.at > freed.at"}}},
		}).Create(&some).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// allFreed is when each user last stopped supervising.
func allFreed(tx *gorm.DB) (map[coaching.UserID]time.Time, error) {
	var rows []freedRow
	if err := tx.Find(&rows).Error; err != nil {
		return nil, err
	}
	freed := make(map[coaching.UserID]time.Time, len(rows))
	for _, row := range rows {
		freed[coaching.UserID(row.UserID)] = row.At.time()
	}
	return freed, nil
}

package store

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Key is a secret of 256 random bits.
type Key [32]byte

// Key returns the secret of a name, the same in every process. The first who asks
// makes it.
func (s *Store) Key(ctx context.Context, name string) (made Key, err error) {
	err = s.bounded(ctx, "read a key", func(ctx context.Context) error {
		made, err = s.key(s.writing.WithContext(ctx), name)
		return err
	})
	return made, err
}

func (s *Store) key(tx *gorm.DB, name string) (Key, error) {
	var rows []keyRow
	if err := tx.Where("name = ?", name).Find(&rows).Error; err != nil {
		return Key{}, err
	}
	if len(rows) > 0 {
		return Key(rows[0].Secret), nil
	}
	now, err := s.engine.now(tx)
	if err != nil {
		return Key{}, err
	}
	var secret Key
	_, _ = rand.Read(secret[:]) // never fails
	row := keyRow{Name: name, Secret: secret[:], MadeAt: at(now)}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return Key{}, err
	}
	// Read again: somebody may have been faster.
	if err := tx.Where("name = ?", name).Take(&row).Error; err != nil {
		return Key{}, err
	}
	return Key(row.Secret), nil
}

// ForgetKeys destroys the keys of a family whose months ended longer ago than an age:
// those called by the family, a space and the month, as in "family 2026-11". What
// only such a key could tie to somebody nobody can from then on.
func (s *Store) ForgetKeys(ctx context.Context, family string, age time.Duration) (forgotten int64, err error) {
	err = s.bounded(ctx, "forget keys", func(ctx context.Context) error {
		tx := s.writing.WithContext(ctx)
		now, err := s.engine.now(tx)
		if err != nil {
			return err
		}
		before := now.Add(-age)
		var names, old []string
		if err := tx.Model(&keyRow{}).Order("name").Pluck("name", &names).Error; err != nil {
			return err
		}
		for _, name := range names {
			of, month, _ := strings.Cut(name, " ")
			made, err := time.Parse("2006-01", month)
			if of == family && err == nil && !made.AddDate(0, 1, 0).After(before) {
				old = append(old, name)
			}
		}
		if len(old) == 0 {
			return nil
		}
		result := tx.Where("name IN ?", old).Delete(&keyRow{})
		forgotten = result.RowsAffected
		return result.Error
	})
	return forgotten, err
}

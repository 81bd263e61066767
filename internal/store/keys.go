package store

import (
	"context"
	"crypto/rand"

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

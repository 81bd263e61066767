package store

import (
	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// catalogueRow names a campaign, list or result code.
type catalogueRow struct {
	ID       key `gorm:"primaryKey"`
	Kind     string
	Dialer   string
	Key      string
	Name     string
	Imported bool
}

// TableName tells GORM the table.
func (catalogueRow) TableName() string { return "catalogue" }

func rowOfEntry(e coaching.CatalogueEntry) catalogueRow {
	return catalogueRow{ID: key(e.ID), Kind: string(e.Kind), Dialer: e.Dialer, Key: e.Key, Name: e.Name, Imported: e.Imported}
}

func (row catalogueRow) toEntry() coaching.CatalogueEntry {
	return coaching.CatalogueEntry{
		ID: uuid.UUID(row.ID), Kind: coaching.CatalogueKind(row.Kind), Dialer: row.Dialer, Key: row.Key, Name: row.Name,
		Imported: row.Imported,
	}
}

package store

import (
	"encoding/json"
	"fmt"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// importRow is an import on its way.
type importRow struct {
	ID        key `gorm:"primaryKey"`
	State     string
	TouchedAt instant // when somebody last worked on it, by the database's clock
}

// TableName tells GORM the table.
func (importRow) TableName() string { return "imports" }

// The states of an import: while it is gathered nobody acts on it, and what was
// decided is carried out.
const (
	importGathered = "gathered"
	importDecided  = "decided"
)

// portionRow is a part of an import that is still to be carried out.
type portionRow struct {
	ImportID key `gorm:"primaryKey"`
	Seq      int `gorm:"primaryKey"`
	Payload  string
}

// TableName tells GORM the table.
func (portionRow) TableName() string { return "import_portions" }

func rowOfPortion(id key, seq int, p coaching.Portion) (portionRow, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return portionRow{}, fmt.Errorf("write portion %d of an import: %w", seq, err)
	}
	return portionRow{ImportID: id, Seq: seq, Payload: string(text)}, nil
}

func (row portionRow) toPortion() (p coaching.Portion, err error) {
	if err = json.Unmarshal([]byte(row.Payload), &p); err != nil {
		err = fmt.Errorf("read portion %d of an import: %w", row.Seq, err)
	}
	return p, err
}

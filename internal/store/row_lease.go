package store

import "github.com/coachmanager/coachmanager/internal/coaching"

// leaseRow is who watches a dialer.
type leaseRow struct {
	Dialer    string `gorm:"primaryKey"`
	Process   string
	Token     string
	Fence     int64
	ExpiresAt instant
}

// TableName tells GORM the table.
func (leaseRow) TableName() string { return "leases" }

func (row leaseRow) heldUnder(f coaching.Fence) bool {
	return row.Fence == f.Number && row.Token == f.Token
}

// compatibilityRow is the oldest schema whose program may work on this one.
type compatibilityRow struct {
	ID     int
	Oldest int64
}

// TableName tells GORM the table.
func (compatibilityRow) TableName() string { return "compatibility" }

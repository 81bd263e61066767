package store

import (
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// leaseRow is who watches a dialer.
type leaseRow struct {
	Dialer      string `gorm:"primaryKey"`
	Process     string
	Token       string
	Fence       int64
	RenewedAt   instant
	ExpiresAt   instant
	BehindSince *instant
}

// TableName tells GORM the table.
func (leaseRow) TableName() string { return "leases" }

func (row leaseRow) heldUnder(f coaching.Fence) bool {
	return row.Fence == f.Number && row.Token == f.Token
}

// clockSetBack is how far the database's clock may go back before leases that were
// renewed after what it shows count for nothing.
const clockSetBack = time.Second

func (row leaseRow) held(now time.Time) bool {
	return row.ExpiresAt.time().After(now) && !row.RenewedAt.time().After(now.Add(clockSetBack))
}

// last lets the lease last from now on.
func (row *leaseRow) last(now time.Time, length time.Duration) {
	row.RenewedAt, row.ExpiresAt = at(now), at(now.Add(length))
}

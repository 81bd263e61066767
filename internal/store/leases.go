package store

import (
	"context"
	"database/sql"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Leases is part of coaching.Leases.
func (s *Store) Leases(ctx context.Context) ([]coaching.Lease, error) {
	var rows []struct {
		Lease       leaseRow `gorm:"embedded"`
		LastHeardAt *instant
	}
	var now time.Time
	err := s.bounded(ctx, "read the leases", func(ctx context.Context) (err error) {
		tx := s.following.WithContext(ctx)
		if now, err = s.engine.now(tx); err != nil {
			return err
		}
		return tx.Raw(`SELECT l.dialer, l.process, l.token, l.fence, l.renewed_at, l.expires_at, l.behind_since, d.last_heard_at
			FROM leases l LEFT JOIN dialers d ON d.name = l.dialer ORDER BY l.dialer`).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	leases := make([]coaching.Lease, len(rows))
	for i, row := range rows {
		l := row.Lease
		until := l.ExpiresAt.time()
		leases[i] = coaching.Lease{
			Dialer: l.Dialer, Fence: coaching.Fence{Number: l.Fence, Token: l.Token}, Holder: l.Process,
			Held: l.held(now), Until: until, BehindSince: l.BehindSince.timeOrNil(), HeardAt: row.LastHeardAt.timeOrNil(),
		}
	}
	return leases, nil
}

// TakeLease is part of coaching.Leases.
func (s *Store) TakeLease(ctx context.Context, dialer string, by coaching.Holder, length time.Duration) (coaching.Fence, error) {
	var fence coaching.Fence
	err := s.changeLease(ctx, "take the lease", dialer, func(row *leaseRow, now time.Time) error {
		if row.Token != by.Token && row.held(now) {
			return coaching.ErrSuperseded
		}
		fence = coaching.Fence{Number: row.Fence + 1, Token: by.Token}
		row.Process, row.Token, row.Fence, row.BehindSince = by.Name, fence.Token, fence.Number, nil
		row.last(now, length)
		return nil
	})
	return fence, err
}

// RenewLease is part of coaching.Leases.
func (s *Store) RenewLease(ctx context.Context, dialer string, fence coaching.Fence, renewal coaching.Renewal) error {
	return s.changeLease(ctx, "renew the lease", dialer, func(row *leaseRow, now time.Time) error {
		if !row.heldUnder(fence) {
			return coaching.ErrSuperseded
		}
		row.last(now, renewal.For)
		switch {
		case renewal.Behind <= 0:
			row.BehindSince = nil
		case row.BehindSince == nil: // it stays what it was first said to be
			since := at(now.Add(-renewal.Behind))
			row.BehindSince = &since
		}
		return nil
	})
}

// ReleaseLease is part of coaching.Leases.
func (s *Store) ReleaseLease(ctx context.Context, dialer string, fence coaching.Fence) error {
	return s.changeLease(ctx, "release the lease", dialer, func(row *leaseRow, now time.Time) error {
		if row.heldUnder(fence) {
			row.Process, row.BehindSince = "", nil
			row.last(now, 0)
		}
		return nil
	})
}

// changeLease makes a change of a lease's row, under lock: it waits for changes
// that the holder has under way, which lock the row for sharing.
func (s *Store) changeLease(ctx context.Context, doing, dialer string, rule func(row *leaseRow, now time.Time) error) error {
	return s.bounded(ctx, doing, func(ctx context.Context) error {
		return s.leasing.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			row, err := lockLease(tx, dialer)
			if err != nil {
				return err
			}
			now, err := s.engine.now(tx) // after the lock: waiting takes time
			if err != nil {
				return err
			}
			if err := rule(&row, now); err != nil {
				return err
			}
			if err := tx.Where("dialer = ?", dialer).Select("process", "token", "fence", "renewed_at", "expires_at", "behind_since").Updates(&row).Error; err != nil {
				return err
			}
			if row.Process == "" {
				return s.engine.tellRelease(tx)
			}
			return nil
		}, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	})
}

// lockLease locks a dialer's row, which is made if there is none.
func lockLease(tx *gorm.DB, dialer string) (leaseRow, error) {
	locked := func() (rows []leaseRow, err error) {
		err = tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("dialer = ?", dialer).Find(&rows).Error
		return rows, err
	}
	rows, err := locked()
	if err == nil && len(rows) == 0 {
		free := leaseRow{Dialer: dialer}
		if err = tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&free).Error; err == nil {
			rows, err = locked()
		}
	}
	if err != nil {
		return leaseRow{}, err
	}
	return rows[0], nil
}

// freeAll releases all leases: whoever had them is gone.
func (s *Store) freeAll(ctx context.Context) error {
	return s.bounded(ctx, "release all leases", func(ctx context.Context) error {
		return s.leasing.WithContext(ctx).Exec("UPDATE leases SET process = '', expires_at = ?", at(time.Now())).Error
	})
}

// checkFence locks the lease's row for sharing until the transaction ends: nobody
// else takes the dialer before that.
func checkFence(tx *gorm.DB, dialer string, fence coaching.Fence) error {
	var rows []leaseRow
	err := tx.Clauses(clause.Locking{Strength: "SHARE"}).Where("dialer = ?", dialer).Find(&rows).Error
	if err == nil && (len(rows) == 0 || !rows[0].heldUnder(fence)) {
		return coaching.ErrSuperseded
	}
	return err
}

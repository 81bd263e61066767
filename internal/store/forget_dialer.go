package store

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// KnownDialer is a dialer that was watched once.
type KnownDialer struct {
	Name         string
	Kind         string
	WatchedBy    string     // the process that holds its lease; "" where none does
	WatchedUntil time.Time  // when that lease expires, unless it is renewed
	LastHeardAt  *time.Time // nil if never
	Live         int        // sessions
}

// Dialers returns all dialers that were ever watched, by name.
func (s *Store) Dialers(ctx context.Context) ([]KnownDialer, error) {
	leases, err := s.Leases(ctx)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Name, Kind  string
		LastHeardAt *instant
		Live        int
	}
	err = s.bounded(ctx, "read the dialers", func(ctx context.Context) error {
		return s.reading.WithContext(ctx).Raw(`SELECT d.name, d.kind, d.last_heard_at, count(l.id) AS live
			FROM dialers d LEFT JOIN sessions l ON l.dialer = d.name AND l.state <> 'ended'
			GROUP BY d.name, d.kind, d.last_heard_at ORDER BY d.name`).Scan(&rows).Error
	})
	dialers := make([]KnownDialer, len(rows))
	for i, row := range rows {
		dialers[i] = KnownDialer{Name: row.Name, Kind: row.Kind, LastHeardAt: row.LastHeardAt.timeOrNil(), Live: row.Live}
		for _, l := range leases {
			if l.Dialer == row.Name && l.Held {
				dialers[i].WatchedBy, dialers[i].WatchedUntil = l.Holder, l.Until
			}
		}
	}
	return dialers, err
}

// ForgetDialer ends all that is live of a dialer, as coaching.Board.Forget does, and
// enters it in the audit, in one transaction under the dialer's lease: nobody watches
// it meanwhile. It returns how many sessions it ended. Errors are coaching.ErrNotFound
// for a dialer that was never watched, and coaching.ErrSuperseded for one that somebody
// watches.
func (s *Store) ForgetDialer(ctx context.Context, name string) (ended int, err error) {
	known, err := s.Dialers(ctx)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(known, func(d KnownDialer) bool { return d.Name == name })
	if i < 0 {
		return 0, coaching.ErrNotFound
	}
	// Should this process die, others can watch the dialer soon. It has no name: others
	// are not to show it as one that watches.
	lease, err := s.TakeLease(ctx, name, coaching.Holder{Token: rand.Text()}, 2*s.patience)
	if err != nil {
		return 0, err
	}
	scope := coaching.Scope{Dialer: name, Kind: known[i].Kind, Fence: &lease.Fence, AllLive: true, OpenCalls: true}
	err = s.tried(ctx, "forget a dialer", func(tx *gorm.DB) error {
		c := change{engine: s.engine, scope: scope}
		c.rule = func(b *coaching.Board) (err error) {
			ended = b.Forget()
			entry, err := audit.ByACommand(audit.DialerForgotten, audit.Subject{Kind: audit.Dialer, ID: name}, audit.Details{"sessions": ended})
			c.audited = append(c.audited, entry)
			return err
		}
		return c.run(tx)
	})
	return ended, errors.Join(err, s.ReleaseLease(context.WithoutCancel(ctx), name, lease.Fence))
}

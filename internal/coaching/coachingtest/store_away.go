package coachingtest

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// DriverText stands in the errors of an AwayStore, as a driver's text does in real
// ones, and so must never be in an answer.
const DriverText = "driver text: dial tcp db.internal"

var errAway = errors.Join(coaching.ErrUnavailable, errors.New(DriverText))

// AwayStore is a store whose database can be taken away, and given back.
type AwayStore struct {
	coaching.Store
	Away atomic.Bool
}

// Change is part of coaching.Recorder.
func (s *AwayStore) Change(ctx context.Context, scope coaching.Scope, rule func(*coaching.Board) error) (coaching.Commit, error) {
	if s.Away.Load() {
		return coaching.Commit{}, errAway
	}
	return s.Store.Change(ctx, scope, rule)
}

// Changes is part of coaching.ChangeLog.
func (s *AwayStore) Changes(ctx context.Context, after coaching.Revision, limit int) ([]coaching.Change, error) {
	if s.Away.Load() {
		return nil, errAway
	}
	return s.Store.Changes(ctx, after, limit)
}

// Session is part of coaching.Archive.
func (s *AwayStore) Session(ctx context.Context, id coaching.SessionID) (*coaching.Session, error) {
	if s.Away.Load() {
		return nil, errAway
	}
	return s.Store.Session(ctx, id)
}

// Sessions is part of coaching.Archive.
func (s *AwayStore) Sessions(ctx context.Context, query coaching.SessionQuery) (coaching.SessionPage, error) {
	if s.Away.Load() {
		return coaching.SessionPage{}, errAway
	}
	return s.Store.Sessions(ctx, query)
}

// Leases is part of coaching.Leases.
func (s *AwayStore) Leases(ctx context.Context) ([]coaching.Lease, error) {
	if s.Away.Load() {
		return nil, errAway
	}
	return s.Store.Leases(ctx)
}

// TakeLease is part of coaching.Leases.
func (s *AwayStore) TakeLease(ctx context.Context, dialer string, by coaching.Holder, length time.Duration) (coaching.Fence, error) {
	if s.Away.Load() {
		return coaching.Fence{}, errAway
	}
	return s.Store.TakeLease(ctx, dialer, by, length)
}

// RenewLease is part of coaching.Leases.
func (s *AwayStore) RenewLease(ctx context.Context, dialer string, fence coaching.Fence, renewal coaching.Renewal) error {
	if s.Away.Load() {
		return errAway
	}
	return s.Store.RenewLease(ctx, dialer, fence, renewal)
}

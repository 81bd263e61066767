package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// bounded does something with the database, for no longer than the store's
// patience, and gives its error the meaning that the port promises.
func (s *Store) bounded(ctx context.Context, doing string, do func(context.Context) error) error {
	return s.boundedBy(ctx, s.patience, doing, do)
}

func (s *Store) boundedBy(ctx context.Context, patience time.Duration, doing string, do func(context.Context) error) error {
	inner, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.failure(ctx, doing, do(inner))
}

// failure names what was being done when an error came up. A caller who went
// away gets told so, and not that the database is.
func (s *Store) failure(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s: %w", doing, errors.Join(context.Cause(ctx), err))
	case errors.Is(err, coaching.ErrSuperseded), errors.Is(err, coaching.ErrNotFound):
		return fmt.Errorf("%s: %w", doing, err)
	}
	v := s.engine.verdict(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), v == away, v == raced:
		return fmt.Errorf("%s: %w: %w", doing, coaching.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// isClosed knows the errors of closed pools, which have no names to ask for.
func isClosed(err error) bool {
	return err != nil && (err.Error() == "sql: database is closed" || err.Error() == "closed pool")
}

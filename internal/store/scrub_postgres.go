package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// scrub frees the rows as they were before, and what indexes have of them, so that
// the server writes over them. Its write-ahead log and whatever was made of that are
// beyond reach.
func (e *postgresEngine) scrub(ctx context.Context, _ coaching.PhoneNumber) (_ Scrubbed, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return "", fmt.Errorf("vacuum: %w", err)
	}
	defer conn.Release()
	if _, err = conn.Exec(ctx, "SET statement_timeout = 0"); err == nil {
		_, err = conn.Exec(ctx, "VACUUM (INDEX_CLEANUP ON) session_calls, changes, disconnect_requests")
		_, back := conn.Exec(context.WithoutCancel(ctx), "RESET statement_timeout")
		err = errors.Join(err, back)
	}
	if err != nil {
		return "", fmt.Errorf("vacuum: %w", err)
	}
	return ScrubbedVacuumed, nil
}

package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrClaimed tells that another process serves the database.
var ErrClaimed = errors.New("another Coach Manager is serving this database; stop it first, or give this one a database of its own")

// Claim makes this process the only one that serves an SQLite database, until
// release or the process's end, or returns ErrClaimed: the dialers that a process
// before held are free at once. A Postgres database may be served by any number,
// which share the dialers by leases. Short commands beside it need no claim.
func (s *Store) Claim(ctx context.Context) (release func(), err error) {
	unlock, alone, err := s.engine.claim()
	if err != nil || !alone {
		return unlock, err
	}
	if err := s.freeAll(ctx); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// claimFile holds a lock file beside the database, which the system frees even
// after kill -9.
func claimFile(path string) (release func(), err error) {
	unlock, err := tryLockFile(path + ".serve.lock")
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("%w (%w)", ErrClaimed, err)
	}
	if err != nil {
		return nil, fmt.Errorf("claim the database: %w", err)
	}
	return sync.OnceFunc(unlock), nil
}

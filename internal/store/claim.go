package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrClaimed tells that another process serves the database.
var ErrClaimed = errors.New("another Coach Manager is serving this database; stop it first, or give this one a database of its own")

// Claim is the right to be the only process that serves a database. It ends with
// Release or with the process.
type Claim struct {
	lost    chan struct{} // never closed where it cannot be lost
	release func()
	once    sync.Once
}

// Claim makes this process the only one that serves the database, or returns
// ErrClaimed. Short commands beside it need no claim.
func (s *Store) Claim(ctx context.Context) (*Claim, error) {
	claim, err := s.engine.claim(ctx)
	if errors.Is(err, ErrClaimed) {
		return nil, err
	}
	return claim, s.failure(ctx, "claim the database", err)
}

// Lost is closed when another process took the claim while the connection to the
// database was lost. The service has to stop then.
func (c *Claim) Lost() <-chan struct{} { return c.lost }

// Release gives the claim up; once is enough.
func (c *Claim) Release() { c.once.Do(c.release) }

// claimFile holds a lock file beside the database, which the system frees even
// after kill -9. It cannot be lost.
func claimFile(_ context.Context, path string) (*Claim, error) {
	unlock, err := tryLockFile(path + ".serve.lock")
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("%w (%w)", ErrClaimed, err)
	}
	if err != nil {
		return nil, err
	}
	return &Claim{lost: make(chan struct{}), release: unlock}, nil
}

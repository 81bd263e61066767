package audit

import (
	"context"
	"time"
)

// keyKeptFor is how long a key is used without a look whether it is still the one.
const keyKeptFor = time.Hour

// keyring holds the key of this month.
type keyring struct {
	store Store
	busy  chan struct{} // holds one while somebody looks at the rest

	key   Key
	until time.Time // for which it is used without a look, by this process's clock
	month time.Time // when its month ends, by the same
}

func newKeyring(store Store) keyring { return keyring{store: store, busy: make(chan struct{}, 1)} }

// now returns the key of this month, by the database's clock. While the database is
// away the key goes on until its month ends.
func (k *keyring) now(ctx context.Context) (Key, error) {
	select {
	case k.busy <- struct{}{}:
		defer func() { <-k.busy }()
	case <-ctx.Done():
		return Key{}, context.Cause(ctx)
	}
	begun := time.Now()
	if begun.Before(k.until) {
		return k.key, nil
	}
	key, clock, err := k.store.AuditKey(ctx)
	switch {
	case err == nil:
		left := endOfMonth(clock).Sub(clock)
		k.key, k.until, k.month = key, begun.Add(min(keyKeptFor, left)), begun.Add(left)
	case begun.Before(k.month):
		return k.key, nil
	}
	return key, err
}

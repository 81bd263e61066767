package audit

import (
	"context"
	"sync"
	"time"
)

// keyKeptFor is how long a key is used without a look whether it is still the one.
const keyKeptFor = time.Hour

// keyring holds the key of this month.
type keyring struct {
	store Store

	mu    sync.Mutex
	key   Key
	until time.Time // by this process's clock
}

// now returns the key of this month, by the database's clock.
func (k *keyring) now(ctx context.Context) (Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Now().Before(k.until) {
		return k.key, nil
	}
	begun := time.Now()
	key, clock, err := k.store.AuditKey(ctx)
	if err != nil {
		return Key{}, err
	}
	k.key, k.until = key, begun.Add(min(keyKeptFor, endOfMonth(clock).Sub(clock)))
	return key, nil
}

package oidc

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// ErrUnavailable means that a token cannot be judged, because the provider's keys
// cannot be had.
var ErrUnavailable = errors.New("the identity provider's keys cannot be had")

// mostMissing is how many kids are noted until the next fetch.
const mostMissing = 1000

// mostWaiting is how many requests wait for a fetch at the same time; more are told
// at once that it is not known yet.
const mostWaiting = 200

// keys has the provider's keys, and fetches them again from time to time. Its
// methods are safe for concurrent use.
type keys struct {
	issuer  string
	timing  Timing
	client  *http.Client
	log     *slog.Logger
	asked   chan *attempt // has room for the one that is not done
	waiting chan struct{} // holds one for each request that waits

	mu      sync.Mutex
	ring    *ring           // nil until there are any
	last    *attempt        // nil before the first
	missed  bool            // a key was looked for that is unknown, and none was fetched since
	missing map[string]bool // the kids of such keys, since the last fetch began
}

// attempt is one fetch.
type attempt struct {
	begun  time.Time
	looked map[string]bool // kids that were looked for before it
	done   chan struct{}   // closed at its end
	err    error           // once it is done
}

func (a *attempt) under() bool {
	select {
	case <-a.done:
		return false
	default:
		return true
	}
}

func newKeys(issuer string, timing Timing, log *slog.Logger) *keys {
	return &keys{issuer: issuer, timing: timing, client: newClient(), log: log, asked: make(chan *attempt, 1), waiting: make(chan struct{}, mostWaiting)}
}

// run fetches until ctx ends.
func (k *keys) run(ctx context.Context) {
	look := time.NewTicker(min(time.Second, k.timing.Between))
	defer look.Stop()
	k.ask(0)
	for {
		select {
		case a := <-k.asked:
			k.carryOut(ctx, a)
		case <-look.C:
			k.ask(k.rest())
		case <-ctx.Done():
			return
		}
	}
}

// rest is how long to leave the provider alone after a fetch.
func (k *keys) rest() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.missed || k.last != nil && !k.last.under() && k.last.err != nil {
		return k.timing.Between
	}
	return k.timing.Refresh
}

// ask has the keys fetched, unless that was begun less than rest ago: then it
// returns nil. A fetch under way is everybody's.
func (k *keys) ask(rest time.Duration) *attempt {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last != nil {
		if k.last.under() {
			return k.last
		}
		if time.Since(k.last.begun) < rest {
			return nil
		}
	}
	k.last = &attempt{begun: time.Now(), looked: k.missing, done: make(chan struct{})}
	k.missing = nil
	k.asked <- k.last // there is room: the one before is done
	return k.last
}

func (k *keys) carryOut(ctx context.Context, a *attempt) {
	limited, cancel := context.WithTimeout(ctx, k.timing.Fetch)
	defer cancel()
	fetched, err := fetch(limited, k.client, k.issuer)
	if ctx.Err() == nil {
		k.report(fetched, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		fetched.absent = a.looked
		k.ring, k.missed = fetched, false
	}
	a.err = err
	close(a.done)
}

// report says what is new in the log.
func (k *keys) report(fetched *ring, err error) {
	k.mu.Lock()
	before := k.ring
	k.mu.Unlock()
	switch {
	case err != nil && before == nil:
		k.log.Warn("the identity provider's keys cannot be had, so nobody can sign in with it", "error", err)
	case err != nil:
		k.log.Warn("the identity provider's keys cannot be had; those that are known go on to be trusted",
			"error", err, "for", (k.timing.Trust - time.Since(before.at)).Round(time.Second))
	case before == nil:
		k.log.Info("the identity provider's keys are read", "keys", len(fetched.keys))
	default:
		k.log.Debug("the identity provider's keys are read again", "keys", len(fetched.keys))
	}
}

// current are the keys that are trusted now; nil for none.
func (k *keys) current() *ring {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ring == nil || time.Since(k.ring.at) > k.timing.Trust {
		return nil
	}
	return k.ring
}

// had is current, or ErrUnavailable; it waits for a first fetch that is under way.
func (k *keys) had(ctx context.Context) (*ring, error) {
	if r := k.current(); r != nil {
		return r, nil
	}
	k.mu.Lock()
	last := k.last
	k.mu.Unlock()
	if last == nil {
		last = k.ask(0) // run is about to begin
	}
	if !last.under() {
		return nil, ErrUnavailable
	}
	return k.after(ctx, last)
}

// newer are keys that were fetched after these, in which a token's key was looked
// for and not found. Where nobody may ask the provider yet it has them fetched as soon
// as somebody may. Until then it returns the same for a kid that the provider did not
// have when it was looked for before, and ErrUnavailable for any other: it may be of
// a new key, whose tokens a forger must not make wrong.
func (k *keys) newer(ctx context.Context, than *ring, id string) (*ring, error) {
	if r := k.current(); r != than && r != nil {
		return r, nil
	}
	k.lookFor(id)
	if a := k.ask(k.timing.Between); a != nil {
		return k.after(ctx, a)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.missed = true
	if than.absent[id] && k.last.err == nil { // the last is done, or ask had returned it
		return than, nil
	}
	return nil, ErrUnavailable
}

// lookFor notes a kid for the next fetch. A token without one may be of any key.
func (k *keys) lookFor(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id == "" || len(k.missing) >= mostMissing {
		return
	}
	if k.missing == nil {
		k.missing = map[string]bool{}
	}
	k.missing[id] = true
}

// after waits for a fetch, and returns the keys that are trusted then.
func (k *keys) after(ctx context.Context, a *attempt) (*ring, error) {
	select {
	case k.waiting <- struct{}{}:
		defer func() { <-k.waiting }()
	default:
		return nil, ErrUnavailable
	}
	timeout := time.NewTimer(k.timing.Wait)
	defer timeout.Stop()
	select {
	case <-a.done:
	case <-timeout.C:
		return nil, ErrUnavailable
	case <-ctx.Done():
		return nil, ErrUnavailable
	}
	if r := k.current(); r != nil && a.err == nil {
		return r, nil
	}
	return nil, ErrUnavailable
}

package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Store keeps tokens. Its methods are safe for concurrent use and return
// coaching.ErrUnavailable, in bounded time, when the database is away.
type Store interface {
	// Tokens returns all tokens that are not revoked, and the database's clock at
	// that moment.
	Tokens(ctx context.Context) ([]Token, time.Time, error)
	// KeepUses keeps when tokens were last used, outside the revisions.
	KeepUses(ctx context.Context, uses map[uuid.UUID]time.Time) error
}

// Guard tells who a token's holder is, from memory. Open first, then Run; it
// follows the floor's change log and so notices within a second what any process
// or command does to a token. Its methods are safe for concurrent use.
type Guard struct {
	store Store
	floor *coaching.Floor
	trust time.Duration
	log   *slog.Logger

	mu     sync.RWMutex
	byHash map[place][]*Token
	// What is in memory was true at confirmed, by this process's clock, when the
	// database's clock showed clock.
	confirmed time.Time
	clock     time.Time
	changes   uint64 // of coaching.Floor.TokenChanges, that the tokens were read at

	anew singleflight.Group

	using sync.Mutex
	uses  map[uuid.UUID]time.Time // not kept yet, by the database's clock
	kept  map[uuid.UUID]time.Time // when a use was last kept, by this process's clock
}

// place is the part of a hash that a token is found by. Nobody chooses the hash of
// a text, so how long the search takes says nothing of a token's text.
type place [8]byte

// Errors of Authenticate, told apart with errors.Is.
var (
	// ErrInvalid: the text is no token, or one that is unknown, revoked or expired, or
	// whose user is inactive.
	ErrInvalid = errors.New("no valid token")
	// ErrUnconfirmed: the database has been away for longer than tokens are trusted.
	ErrUnconfirmed = errors.New("the database has been away for too long to trust a token")
)

// NewGuard returns a guard that trusts what it knows for so long after it could
// last read the database.
func NewGuard(store Store, floor *coaching.Floor, trust time.Duration, log *slog.Logger) *Guard {
	return &Guard{store: store, floor: floor, trust: trust, log: log, uses: map[uuid.UUID]time.Time{}, kept: map[uuid.UUID]time.Time{}}
}

// Open reads the tokens.
func (g *Guard) Open(ctx context.Context) error { return g.read(ctx) }

// Empty tells whether there was no token that is not revoked when they were read.
func (g *Guard) Empty() bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.byHash) == 0
}

// read reads all tokens. What is counted as changed is looked at first: a change
// that comes meanwhile has them read again.
func (g *Guard) read(ctx context.Context) error {
	begun, changes := time.Now(), g.floor.TokenChanges()
	tokens, clock, err := g.store.Tokens(ctx)
	if err != nil {
		return err
	}
	byHash := map[place][]*Token{}
	for _, t := range tokens {
		at := place(t.Hash[:len(place{})])
		byHash[at] = append(byHash[at], &t)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.byHash, g.confirmed, g.clock, g.changes = byHash, begun, clock, changes
	return nil
}

// Authenticate tells who holds a token. One that nobody knows may have been made this
// moment, so the tokens are read again for it.
func (g *Guard) Authenticate(ctx context.Context, text string) (Identity, error) {
	hash, ok := HashOf(text)
	if !ok {
		return Identity{}, ErrInvalid
	}
	who, err := g.holder(hash)
	if errors.Is(err, errUnknown) && g.readAnew(ctx) {
		who, err = g.holder(hash)
	}
	if errors.Is(err, errUnknown) {
		err = ErrInvalid
	}
	return who, err
}

// errUnknown: no token that is not revoked has this hash.
var errUnknown = errors.New("unknown token")

const (
	// readAnewEvery is how often the tokens are read again for unknown ones at most,
	// whatever is guessed, and readAnewWithin how long that may take.
	readAnewEvery  = 100 * time.Millisecond
	readAnewWithin = 500 * time.Millisecond
)

// readAnew reads the tokens again, together with all others who want that now.
func (g *Guard) readAnew(ctx context.Context) bool {
	g.mu.RLock()
	recent := time.Since(g.confirmed) < readAnewEvery
	g.mu.RUnlock()
	if recent {
		return false
	}
	_, err, _ := g.anew.Do("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readAnewWithin) // others wait for it, too
		defer cancel()
		return nil, g.read(ctx)
	})
	return err == nil
}

// holder tells from memory who holds the token of a hash.
func (g *Guard) holder(hash Hash) (Identity, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if time.Since(g.confirmedAt()) > g.trust {
		return Identity{}, ErrUnconfirmed
	}
	now := g.clock.Add(time.Since(g.confirmed))
	for _, t := range g.byHash[place(hash[:len(place{})])] {
		if subtle.ConstantTimeCompare(t.Hash[:], hash[:]) != 1 {
			continue
		}
		if t.State(now) != Valid || g.inactive(t.User) {
			return Identity{}, ErrInvalid
		}
		g.used(t.ID, now)
		return t.identity(), nil
	}
	return Identity{}, errUnknown
}

// inactive tells whether a token's user is one of those who are not any more.
func (g *Guard) inactive(user *coaching.UserID) bool {
	return user != nil && g.floor.Inactive(*user)
}

// confirmedAt is the last moment at which what is in memory was known to be all
// there is: when it was read, or when the change log was read and told of nothing.
func (g *Guard) confirmedAt() time.Time {
	read, changes := g.floor.TokensReadAt()
	if changes == g.changes && read.After(g.confirmed) {
		return read
	}
	return g.confirmed
}

func (g *Guard) used(id uuid.UUID, now time.Time) {
	g.using.Lock()
	defer g.using.Unlock()
	g.uses[id] = now
}

const (
	// readEvery is how often the tokens are read again without a change: while a
	// machine is suspended, this process's clock may stand and the database's goes on.
	readEvery = time.Minute
	// lookEvery is how often the guard looks for tokens to read again and uses to
	// keep, without a wake-up.
	lookEvery = time.Second
	// keepUseEvery is how often the use of one token is kept at most.
	keepUseEvery = time.Minute
)

// Run follows what happens to tokens and keeps their uses, until ctx ends; the
// last uses are kept then, if the database answers at once.
func (g *Guard) Run(ctx context.Context) {
	var uses sync.WaitGroup
	uses.Go(func() { g.keepUsesUntil(ctx) }) // apart: a database that hangs for it holds up no revocation
	defer uses.Wait()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		changed := g.floor.Changed()
		g.follow(ctx)
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (g *Guard) keepUsesUntil(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			g.keepUses(ctx, keepUseEvery)
		case <-ctx.Done():
			g.keepLastUses(ctx)
			return
		}
	}
}

// keepLastUses does not hold up the end for long.
func (g *Guard) keepLastUses(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	g.keepUses(ctx, 0)
}

// follow reads the tokens again if something happened to one, or they were read
// long ago. A failure is tried again at the next look.
func (g *Guard) follow(ctx context.Context) {
	g.mu.RLock()
	known, read := g.changes, g.confirmed
	g.mu.RUnlock()
	if g.floor.TokenChanges() == known && time.Since(read) < readEvery {
		return
	}
	if err := g.read(ctx); err != nil && ctx.Err() == nil {
		g.log.Warn("tokens not read; what was known of them goes on", "error", err)
	}
}

// keepUses keeps the uses of tokens of which none was kept for so long.
func (g *Guard) keepUses(ctx context.Context, every time.Duration) {
	g.using.Lock()
	due := map[uuid.UUID]time.Time{}
	for id, at := range g.uses {
		if time.Since(g.kept[id]) >= every {
			due[id] = at
			delete(g.uses, id)
			g.kept[id] = time.Now()
		}
	}
	g.using.Unlock()
	if len(due) == 0 {
		return
	}
	if err := g.store.KeepUses(ctx, due); err != nil && ctx.Err() == nil {
		g.log.Debug("uses of tokens not kept", "error", err)
		g.using.Lock()
		defer g.using.Unlock()
		maps.Copy(due, g.uses) // what came meanwhile is newer
		g.uses = due
	}
}

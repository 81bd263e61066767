package oidc

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/access"
)

// mostKnown is how many tokens are remembered.
const mostKnown = 10_000

// person is what a valid token says.
type person struct {
	identity access.Identity // but for the user
	user     string          // external_id of the user; "" for none
	refusal  error           // why this person may do nothing; nil as a rule
	key      string          // the mark of the key that signed
	expires  time.Time
}

// cache remembers what valid tokens say until they expire, so that one that is shown
// again costs no check of its signature. It keeps hashes, no tokens. Its methods are
// safe for concurrent use.
type cache struct {
	most int

	mu      sync.Mutex
	persons map[[sha256.Size]byte]person
	swept   time.Time
}

func newCache(most int) *cache {
	return &cache{most: most, persons: map[[sha256.Size]byte]person{}}
}

func (c *cache) get(token [sha256.Size]byte, now time.Time) (person, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.persons[token]
	return p, ok && now.Before(p.expires)
}

func (c *cache) put(token [sha256.Size]byte, p person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.persons) >= c.most {
		c.makeRoom(time.Now())
	}
	c.persons[token] = p
}

// makeRoom forgets the expired, which takes a walk through all and so is not done
// for each; where there are none, anyone goes, whose next request costs a check.
func (c *cache) makeRoom(now time.Time) {
	if now.Sub(c.swept) >= time.Second {
		c.swept = now
		for token, p := range c.persons {
			if !now.Before(p.expires) {
				delete(c.persons, token)
			}
		}
	}
	for token := range c.persons {
		if len(c.persons) < c.most {
			return
		}
		delete(c.persons, token)
	}
}

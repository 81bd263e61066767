package oidc

import (
	"crypto/sha256"
	"time"

	"github.com/coachmanager/coachmanager/internal/access"
)

// NewCache is newCache.
var NewCache = newCache

// Put remembers a name.
func (c *cache) Put(token [sha256.Size]byte, name string, expires time.Time) {
	c.put(token, person{identity: access.Identity{Name: name}, expires: expires})
}

// Get is get.
func (c *cache) Get(token [sha256.Size]byte, now time.Time) (name string, ok bool) {
	p, ok := c.get(token, now)
	return p.identity.Name, ok
}

// Len tells how many it remembers.
func (c *cache) Len() int { return len(c.persons) }

// Forget has all tokens checked again.
func (v *Verifier) Forget() { v.known = newCache(mostKnown) }

package oidc

import (
	"cmp"
	"time"

	"github.com/coachmanager/coachmanager/internal/access"
)

// Config says which provider is trusted, and what its claims mean here.
type Config struct {
	Issuer   string // the tokens' iss, letter by letter; a URL
	Audience string // one of the tokens' aud

	// RoleClaim is the path of the claim with a person's roles or groups, such as
	// realm_access.roles, and Roles what its values mean. The role that may do most
	// counts.
	RoleClaim string
	Roles     map[string]access.Role

	// TeamClaim is the path of the claim with a person's team; "" where everybody sees
	// all teams. Teams is what its values mean, AllTeams among it; nil where a value is
	// the team's own name.
	TeamClaim string
	Teams     map[string]string

	NameClaim string // path of the claim with a person's name; "": the usual ones
	UserClaim string // path of the claim with the external_id of a user; "": none

	Timing Timing
}

// AllTeams is what a claim's value may mean instead of a team.
const AllTeams = "*"

// Timing is how often and how long; the usual where it is zero.
type Timing struct {
	Refresh time.Duration // from one fetch of the keys to the next; 5 m
	Between time.Duration // the least from one fetch to the next, whatever is asked for; 10 s
	Fetch   time.Duration // what a fetch may take; 5 s
	Wait    time.Duration // what a request waits for a fetch at most; 2 s
	Trust   time.Duration // how long keys are trusted after they were fetched; 24 h
}

func (t Timing) withDefaults() Timing {
	return Timing{
		Refresh: cmp.Or(t.Refresh, 5*time.Minute), Between: cmp.Or(t.Between, 10*time.Second), Fetch: cmp.Or(t.Fetch, 5*time.Second),
		Wait: cmp.Or(t.Wait, 2*time.Second), Trust: cmp.Or(t.Trust, 24*time.Hour),
	}
}

package main

import (
	"context"
	"fmt"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/access/oidc"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
)

// provider is the identity provider whose accounts may sign in; nil for none.
func (s *service) provider(floor *coaching.Floor) *oidc.Verifier {
	c := s.access.OIDC
	if c == nil {
		return nil
	}
	roles := map[string]access.Role{}
	for value, role := range c.Roles {
		roles[value] = access.Role(role)
	}
	return oidc.NewVerifier(oidc.Config{
		Issuer: c.Issuer, Audience: c.Audience, RoleClaim: c.RoleClaim, Roles: roles, TeamClaim: c.TeamClaim, Teams: c.Teams,
		NameClaim: c.NameClaim, UserClaim: c.UserClaim,
	}, floor, s.log)
}

// provider looks whether the identity provider has keys, if there is one.
func (p *printer) provider(ctx context.Context, c *config.OIDC) {
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, examination)
	defer cancel()
	keys, err := oidc.Look(ctx, c.Issuer)
	if err != nil {
		p.say(false, "identity provider", err.Error())
		return
	}
	p.say(true, "identity provider", fmt.Sprintf("%s answers with %d keys; whether its tokens are for %q is seen when one comes", c.Issuer, keys, c.Audience))
}

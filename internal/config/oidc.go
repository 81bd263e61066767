package config

import (
	"cmp"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// OIDC says which identity provider's accounts may sign in, and as what.
type OIDC struct {
	Issuer    string // https, or http of the loopback
	Audience  string
	RoleClaim string            // path
	Roles     map[string]string // a value of that claim: viewer, manager or admin; at least one
	TeamClaim string            // path; "" where everybody sees all teams
	Teams     map[string]string // a value of that claim: a team, or "*" for all; nil: the value is the team
	NameClaim string            // path; "": the usual ones
	UserClaim string            // path; "": none
}

type oidcFlags struct {
	Issuer    given `name:"oidc-issuer" help:"Identity provider whose accounts may sign in: its issuer, letter by letter as its tokens have it." placeholder:"URL"`
	Audience  given `name:"oidc-audience" help:"What the provider's tokens name in aud when they are meant for this service." placeholder:"NAME"`
	RoleClaim given `name:"oidc-role-claim" help:"Claim with the roles or groups of an account, with points into objects, such as realm_access.roles; roles if left out." placeholder:"CLAIM"`
	Role      pairs `name:"oidc-role" setting:"oidc-roles" help:"What a value of that claim means: viewer, manager or admin; may repeat, at least one." placeholder:"VALUE=ROLE"`
	TeamClaim given `name:"oidc-team-claim" help:"Claim with the team of an account; everybody sees all teams if left out." placeholder:"CLAIM"`
	Team      pairs `name:"oidc-team" setting:"oidc-teams" help:"What a value of that claim means: a team, or * for all; may repeat. If left out a value is the team's name." placeholder:"VALUE=TEAM"`
	NameClaim given `name:"oidc-name-claim" help:"Claim with a person's name; preferred_username, else name, email or sub, if left out." placeholder:"CLAIM"`
	UserClaim given `name:"oidc-user-claim" help:"Claim with the external_id of the user who signs in, so that the history says who." placeholder:"CLAIM"`
}

// check returns nil where no provider is configured.
func (f oidcFlags) check() (*OIDC, error) {
	if f.Issuer.as == "" {
		return nil, f.none()
	}
	if err := issuer(f.Issuer); err != nil {
		return nil, err
	}
	if f.Audience.text == "" {
		return nil, cmp.Or(f.Audience, given{as: "--oidc-audience"}).refuse("a provider's tokens are for many; say what they name in aud when they are for this service")
	}
	o := &OIDC{Issuer: f.Issuer.text, Audience: f.Audience.text, RoleClaim: "roles"}
	for _, claim := range []struct {
		given given
		into  *string
	}{{f.RoleClaim, &o.RoleClaim}, {f.TeamClaim, &o.TeamClaim}, {f.NameClaim, &o.NameClaim}, {f.UserClaim, &o.UserClaim}} {
		if claim.given.as == "" {
			continue
		}
		if !claimPath.MatchString(claim.given.text) {
			return nil, claim.given.refuse("%s is no claim, which has 1 to 200 characters and no space", shown(claim.given.text))
		}
		*claim.into = claim.given.text
	}
	var err error
	if o.Roles, err = f.roles(); err != nil {
		return nil, err
	}
	o.Teams, err = f.teams()
	return o, err
}

var claimPath = regexp.MustCompile(`^[\x21-\x7e]{1,200}$`)

// none refuses what means nothing without a provider.
func (f oidcFlags) none() error {
	for _, g := range slices.Concat([]given{f.Audience, f.RoleClaim, f.TeamClaim, f.NameClaim, f.UserClaim}, f.Role, f.Team) {
		if g.as != "" {
			return g.refuse("means nothing without --oidc-issuer beside it")
		}
	}
	return nil
}

// issuer checks the URL of a provider, whose keys nobody may change on their way.
func issuer(g given) error {
	u, err := url.Parse(g.text)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || strings.ContainsAny(g.text, "?# ") || (u.Scheme != "https" && u.Scheme != "http"):
		return g.refuse("is no issuer; write it as https://login.example/realms/desk, as the provider's tokens have it in iss")
	case u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback():
		return g.refuse("%s has to be https: over http anybody on the way could sign tokens; http is for a provider on this machine", shown(g.text))
	}
	return nil
}

func (f oidcFlags) roles() (map[string]string, error) {
	if len(f.Role) == 0 {
		return nil, given{as: "--oidc-role"}.refuse("an account needs a role; say which of the provider's values means what, such as --oidc-role 'coach-admins=admin'")
	}
	return mapping(f.Role, func(g given, role string) error {
		_, err := given{text: role, as: g.as}.oneOf("viewer", "manager", "admin")
		return err
	})
}

func (f oidcFlags) teams() (map[string]string, error) {
	if len(f.Team) == 0 {
		return nil, nil
	}
	if f.TeamClaim.as == "" {
		return nil, f.Team[0].refuse("means nothing without --oidc-team-claim beside it")
	}
	return mapping(f.Team, func(g given, team string) error {
		if strings.TrimSpace(team) != team || len(team) > 200 {
			return g.refuse("%s is no name of a team, which has up to 200 bytes and no space at its ends", shown(team))
		}
		return nil
	})
}

// mapping reads what each value means. The last = divides: a value may have some
// itself, as names in a directory do.
func mapping(all pairs, check func(g given, meaning string) error) (map[string]string, error) {
	meanings := map[string]string{}
	for _, g := range all {
		i := strings.LastIndexByte(g.text, '=')
		if i < 1 || i == len(g.text)-1 {
			return nil, g.refuse("%s is no VALUE=MEANING", shown(g.text))
		}
		value, meaning := g.text[:i], g.text[i+1:]
		if err := check(g, meaning); err != nil {
			return nil, err
		}
		if _, twice := meanings[value]; twice {
			return nil, g.refuse("%s is given twice", shown(value))
		}
		meanings[value] = meaning
	}
	return meanings, nil
}

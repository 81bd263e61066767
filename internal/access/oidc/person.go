package oidc

import (
	"slices"
	"strings"
	"unicode"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/coachmanager/coachmanager/internal/access"
)

const (
	mostName = 64  // characters, as of a token's name
	mostTeam = 200 // bytes, as of a token's team
)

// usualNames are the claims that a person's name is taken from, the first that has
// one.
var usualNames = []string{"preferred_username", "name", "email", "sub"}

// personOf is who a token was made for, by what its claims mean here.
func (c *Config) personOf(payload []byte, token *gooidc.IDToken, by key) (person, error) {
	claims, err := readClaims(payload)
	if err != nil {
		return person{}, err
	}
	p := person{key: by.mark, expires: token.Expiry.Add(leeway)}
	p.identity = access.Identity{Subject: c.Issuer + "\n" + token.Subject, Name: c.nameIn(claims)}
	if c.UserClaim != "" {
		if all := claims.values(c.UserClaim); len(all) == 1 {
			p.user = all[0]
		}
	}
	role := c.roleIn(claims)
	if role == "" {
		p.refusal = ErrNoRole
		return p, nil
	}
	team, ok := c.teamIn(claims, role)
	if !ok {
		p.refusal = ErrNoTeam
		return p, nil
	}
	p.identity.Role, p.identity.Team = role, team
	return p, nil
}

// roleIn is the role that may do most of those that are mapped; "" for none.
func (c *Config) roleIn(claims claims) access.Role {
	best := -1
	for _, value := range claims.values(c.RoleClaim) {
		best = max(best, slices.Index(access.Roles, c.Roles[value]))
	}
	if best < 0 {
		return ""
	}
	return access.Roles[best]
}

// teamIn is the team that a person is limited to; "" is all. Nobody sees all for
// want of a claim, except an admin.
func (c *Config) teamIn(claims claims, role access.Role) (team string, ok bool) {
	if c.TeamClaim == "" {
		return "", true
	}
	var teams []string
	for _, value := range claims.values(c.TeamClaim) {
		team, mapped := value, value != AllTeams && len(value) <= mostTeam && value == cleaned(value)
		if c.Teams != nil {
			team, mapped = c.Teams[value], c.Teams[value] != ""
		}
		if mapped && !slices.Contains(teams, team) {
			teams = append(teams, team)
		}
	}
	switch {
	case slices.Contains(teams, AllTeams), len(teams) == 0 && role == access.Admin:
		return "", true
	case len(teams) != 1:
		return "", false
	default:
		return teams[0], true
	}
}

// nameIn is what the person is called, in the history too.
func (c *Config) nameIn(claims claims) string {
	paths := usualNames
	if c.NameClaim != "" {
		paths = append([]string{c.NameClaim}, usualNames...)
	}
	for _, path := range paths {
		for _, value := range claims.values(path) {
			if name := cleaned(value); name != "" {
				return shortened(name)
			}
		}
	}
	return "someone"
}

// cleaned is a text without what cannot be seen or changes what others see, with
// single spaces.
func cleaned(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == unicode.ReplacementChar || unicode.In(r, unicode.Cf, unicode.Co):
			return -1
		case unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		default:
			return r
		}
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(text), " ")
}

func shortened(name string) string {
	if all := []rune(name); len(all) > mostName {
		return strings.TrimSpace(string(all[:mostName-1])) + "…"
	}
	return name
}

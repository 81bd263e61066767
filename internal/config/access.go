package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// firstToken is the variable that may hold the first token; it is no flag, which
// everybody on the machine could read.
const firstToken = prefix + "FIRST_TOKEN"

func (f accessFlags) check(from *sources) (a Access, err error) {
	how, err := f.Auth.oneOf("tokens", "none")
	if err != nil {
		return Access{}, err
	}
	a.Tokens = how == "tokens"
	if a.Trust, err = time.ParseDuration(f.TokenTrust.text); err != nil || a.Trust < 5*time.Second || a.Trust > 24*time.Hour {
		return Access{}, f.TokenTrust.refuse("%s is no time from 5s to 24h, such as 15m", shown(f.TokenTrust.text))
	}
	if a.Rate, err = strconv.Atoi(f.TokenRate.text); err != nil || a.Rate < 1 || a.Rate > 10_000 {
		return Access{}, f.TokenRate.refuse("%s is no number from 1 to 10000", shown(f.TokenRate.text))
	}
	if a.FirstToken, err = f.first(from); err != nil {
		return Access{}, err
	}
	if a.Certificate, err = f.certificate(); err != nil {
		return Access{}, err
	}
	for _, g := range f.CORSOrigin {
		if err := origin(g); err != nil {
			return Access{}, err
		}
		a.Origins = append(a.Origins, g.text)
	}
	for _, g := range f.TrustedProxy {
		network, err := network(g)
		if err != nil {
			return Access{}, err
		}
		a.TrustedProxies = append(a.TrustedProxies, network)
	}
	if !a.Tokens && (a.FirstToken.text != "" || len(a.Origins) > 0 || len(a.TrustedProxies) > 0) {
		return Access{}, f.Auth.refuse("with none there are no tokens, and so no first token, no cors-origin and no trusted-proxy; leave them out")
	}
	return a, nil
}

// first is the first token, of a file or the environment.
func (f accessFlags) first(from *sources) (Secret, error) {
	text := from.environment[firstToken]
	switch {
	case f.FirstTokenFile.as == "":
		return Secret{text}, nil
	case text != "":
		return Secret{}, f.FirstTokenFile.refuse("%s holds a first token, too; leave one of the two out", firstToken)
	}
	secret, err := readSecret(f.FirstTokenFile.text)
	if err != nil {
		return Secret{}, f.FirstTokenFile.refuse("the file %s %w", shown(f.FirstTokenFile.text), err)
	}
	return secret, nil
}

func (f accessFlags) certificate() (*Certificate, error) {
	switch cert, key := f.TLSCertFile, f.TLSKeyFile; {
	case cert.as == "" && key.as == "":
		return nil, nil //nolint:nilnil // none is wanted
	case cert.text == "":
		return nil, key.refuse("needs --tls-cert-file beside it")
	case key.text == "":
		return nil, cert.refuse("needs --tls-key-file beside it")
	default:
		return &Certificate{CertFile: cert.text, KeyFile: key.text}, nil
	}
}

// origin checks an origin, which browsers send in one form only.
func origin(g given) error {
	u, err := url.Parse(g.text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" ||
		u.Scheme+"://"+u.Host != g.text || strings.ToLower(g.text) != g.text {
		return g.refuse("%s is no origin; write it as https://desk.example or http://localhost:3000, in small letters and without a path", shown(g.text))
	}
	if port := u.Port(); port == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		return g.refuse("%s has the port that browsers leave out; leave it out, too", shown(g.text))
	}
	return nil
}

// network is a network, or a single address as one.
func network(g given) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(g.text); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(g.text)
	if err != nil {
		return netip.Prefix{}, g.refuse("%s is no network; write it as 10.0.0.0/8, or as an address", shown(g.text))
	}
	if a := prefix.Addr(); a.Is4In6() && prefix.Bits() >= 96 { // addresses are compared as IPv4
		prefix = netip.PrefixFrom(a.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), nil
}

func (f tokenCreateFlags) check() (TokenCreate, error) {
	c := TokenCreate{Name: f.Name.text, User: f.User.text, Team: f.Team.text}
	var err error
	switch {
	case c.Name == "":
		return c, given{as: "--name"}.refuse("a token needs a name, which the history shows")
	case f.Role.as == "":
		return c, given{as: "--role"}.refuse("a token needs a role: viewer, manager or admin")
	case f.User.as != "" && !id.MatchString(c.User):
		return c, f.User.refuse("%s is no id of a user, which is a UUID", shown(c.User))
	case f.Team.as != "" && c.Team == "":
		return c, f.Team.refuse("names no team; leave it out for all")
	}
	if c.Role, err = f.Role.oneOf("viewer", "manager", "admin"); err != nil {
		return c, err
	}
	if f.Expires.as != "" {
		if c.Expires, err = days(f.Expires); err != nil {
			return c, err
		}
	}
	c.Database, c.Log, err = checkBoth(f.databaseFlags, f.logFlags)
	return c, err
}

var id = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// days is a time that may be given in days, too.
func days(g given) (time.Duration, error) {
	const day, longest = 24 * time.Hour, 3660
	if text, isDays := strings.CutSuffix(g.text, "d"); isDays {
		if n, err := strconv.ParseUint(text, 10, 16); err == nil && n >= 1 && n <= longest {
			return time.Duration(n) * day, nil
		}
	} else if d, err := time.ParseDuration(g.text); err == nil && d >= time.Second && d <= longest*day {
		return d, nil
	}
	return 0, g.refuse("%s is no time from 1s to 3660d, such as 90d or 12h", shown(g.text))
}

func (f tokenListFlags) check() (c TokenList, err error) {
	c.Database, c.Log, err = checkBoth(f.databaseFlags, f.logFlags)
	return c, err
}

func (f tokenRevokeFlags) check() (c TokenRevoke, err error) {
	c.Token = f.Token.text
	c.Database, c.Log, err = checkBoth(f.databaseFlags, f.logFlags)
	return c, err
}

// checkBoth checks what every command on a database has.
func checkBoth(d databaseFlags, l logFlags) (Database, Log, error) {
	database, err := d.check()
	if err != nil {
		return Database{}, Log{}, err
	}
	log, err := l.check()
	return database, log, err
}

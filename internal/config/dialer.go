package config

import (
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	dialerName      = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	channelVariable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\([A-Za-z0-9_-]*\))?$`)
)

// dialers checks all dialers that were given. No message repeats a URL.
func (s *sources) dialers(all list) ([]Dialer, error) {
	if len(all) == 0 {
		return nil, given{as: "serve"}.refuse("no dialer is named; add --dialer NAME=URL (or %s, or dialers in the file); "+
			"for an invented one: --dialer 'sim=simulator://'", variable("dialers"))
	}
	var dialers []Dialer
	for _, g := range all {
		d, err := s.dialer(g)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(dialers, func(other Dialer) bool { return other.Name == d.Name }) {
			return nil, g.refuse("there are two dialers named %s; each needs a name of its own", d.Name)
		}
		dialers = append(dialers, d)
	}
	return dialers, nil
}

func (s *sources) dialer(g given) (Dialer, error) {
	name, address, ok := strings.Cut(g.text, "=")
	if !ok || strings.Contains(name, "://") {
		return Dialer{}, g.refuse("write NAME=URL, such as pbx1=asterisk://coach@10.0.0.5:5038?secret-file=FILE")
	}
	if !dialerName.MatchString(name) {
		return Dialer{}, g.refuse("%s is no name for a dialer; use up to 32 of a-z, 0-9 and -, such as pbx1", shown(name))
	}
	g.as += ": " + name
	u, err := parseURL(address)
	if err != nil {
		return Dialer{}, g.refuse("what stands after the name is no URL")
	}
	options, err := optionsOf(g, u)
	if err != nil {
		return Dialer{}, err
	}
	d := Dialer{Name: name}
	switch u.Scheme {
	case "asterisk":
		d.Asterisk, err = s.asterisk(g, name, u, options)
	case "simulator":
		d.Simulator, err = simulator(g, u, options)
	default:
		return Dialer{}, g.refuse("its URL begins with neither asterisk:// nor simulator://")
	}
	if err == nil && len(options.unused) > 0 {
		err = g.refuse("there is no option %s of %s", shown(slices.Sorted(maps.Keys(options.unused))[0]), u.Scheme)
	}
	return d, err
}

// options are the options of a dialer's URL; what is taken is no longer unused.
type options struct {
	of     given
	unused map[string]string
}

func optionsOf(g given, u *url.URL) (options, error) {
	if _, has := u.User.Password(); has {
		return options{}, g.refuseSecret()
	}
	if (u.Path != "" && u.Path != "/") || u.Fragment != "" || u.Opaque != "" {
		return options{}, g.refuse("its URL has more than HOST:PORT and options; write asterisk://USER@HOST:PORT?OPTION=VALUE, or simulator://?seed=7")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return options{}, g.refuse("its options are not of the form a=b&c=d")
	}
	o := options{of: g, unused: map[string]string{}}
	for name, texts := range query {
		switch {
		case name == "secret" || name == "password":
			return options{}, g.refuseSecret()
		case len(texts) > 1:
			return options{}, g.refuse("the option %s is given twice", shown(name))
		case texts[0] == "":
			return options{}, g.refuse("the option %s has no value", shown(name))
		}
		o.unused[name] = texts[0]
	}
	return o, nil
}

func (g given) refuseSecret() error {
	name, _, _ := strings.Cut(g.text, "=")
	return g.refuse("a secret does not stand here, where it is easily read; use secret-file=FILE or the variable %s", secretVariable(name))
}

func (o options) take(name, otherwise string) string {
	text, ok := o.unused[name]
	if !ok {
		return otherwise
	}
	delete(o.unused, name)
	return text
}

func secretVariable(name string) string { return variable("dialer-" + name + "-secret") }

func (s *sources) asterisk(g given, name string, u *url.URL, o options) (*Asterisk, error) {
	a := &Asterisk{Username: u.User.Username()}
	if a.Username == "" || u.Hostname() == "" {
		return nil, g.refuse("its URL lacks the manager's user or host; write asterisk://USER@HOST:PORT")
	}
	var err error
	if a.TLS, err = o.truth("tls"); err != nil {
		return nil, err
	}
	port := u.Port()
	if port == "" {
		port = map[bool]string{false: "5038", true: "5039"}[a.TLS]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, g.refuse("its URL has no port from 1 to 65535")
	}
	a.Address = net.JoinHostPort(u.Hostname(), port)
	for _, v := range []struct {
		into              *string
		option, otherwise string
	}{
		{&a.CampaignVariable, "campaign-variable", "CAMPAIGN"},
		{&a.ListVariable, "list-variable", "LIST"},
		{&a.ResultCodeVariable, "result-code-variable", "RESULT_CODE"},
		{&a.DirectionVariable, "direction-variable", "DIRECTION"},
		{&a.TypeVariable, "type-variable", ""},
		{&a.UserVariable, "user-variable", ""},
	} {
		*v.into = o.take(v.option, v.otherwise)
		if *v.into != "" && !channelVariable.MatchString(*v.into) {
			return nil, g.refuse("the option %s is no name of a channel variable", v.option)
		}
	}
	if a.WrapUp, err = o.wrapUp(); err != nil {
		return nil, err
	}
	a.Secret, err = s.secret(g, name, o)
	return a, err
}

func (o options) truth(name string) (bool, error) {
	text := o.take(name, "false")
	if text != "true" && text != "false" {
		return false, o.of.refuse("the option %s is true or false", name)
	}
	return text == "true", nil
}

// secret reads a dialer's secret from the one place that has it.
func (s *sources) secret(g given, name string, o options) (Secret, error) {
	fromVariable := s.environment[secretVariable(name)]
	s.known[secretVariable(name)] = true
	path := o.take("secret-file", "")
	switch {
	case path == "" && fromVariable == "":
		return Secret{}, g.refuse("the manager's secret is missing; use secret-file=FILE or the variable %s", secretVariable(name))
	case path != "" && fromVariable != "":
		return Secret{}, g.refuse("there are two secrets, of secret-file and of %s; leave one out", secretVariable(name))
	case path == "":
		if strings.ContainsAny(fromVariable, "\r\n\x00") {
			return Secret{}, g.refuse("%s has more than one line; a secret is one line", secretVariable(name))
		}
		return Secret{fromVariable}, nil
	}
	secret, err := readSecret(path)
	if err != nil {
		return Secret{}, g.refuse("the secret-file %s %w", shown(path), err)
	}
	return secret, nil
}

func simulator(g given, u *url.URL, o options) (*Simulator, error) {
	if u.Host != "" || u.User != nil {
		return nil, g.refuse("a simulator has no host; write simulator:// or simulator://?seed=7")
	}
	seed, err := strconv.ParseUint(o.take("seed", "1"), 10, 64)
	if err != nil {
		return nil, g.refuse("the option seed is no whole number from 0 on")
	}
	return &Simulator{Seed: seed}, nil
}

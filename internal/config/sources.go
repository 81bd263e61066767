package config

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// sources finds the settings that are not on the command line: in the environment,
// else in the file.
type sources struct {
	environment map[string]string
	file        map[string][]given // by key; nil where there is no file
	known       map[string]bool    // the variables that are settings
}

const prefix = "COACH_"

// noSetting is the key of a flag that is given on the command line only.
const noSetting = "-"

// keyOf is a flag's key in the file.
func keyOf(v *kong.Value) string {
	if v.Tag != nil && v.Tag.Get("setting") != "" {
		return v.Tag.Get("setting")
	}
	return v.Name
}

// onlyHere tells whether a flag counts on the command line only: what one run is to
// do is no setting.
func onlyHere(v *kong.Value) bool {
	return v.Name == "help" || v.Name == "config" || keyOf(v) == noSetting
}

// variable is the name of a key in the environment.
func variable(key string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
}

// variables makes a map of an environment. An empty variable counts as not set:
// that is how compose files and unit files leave one out.
func variables(environ []string) map[string]string {
	all := map[string]string{}
	for _, entry := range environ {
		if name, text, ok := strings.Cut(entry, "="); ok && text != "" {
			all[name] = text
		}
	}
	return all
}

// load reads the file that the command line or the environment names. What else is
// wrong with the command line is for the parser to say.
func (s *sources) load(parser *kong.Kong, args []string) error {
	keys := s.learn(parser)
	path := given{text: s.environment[variable("config")], as: variable("config")}
	trace, err := kong.Trace(parser, args)
	if err != nil || trace.Error != nil {
		return nil //nolint:nilerr // Parse says it
	}
	for _, p := range trace.Path {
		if p.Flag != nil && p.Flag.Name == "config" {
			path, _ = trace.Value(p).Interface().(given)
		}
	}
	if path.text == "" {
		if path.as != variable("config") {
			return path.refuse("names no file")
		}
		return nil
	}
	s.file, err = readSettings(path, keys)
	return err
}

// learn notes all settings of all commands and returns their keys.
func (s *sources) learn(parser *kong.Kong) (keys []string) {
	s.known = map[string]bool{variable("config"): true, firstToken: true}
	_ = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && !onlyHere(flag.Value) {
			key := keyOf(flag.Value)
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
			s.known[variable(key)] = true
		}
		return next(nil)
	})
	return keys
}

// Validate is kong's; load has looked at the file already.
func (s *sources) Validate(*kong.Application) error { return nil }

// Resolve finds a setting, as kong asks for it.
func (s *sources) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if onlyHere(flag.Value) {
		return nil, nil
	}
	key := keyOf(flag.Value)
	if text, ok := s.environment[variable(key)]; ok {
		found := given{text: text, as: variable(key)}
		switch flag.Target.Addr().Interface().(type) {
		case *list:
			return split(found, ", \t\r\n"), nil
		case *pairs:
			return split(found, ";\r\n"), nil
		default:
			return []given{found}, nil
		}
	}
	if found, ok := s.file[key]; ok {
		return found, nil
	}
	return nil, nil
}

// split makes a list of what stands in one variable.
func split(g given, separators string) []given {
	var all []given
	for _, text := range strings.FieldsFunc(g.text, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if text = strings.TrimSpace(text); text != "" {
			all = append(all, given{text: text, as: g.as})
		}
	}
	return all
}

// unknown are the variables that begin like a setting and are none. Those of
// COACH_MANAGER_ are not ours: orchestrators make them of a service's name.
func (s *sources) unknown() (names []string) {
	for name := range s.environment {
		if strings.HasPrefix(name, prefix) && !strings.HasPrefix(name, prefix+"MANAGER_") && !s.known[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

package config

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// given is a setting's text and where the user wrote it.
type given struct {
	text string
	as   string // "--listen", "COACH_LISTEN", "coach.yaml:3: listen"
}

// refuse makes the line that refuses the setting.
func (g given) refuse(format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{g.as}, args...)...)
}

// Decode takes a setting in, as kong asks for it.
func (g *given) Decode(ctx *kong.DecodeContext) error {
	all, err := decode(ctx)
	if err == nil {
		*g = all[len(all)-1]
	}
	return err
}

// list is a setting that may be given several times.
type list []given

// Decode adds what was given, as kong asks for it.
func (l *list) Decode(ctx *kong.DecodeContext) error {
	all, err := decode(ctx)
	*l = append(*l, all...)
	return err
}

// pairs is a list whose items may have spaces and commas in them.
type pairs list

// Decode adds what was given, as kong asks for it.
func (p *pairs) Decode(ctx *kong.DecodeContext) error { return (*list)(p).Decode(ctx) }

// decode takes a flag's text, or what sources found.
func decode(ctx *kong.DecodeContext) ([]given, error) {
	token := ctx.Scan.Pop()
	if found, ok := token.Value.([]given); ok {
		return found, nil
	}
	text, ok := token.Value.(string)
	// A token that looks like a flag is the next flag: the value was forgotten.
	if !ok || token.IsEOL() || token.InferredType() == kong.FlagToken {
		return nil, fmt.Errorf("a value is missing after it")
	}
	as := ctx.Value.Name
	if ctx.Value.Flag != nil {
		as = "--" + as
	}
	return []given{{text: text, as: as}}, nil
}

// oneOf checks a setting against the values it may have.
func (g given) oneOf(values ...string) (string, error) {
	for _, v := range values {
		if g.text == v {
			return v, nil
		}
	}
	return "", g.refuse("%s is none of %s", shown(g.text), strings.Join(values, ", "))
}

// shown quotes a value for a message and cuts it where it is long.
func shown(text string) string {
	const limit = 80
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "..."
	}
	return fmt.Sprintf("%q", text)
}

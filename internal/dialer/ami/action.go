package ami

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of what is sent. Asterisk takes about 1,024 bytes a line, and answers a
// longer one without an ActionID or not as meant (testdata/protocol-oddities.ami:
// 900 fine, 1,100 not); it takes 128 headers a message.
const (
	maxActionLine    = 1000 // bytes, without the line end
	maxActionHeaders = 120
)

// Action is a request to the manager. It is a value: With returns another one.
// The ActionID is the connection's business.
type Action struct {
	name    string
	headers []Header
}

// NewAction returns an action without headers.
func NewAction(name string) Action { return Action{name: name} }

// With returns the action with one more header; keys may repeat.
func (a Action) With(key, value string) Action {
	a.headers = append(slices.Clip(a.headers), Header{Key: key, Value: value})
	return a
}

// Name returns the action's name.
func (a Action) Name() string { return a.name }

// wire returns the bytes to send, or ErrRefused. Nothing of an action is sent
// unless all of it is sound: Asterisk obeys a header that was smuggled in behind a
// line break, and answers Success (testdata/local-utf8-and-hostile-values.ami).
// The error names keys, never values: one of them is the secret.
func (a Action) wire(id string) ([]byte, error) {
	if len(a.headers) > maxActionHeaders {
		return nil, fmt.Errorf("%w: %d headers, at most %d", ErrRefused, len(a.headers), maxActionHeaders)
	}
	// ActionID goes second: in an answer to a line too long Asterisk repeats it
	// only if it stood before that line.
	b, err := appendLine(nil, "Action", a.name)
	if err != nil {
		return nil, err
	}
	if b, err = appendLine(b, "ActionID", id); err != nil {
		return nil, err
	}
	for _, h := range a.headers {
		if err := checkHeader(h); err != nil {
			return nil, err
		}
		if b, err = appendLine(b, h.Key, h.Value); err != nil {
			return nil, err
		}
	}
	return append(b, "\r\n"...), nil
}

func checkHeader(h Header) error {
	switch {
	case h.Key == "" || strings.ContainsAny(h.Key, ": \t"):
		return fmt.Errorf("%w: bad key %.40q", ErrRefused, h.Key)
	case sameKey(h.Key, "Action"), sameKey(h.Key, "ActionID"):
		return fmt.Errorf("%w: %s cannot be set", ErrRefused, h.Key)
	case sameKey(h.Key, "Channel") && strings.HasPrefix(h.Value, "/"):
		// AMI reads such a Channel as a regular expression: Hangup drops every
		// match and answers Success even for none. No channel's name begins so.
		// testdata/sip-hangup-spyer.ami
		return fmt.Errorf("%w: %s is a pattern", ErrRefused, h.Key)
	}
	return nil
}

func appendLine(b []byte, key, value string) ([]byte, error) {
	if strings.ContainsAny(key, "\r\n\x00") || strings.ContainsAny(value, "\r\n\x00") {
		return nil, fmt.Errorf("%w: %.40q holds a line break or NUL", ErrRefused, key)
	}
	if n := len(key) + len(": ") + len(value); n > maxActionLine {
		return nil, fmt.Errorf("%w: %.40q has %d bytes, at most %d", ErrRefused, key, n, maxActionLine)
	}
	b = append(b, key...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...), nil
}

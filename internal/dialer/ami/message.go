package ami

import (
	"iter"
	"strings"
)

// Header is one line of a message.
type Header struct {
	Key, Value string
}

// Message is what the manager said between two empty lines: headers in their
// order, repeated keys kept. It is a value; nobody changes one after it was read.
//
// Values are the bytes of the wire: invalid UTF-8 and control bytes come through
// (testdata/local-utf8-and-hostile-values.ami, "LIST=\xff\xfe"), and names are
// still escaped: see Text.
type Message struct {
	// Seq numbers the messages of one connection in the order they arrived,
	// from 1. Answers, list items and events share the count, so that "came
	// after" can be asked of any two. It is 0 in a message that was not read
	// from a Conn.
	Seq uint64

	Headers []Header

	// Truncated says that lines of this message were dropped because they, or
	// the message, were beyond the reader's limits.
	Truncated bool

	bytes int // that its headers share
}

// Get returns the value of the first header with this key, in any case, or "".
// The first counts because the manager's own headers stand before those that
// come from calls, and because Asterisk reads ours the same way
// (testdata/protocol-oddities.ami, two ActionIDs).
func (m Message) Get(key string) string {
	value, _ := m.Lookup(key)
	return value
}

// Lookup is Get for callers to whom an empty header differs from none.
func (m Message) Lookup(key string) (value string, ok bool) {
	for _, h := range m.Headers {
		if sameKey(h.Key, key) {
			return h.Value, true
		}
	}
	return "", false
}

// sameKey is strings.EqualFold with ways out by the length and the first letter:
// they decide most of the comparisons of a flood, where an event has some 20 to 60
// headers. Keys are ASCII.
func sameKey(a, b string) bool {
	const lower = 0x20
	return len(a) == len(b) && (a == "" || a[0]|lower == b[0]|lower && (a == b || strings.EqualFold(a, b)))
}

// All returns the values of every header with this key, in order.
func (m Message) All(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, h := range m.Headers {
			if sameKey(h.Key, key) && !yield(h.Value) {
				return
			}
		}
	}
}

// Event returns the event's name, or "" when the message is not an event.
//
// The first line alone decides what a message is. OriginateResponse is an event
// with a Response header further down (testdata/sip-originate-application.ami),
// and a second Event line comes from a value with a line break in it
// (testdata/local-utf8-and-hostile-values.ami).
func (m Message) Event() string { return m.firstIf("Event") }

// Response returns Success, Error and the like, or "" when the message is not an
// answer to an action; as with Event, the first line decides.
func (m Message) Response() string { return m.firstIf("Response") }

func (m Message) firstIf(key string) string {
	if len(m.Headers) == 0 || !sameKey(m.Headers[0].Key, key) {
		return ""
	}
	return m.Headers[0].Value
}

// ActionID returns the id that ties an answer, a list item or an
// OriginateResponse to its action.
func (m Message) ActionID() string { return m.Get("ActionID") }

// privileged reports whether the manager sent this event to all who may read its
// class. Asterisk puts Privilege right behind Event: 2,820 of 2,820 recorded.
// Anywhere else it may come from a value with a line break in it.
func (m Message) privileged() bool {
	return len(m.Headers) > 1 && sameKey(m.Headers[1].Key, "Privilege")
}

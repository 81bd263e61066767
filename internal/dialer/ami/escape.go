package ami

import (
	"iter"
	"strings"
)

// Text returns Get(key) as a person wrote it: with the escapes undone where
// Asterisk makes them, and as it is where it does not.
//
// Escaped are CallerIDName, ConnectedLineName and ChanVariable of a channel
// snapshot, under any prefix (SpyeeCallerIDName). The same names outside a
// snapshot are not: OriginateResponse writes `CallerIDName: Zoë "q" x` where
// Newchannel writes `Zoë \"q\" x`. Nor are AppData, numbers, or the body of a
// UserEvent. (testdata/local-utf8-and-hostile-values.ami)
func (m Message) Text(key string) string {
	value := m.Get(key)
	if m.escaped(key) {
		return Unescape(value)
	}
	return value
}

// Variables returns the channel variables of the snapshot with this prefix (""
// for the plain one, "Spyee" and the like for others), by name, escapes undone. A
// variable that is listed in channelvars= but not set is there, and empty.
func (m Message) Variables(prefix string) iter.Seq2[string, string] {
	key := prefix + "ChanVariable"
	return func(yield func(name, value string) bool) {
		_, escaped := m.Lookup(prefix + "ChannelStateDesc")
		for _, h := range m.Headers {
			if !sameKey(h.Key, key) {
				continue
			}
			name, value, _ := strings.Cut(h.Value, "=")
			if escaped {
				value = Unescape(value)
			}
			if !yield(name, value) {
				return
			}
		}
	}
}

// Variable returns one of Variables, or "" when it is not there or not set.
func (m Message) Variable(prefix, name string) string {
	for n, value := range m.Variables(prefix) {
		if n == name {
			return value
		}
	}
	return ""
}

// escaped reports whether key is one of the escaped fields of a snapshot in this
// message. Every snapshot has ChannelStateDesc under its prefix, and nothing else
// has.
func (m Message) escaped(key string) bool {
	for _, field := range []string{"CallerIDName", "ConnectedLineName", "ChanVariable"} {
		prefix := len(key) - len(field)
		if prefix < 0 || !sameKey(key[prefix:], field) {
			continue
		}
		_, snapshot := m.Lookup(key[:prefix] + "ChannelStateDesc")
		return snapshot
	}
	return false
}

// Unescape undoes the C escapes that Asterisk writes into names and variables of
// snapshots: \" \\ \' \? \n \r \t \a \b \f \v. A backslash before anything else,
// or at the end, stands for itself: Asterisk cuts long values wherever its buffer
// ends.
//
// The result may hold line breaks and any control byte.
func Unescape(s string) string {
	at := strings.IndexByte(s, '\\')
	if at < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for at >= 0 && at+1 < len(s) {
		b.WriteString(s[:at])
		if plain, ok := unescaped(s[at+1]); ok {
			b.WriteByte(plain)
		} else {
			b.WriteString(s[at : at+2])
		}
		s = s[at+2:]
		at = strings.IndexByte(s, '\\')
	}
	b.WriteString(s)
	return b.String()
}

func unescaped(letter byte) (plain byte, ok bool) {
	const letters, plains = `abfnrtv\'"?`, "\a\b\f\n\r\t\v\\'\"?"
	at := strings.IndexByte(letters, letter)
	if at < 0 {
		return 0, false
	}
	return plains[at], true
}

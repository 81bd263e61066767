package httpapi

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// readQuery parses a query strictly: what net/url leaves out in silence, and what
// the contract does not know, is a fault.
func (o *operation) readQuery(raw string) (url.Values, *faults) {
	values, found := url.Values{}, &faults{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(rawName)
		value, valueErr := url.QueryUnescape(rawValue)
		schema := o.query[name]
		switch {
		case nameErr != nil || schema == nil:
			found.put(repeatable(name), "is not a parameter of this operation")
		case valueErr != nil:
			found.put(name, "has a % that is not followed by two hexadecimal digits")
		case strings.Contains(pair, ";"):
			found.put(name, "has a ;, which must be written as %3B")
		case value == "":
			found.put(name, "must not be empty; leave it out instead")
		case !utf8.ValidString(value):
			found.put(name, "must be valid UTF-8")
		case strings.ContainsFunc(value, unicode.IsControl):
			found.put(name, "must not have control characters")
		case values.Has(name) && !schema.Type.Is(openapi3.TypeArray):
			found.put(name, "may be given only once")
		case schema.Type.Is(openapi3.TypeBoolean) && value != "true" && value != "false":
			// The library takes 1 and T for true.
			found.put(name, expected(schema))
		default:
			values.Add(name, value)
		}
	}
	return values, found
}

// repeatable is a parameter's name as it may be repeated in an answer. What looks like no
// name is not repeated: it may be the value, such as a number or a token, of one who
// forgot the name.
func repeatable(name string) string {
	const most = 40
	if name == "" || len(name) > most || strings.ContainsFunc(name, notOfNames) {
		return "query"
	}
	return name
}

func notOfNames(r rune) bool {
	return r != '_' && r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

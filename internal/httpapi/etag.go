package httpapi

import (
	"errors"
	"strings"
)

// entityTags is what If-Match or If-None-Match says.
type entityTags struct {
	all  bool // *
	tags []entityTag
}

type entityTag struct {
	weak   bool
	opaque string // without quotes
}

var errNoTags = errors.New("not a list of entity tags")

// parseTags reads a list of entity tags, or *, as RFC 9110 has it.
func parseTags(text string) (entityTags, error) {
	var list entityTags
	rest := strings.Trim(text, " \t")
	if rest == "*" {
		return entityTags{all: true}, nil
	}
	for rest != "" {
		if after, isEmpty := strings.CutPrefix(rest, ","); isEmpty {
			rest = strings.TrimLeft(after, " \t")
			continue
		}
		var tag entityTag
		rest, tag.weak = strings.CutPrefix(rest, "W/")
		opaque, after, ok := cutQuoted(rest)
		if !ok {
			return entityTags{}, errNoTags
		}
		tag.opaque = opaque
		list.tags = append(list.tags, tag)
		rest = strings.TrimLeft(after, " \t")
		if rest != "" && rest[0] != ',' {
			return entityTags{}, errNoTags
		}
	}
	if len(list.tags) == 0 {
		return entityTags{}, errNoTags
	}
	return list, nil
}

// cutQuoted takes a quoted text from the front. It knows no escapes: entity tags
// have none.
func cutQuoted(text string) (inner, after string, ok bool) {
	text, ok = strings.CutPrefix(text, `"`)
	if !ok {
		return "", "", false
	}
	inner, after, ok = strings.Cut(text, `"`)
	for i := range len(inner) {
		if inner[i] <= ' ' || inner[i] == 0x7f {
			return "", "", false
		}
	}
	return inner, after, ok
}

// isNamed tells whether an If-None-Match names a weak entity tag. One that cannot
// be read names none: the caller gets a full answer.
func isNamed(ifNoneMatch, etag string) bool {
	list, err := parseTags(ifNoneMatch)
	if err != nil {
		return false
	}
	if list.all {
		return true
	}
	for _, tag := range list.tags {
		if `W/"`+tag.opaque+`"` == etag {
			return true
		}
	}
	return false
}

// sessionTags are the tags of an If-Match as a disconnect takes them; none if
// there is no If-Match. A weak tag matches nothing, so it stays in the list in a
// form that no session's tag has.
func sessionTags(ifMatch string) ([]string, error) {
	if ifMatch == "" {
		return nil, nil
	}
	list, err := parseTags(ifMatch)
	if err != nil {
		return nil, invalid("If-Match", `must be entity tags in quotes, as a session's etag has them, or *`)
	}
	if list.all {
		return []string{"*"}, nil
	}
	var tags []string
	for _, tag := range list.tags {
		switch {
		case tag.weak:
			tags = append(tags, `W/"`+tag.opaque+`"`)
		case tag.opaque == "*": // a tag of that name, which is not the *
			tags = append(tags, `"*"`)
		default:
			tags = append(tags, tag.opaque)
		}
	}
	return tags, nil
}

package httpapi

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// ListCoachingUsers answers from memory.
func (o *operations) ListCoachingUsers(ctx context.Context, r api.ListCoachingUsersRequestObject) (api.ListCoachingUsersResponseObject, error) {
	page, err := o.live.of(sightOf(ctx)).now()
	if err != nil {
		return nil, err
	}
	filter := liveFilter{types: typesOf(r.Params.Type), dialer: r.Params.Dialer, text: fold(r.Params.Q)}
	if filter.String() == "" {
		return page.whole().unless(r.Params.IfNoneMatch), nil
	}
	var items []*liveItem
	for _, item := range page.items {
		if filter.admits(item) {
			items = append(items, item)
		}
	}
	return page.list(items, filter.String()).unless(r.Params.IfNoneMatch), nil
}

// liveFilter narrows the live list to users with a session that fits all of it.
type liveFilter struct {
	types  []coaching.Type // sorted; empty: any
	dialer string          // "": any
	text   string          // folded; "": any
}

// String tells filters apart; "" is the one that admits all.
func (f liveFilter) String() string {
	if len(f.types) == 0 && f.dialer == "" && f.text == "" {
		return ""
	}
	var types []string
	for _, t := range f.types {
		types = append(types, string(t))
	}
	return strings.Join([]string{strings.Join(types, ","), f.dialer, f.text}, separator)
}

func (f liveFilter) admits(item *liveItem) bool {
	for i, s := range item.user.Sessions {
		if len(f.types) > 0 && !slices.Contains(f.types, s.Type()) || f.dialer != "" && s.Dialer != f.dialer {
			continue
		}
		if strings.Contains(item.name, f.text) || strings.Contains(item.rest[i], f.text) {
			return true
		}
	}
	return false
}

// typesOf are the types of a parameter, sorted, each once.
func typesOf(given api.SessionTypes) []coaching.Type {
	var types []coaching.Type
	for _, t := range given {
		types = append(types, coaching.Type(t))
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// separator stands between texts. No parameter has it: control characters are
// refused.
const separator = "\x00"

// searched is what a search looks at in a user.
func searched(u coaching.User) string {
	texts := []string{u.Name}
	for _, e := range u.Extensions {
		texts = append(texts, e.Extension)
	}
	return fold(strings.Join(texts, separator))
}

// fold makes texts that differ in case only the same, in every script: of the
// forms of a letter it takes the first (as strings.EqualFold compares), which in
// ASCII is the capital one.
func fold(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return strings.ToUpper(text)
	}
	return strings.Map(func(r rune) rune {
		first := r
		for form := unicode.SimpleFold(r); form != r; form = unicode.SimpleFold(form) {
			first = min(first, form)
		}
		return first
	}, text)
}

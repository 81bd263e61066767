package coaching

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// directory keeps all users sorted by name and id, from the first time that
// somebody asks. What was handed out stays as it is.
type directory struct {
	// Guarded by the view's lock.
	inUse bool
	anew  bool             // all users are to be sorted
	news  map[UserID]*User // who changed since they were, but for the presence

	sorting sync.Mutex // one sorts, the others wait and share; never taken under the view's lock
	sorted  []*User    // their presence may be old
}

// begin has all users sorted when they are asked for next.
func (d *directory) begin() { d.anew, d.news = true, nil }

// changed takes note of a user, before is nil for a new one. It needs the view's
// lock.
func (d *directory) changed(before, after *User) {
	if !d.inUse || d.anew {
		return
	}
	if before != nil && before.Name == after.Name && before.Team == after.Team && before.ExternalID == after.ExternalID &&
		before.Inactive == after.Inactive && slices.Equal(before.Extensions, after.Extensions) {
		return
	}
	if d.news == nil {
		d.news = map[UserID]*User{}
	}
	d.news[after.ID] = after
}

// everybody are all users, sorted by name and id. It sorts without the view's lock,
// which the change log needs.
func (v *view) everybody() []*User {
	d := &v.directory
	d.sorting.Lock()
	defer d.sorting.Unlock()
	v.mu.Lock()
	var users []*User
	anew, news := d.anew, d.news
	if anew {
		users = slices.Collect(maps.Values(v.users))
	}
	d.inUse, d.anew, d.news = true, false, nil
	v.mu.Unlock()
	switch {
	case anew:
		slices.SortFunc(users, byName)
		d.sorted = users
	case len(news) > 0:
		d.sorted = merged(d.sorted, news)
	}
	return d.sorted
}

// merged puts changed users in their places.
func merged(sorted []*User, news map[UserID]*User) []*User {
	changed := slices.SortedFunc(maps.Values(news), byName)
	all := make([]*User, 0, len(sorted)+len(changed))
	for _, u := range sorted {
		if news[u.ID] != nil {
			continue
		}
		for len(changed) > 0 && byName(changed[0], u) < 0 {
			all, changed = append(all, changed[0]), changed[1:]
		}
		all = append(all, u)
	}
	return append(all, changed...)
}

func byName(a, b *User) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return slices.Compare(a.ID[:], b.ID[:])
}

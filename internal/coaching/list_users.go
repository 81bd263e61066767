package coaching

import (
	"slices"
	"strings"

	"github.com/google/uuid"
)

// NamePlace is where a page ended, in the order of names and ids.
type NamePlace struct {
	Name string
	ID   uuid.UUID
}

func (p NamePlace) compare(q NamePlace) int {
	if c := strings.Compare(p.Name, q.Name); c != 0 {
		return c
	}
	return slices.Compare(p.ID[:], q.ID[:])
}

func placeOf(u *User) NamePlace { return NamePlace{u.Name, u.ID} }

// UserPage is a page of users with the presence that is shown, sorted by name and
// id.
type UserPage struct {
	Users []User
	Next  *NamePlace // nil on the last page; a page may be short or empty and still have one
}

// mostLookedAt is how many users a page looks at at most: a search through a million
// must not be one request.
const mostLookedAt = 10_000

// Users returns a page of the users of a team ("": of all) that are admitted, from
// memory. after is nil for the first page. What admits is given must not be changed, and its presence may be
// old.
func (f *Floor) Users(team string, after *NamePlace, limit int, admits func(*User) bool) UserPage {
	all := f.view.everybody()
	if after != nil {
		first, found := slices.BinarySearchFunc(all, *after, func(u *User, p NamePlace) int { return placeOf(u).compare(p) })
		if found {
			first++
		}
		all = all[first:]
	}
	var page UserPage
	var found []*User
	var last *User // that was looked at; no place tells of others
	looked := 0
	for _, u := range all {
		if team != "" && u.Team != team {
			continue
		}
		if looked++; looked > mostLookedAt {
			place := placeOf(last)
			page.Next = &place
			break
		}
		last = u
		if !admits(u) {
			continue
		}
		if len(found) == limit {
			place := placeOf(found[limit-1])
			page.Next = &place
			break
		}
		found = append(found, u)
	}
	page.Users = f.view.shownNow(found)
	return page
}

// shownNow are users with the presence that is shown now.
func (v *view) shownNow(users []*User) []User {
	v.mu.Lock()
	defer v.mu.Unlock()
	byUser := v.sessionsByUser()
	shown := make([]User, len(users))
	for i, u := range users {
		shown[i] = v.shown(u.ID, byUser)
	}
	return shown
}

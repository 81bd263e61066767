package coaching

import (
	"cmp"
	"slices"
)

// ImportedUser is all that an import says of a user.
type ImportedUser struct {
	ExternalID string      `json:"external_id"`
	Name       string      `json:"name"`
	Team       string      `json:"team,omitempty"`
	Extensions []Extension `json:"extensions,omitempty"` // all that the user has from now on
}

// ImportedEntry is what an import says of a campaign, list or result code.
type ImportedEntry struct {
	Kind   CatalogueKind `json:"kind"`
	Dialer string        `json:"dialer"`
	Key    string        `json:"key"`
	Name   string        `json:"name"`
}

// Portion is the part of an import that is carried out in one transaction.
type Portion struct {
	Users   []ImportedUser  `json:"users,omitempty"`
	Missing []string        `json:"missing,omitempty"` // external ids of users to make inactive
	Entries []ImportedEntry `json:"entries,omitempty"`
}

// Effect is what an import does to one user or catalogue entry.
type Effect string

// The effects of an import.
const (
	EffectUnchanged   Effect = "unchanged"
	EffectCreated     Effect = "created"
	EffectCompleted   Effect = "completed" // was known from a dialer only
	EffectChanged     Effect = "changed"
	EffectDeactivated Effect = "made inactive"
)

// Roster is to an import what a Board is to a dialer's reports: the users and
// catalogue entries that a portion may touch, and the rules. An import wins over
// what a dialer tells. Every rule is idempotent, and none fails: what is decided
// can be carried out whatever happened since.
//
// It belongs to one goroutine and one transaction.
type Roster struct {
	board       *Board             // of no dialer: it makes ids and takes note of what changed
	byExternal  map[string][]*User // as a rule one
	byExtension map[Extension]*User
	moved       int
}

// NewRoster returns a roster with these rows, which it may change: the users with
// the external ids of a portion and those who have its extensions.
func NewRoster(rows Rows) *Roster {
	r := &Roster{board: NewBoard(rows), byExternal: map[string][]*User{}, byExtension: map[Extension]*User{}}
	for _, u := range rows.Users {
		if u.ExternalID != "" {
			r.byExternal[u.ExternalID] = append(r.byExternal[u.ExternalID], u)
		}
		for _, e := range u.Extensions {
			r.byExtension[e] = u
		}
	}
	return r
}

// Moved is how many extensions went from one user to another.
func (r *Roster) Moved() int { return r.moved }

// Writes is what the imports so far changed, for a store to keep.
func (r *Roster) Writes() Writes { return r.board.Writes() }

// Import applies a portion and returns its effects: those of its users, then of
// the missing, then of its entries.
func (r *Roster) Import(p Portion) []Effect {
	var effects []Effect
	for _, u := range p.Users {
		effects = append(effects, r.importUser(u))
	}
	for _, id := range p.Missing {
		effects = append(effects, r.deactivate(id))
	}
	for _, e := range p.Entries {
		effects = append(effects, r.importEntry(e))
	}
	return effects
}

// imported is the user with an external id; nil if there is none. Databases of the
// first schema may have several, of whom the active one that was there first is
// meant.
func (r *Roster) imported(externalID string) (u *User, others []*User) {
	all := r.byExternal[externalID]
	if len(all) == 0 {
		return nil, nil
	}
	slices.SortFunc(all, func(a, b *User) int {
		if a.Inactive != b.Inactive {
			return map[bool]int{true: 1, false: -1}[a.Inactive]
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return all[0], all[1:]
}

// importUser makes a user what the import says. One first seen at a dialer who
// has one of the extensions is completed and keeps the id, so that history stays
// with the person; of several, the one seen first. An extension that somebody else
// has moves, and history stays behind.
func (r *Roster) importUser(in ImportedUser) Effect {
	u, others := r.imported(in.ExternalID)
	effect, retired := EffectChanged, false
	for _, other := range others {
		retired = r.retire(other) || retired
	}
	if u == nil {
		if u, effect = r.firstSeen(in.Extensions), EffectCompleted; u == nil {
			u, effect = &User{ID: r.board.newID(), Presence: Presence{Status: StatusUnknown}}, EffectCreated
		}
		u.ExternalID = in.ExternalID
		r.byExternal[u.ExternalID] = []*User{u}
	}
	extensions := sortedExtensions(in.Extensions)
	if effect == EffectChanged && !retired && u.Name == in.Name && u.Team == in.Team && !u.Inactive && slices.Equal(sortedExtensions(u.Extensions), extensions) {
		return EffectUnchanged
	}
	u.Name, u.Team, u.Inactive = in.Name, in.Team, false
	r.give(u, extensions)
	r.board.keepUser(u)
	return effect
}

// firstSeen is the user whom only dialers know by one of the extensions; nil if
// there is none.
func (r *Roster) firstSeen(extensions []Extension) *User {
	var first *User
	for _, e := range extensions {
		u := r.byExtension[e]
		if u != nil && u.ExternalID == "" && (first == nil || slices.Compare(u.ID[:], first.ID[:]) < 0) {
			first = u
		}
	}
	return first
}

// give makes these a user's extensions. What a dialer told of the user was told of
// an extension: whoever has none of the old ones any more is as the new ones are.
func (r *Roster) give(u *User, extensions []Extension) {
	stays := false
	for _, e := range u.Extensions {
		if slices.Contains(extensions, e) {
			stays = true
		} else {
			delete(r.byExtension, e)
		}
	}
	presence := Presence{Status: StatusUnknown}
	for _, e := range extensions {
		holder := r.byExtension[e]
		if holder != nil && holder != u {
			if presence.Since == nil {
				presence = holder.Presence
			}
			r.moved++
			r.take(holder, e)
		}
		r.byExtension[e] = u
	}
	u.Extensions = extensions
	if !stays {
		u.Presence = presence
	}
}

// take takes an extension from a user. Whom dialers knew by it only is nobody who
// could be seen again.
func (r *Roster) take(u *User, e Extension) {
	u.Extensions = slices.DeleteFunc(slices.Clone(u.Extensions), func(x Extension) bool { return x == e })
	if len(u.Extensions) == 0 {
		u.Presence = Presence{Status: StatusUnknown}
		u.Inactive = u.Inactive || u.ExternalID == ""
	}
	r.board.keepUser(u)
}

// deactivate makes a user inactive who is not in the imports any more.
func (r *Roster) deactivate(externalID string) Effect {
	effect := EffectUnchanged
	for _, u := range r.byExternal[externalID] {
		if r.retire(u) {
			effect = EffectDeactivated
		}
	}
	return effect
}

// retire takes a user's extensions away and makes the user inactive. It tells
// whether that is new.
func (r *Roster) retire(u *User) bool {
	if u.Inactive && len(u.Extensions) == 0 {
		return false
	}
	r.give(u, nil)
	u.Inactive = true
	r.board.keepUser(u)
	return true
}

func (r *Roster) importEntry(in ImportedEntry) Effect {
	key := catalogueKey{in.Kind, in.Dialer, in.Key}
	e, known := r.board.catalogue[key]
	effect := EffectChanged
	switch {
	case !known:
		e, effect = CatalogueEntry{ID: r.board.newID(), Kind: in.Kind, Dialer: in.Dialer, Key: in.Key}, EffectCreated
	case !e.Imported:
		effect = EffectCompleted
	case e.Name == in.Name:
		return EffectUnchanged
	}
	e.Name, e.Imported = in.Name, true
	r.board.catalogue[key] = e
	r.board.keepEntry(e)
	return effect
}

// sortedExtensions is a sorted copy, as stores keep them.
func sortedExtensions(extensions []Extension) []Extension {
	sorted := slices.Clone(extensions)
	slices.SortFunc(sorted, func(a, b Extension) int {
		return cmp.Or(cmp.Compare(a.Dialer, b.Dialer), cmp.Compare(a.Extension, b.Extension))
	})
	return sorted
}

package coaching

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

func (b *Board) index(u *User) {
	b.users[u.ID] = u
	for _, e := range u.Extensions {
		if e.Dialer == b.dialer.Name {
			b.byExt[e.Extension] = u
		}
	}
}

// user finds a person by extension, or takes a new user on. A dialer's name
// never replaces the name of an imported user.
func (b *Board) user(p Person) *User {
	u := b.byExt[p.Extension]
	if u == nil {
		u = &User{
			ID: b.newID(), Name: p.Extension, Presence: Presence{Status: StatusUnknown},
			Extensions: []Extension{{Dialer: b.dialer.Name, Extension: p.Extension}},
		}
		b.index(u)
		b.keepUser(u)
	}
	if u.ExternalID != "" {
		return u
	}
	before := *u
	if p.Name != "" {
		u.Name = p.Name
	}
	if p.Team != "" {
		u.Team = p.Team
	}
	if u.Name != before.Name || u.Team != before.Team {
		b.keepUser(u)
	}
	return u
}

func (b *Board) keepUser(u *User) {
	if !slices.Contains(b.dirtyUsers, u) {
		b.dirtyUsers = append(b.dirtyUsers, u)
	}
}

// userSeen takes over a reported status unless a newer one is known.
func (b *Board) userSeen(seen UserSeen) {
	u := b.user(seen.Person)
	p := u.Presence
	if p.Since != nil && seen.Since.Before(*p.Since) {
		return
	}
	if p.Status == seen.Status && p.Reason == seen.Reason && p.Since != nil {
		return
	}
	since := seen.Since
	u.Presence = Presence{Status: seen.Status, Since: &since, Reason: seen.Reason}
	b.keepUser(u)
}

// userListed takes over the status that a snapshot of a moment tells. It is newer than
// what was told for before, though it may be dated earlier: where a change was not
// seen a dialer may know no better than when the call began. What another dialer told
// is not known to be older.
func (b *Board) userListed(seen UserSeen, known, snapshotAt time.Time) {
	u := b.user(seen.Person)
	p := u.Presence
	differs := p.Status != seen.Status || p.Reason != seen.Reason
	if differs && len(u.Extensions) == 1 && p.Since != nil && seen.Since.Before(*p.Since) && !p.Since.After(snapshotAt) {
		seen.Since = later(known, *p.Since)
	}
	b.userSeen(seen)
}

// entry finds what a dialer names by a key, or takes it into the catalogue. It
// returns nil for no key. A dialer's name never replaces an imported one.
func (b *Board) entry(kind CatalogueKind, n Named) *uuid.UUID {
	if n.Key == "" {
		return nil
	}
	key := catalogueKey{kind, b.dialer.Name, n.Key}
	e, known := b.catalogue[key]
	if !known {
		e = CatalogueEntry{ID: b.newID(), Kind: kind, Dialer: b.dialer.Name, Key: n.Key, Name: n.Key}
	}
	named := n.Name != "" && n.Name != e.Name && !e.Imported
	if named {
		e.Name = n.Name
	}
	if !known || named {
		b.catalogue[key] = e
		b.keepEntry(e)
	}
	return &e.ID
}

func (b *Board) keepEntry(e CatalogueEntry) {
	i := slices.IndexFunc(b.dirtyEntries, func(d CatalogueEntry) bool { return d.ID == e.ID })
	if i >= 0 {
		b.dirtyEntries[i] = e
		return
	}
	b.dirtyEntries = append(b.dirtyEntries, e)
}

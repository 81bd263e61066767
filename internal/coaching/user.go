package coaching

import (
	"slices"

	"github.com/google/uuid"
)

// UserID identifies a user. It is ours (UUIDv7), never a dialer's.
type UserID = uuid.UUID

// User is a person: a supervisor, an agent, or both.
type User struct {
	ID         UserID      `json:"id"`
	ExternalID string      `json:"external_id,omitempty"` // key of an import; "" for a user first seen at a dialer
	Name       string      `json:"name"`
	Team       string      `json:"team,omitempty"`
	Extensions []Extension `json:"extensions"`
	Presence   Presence    `json:"presence"` // as the dialer reported it; what is shown is StatusOf
	// Inactive: not in the imports any more, or known to a dialer by extensions only
	// that are others' now. History still points here.
	Inactive bool `json:"inactive,omitempty"`
}

// Extension is where a dialer knows a user: unique per dialer.
type Extension struct {
	Dialer    string `json:"dialer"`
	Extension string `json:"extension"`
}

// At returns the user's first extension at a dialer, or "" if there is none.
func (u *User) At(dialer string) string {
	if all := u.AllAt(dialer); len(all) > 0 {
		return all[0]
	}
	return ""
}

// AllAt returns all of the user's extensions at a dialer.
func (u *User) AllAt(dialer string) []string {
	var all []string
	for _, e := range u.Extensions {
		if e.Dialer == dialer {
			all = append(all, e.Extension)
		}
	}
	return all
}

// UserName is a user as named at some moment; history keeps it as it was then.
type UserName struct {
	ID   UserID `json:"id"`
	Name string `json:"name"`
}

// Actor is who asked for something. The user is nil where the one who asked is
// no known user.
type Actor struct {
	Name string    `json:"name"`
	User *UserName `json:"user,omitempty"`
}

// Clone returns a copy that shares nothing that changes with the original.
func (u *User) Clone() *User {
	c := *u
	c.Extensions = slices.Clone(u.Extensions)
	return &c
}

// Named is the user as a session keeps it.
func (u *User) Named() UserName { return UserName{ID: u.ID, Name: u.Name} }

package store

import (
	"cmp"
	"slices"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// userRow is a user without the extensions.
type userRow struct {
	ID           key     `gorm:"primaryKey"`
	ExternalID   *string // NULL, not "", for users without one
	Name         string
	Team         string
	Status       string
	StatusSince  *instant
	StatusReason string
	Inactive     bool
}

// TableName tells GORM the table.
func (userRow) TableName() string { return "users" }

// extensionRow is where a dialer knows a user.
type extensionRow struct {
	Dialer    string `gorm:"primaryKey"`
	Extension string `gorm:"primaryKey"`
	UserID    key
}

// TableName tells GORM the table.
func (extensionRow) TableName() string { return "user_extensions" }

// userRows are all rows of a user; the extensions by dialer and extension.
type userRows struct {
	user       userRow
	extensions []extensionRow
}

func rowsOfUser(u *coaching.User) userRows {
	rows := userRows{user: userRow{
		ID: key(u.ID), Name: u.Name, Team: u.Team, Status: string(u.Presence.Status),
		StatusSince: atOrNull(u.Presence.Since), StatusReason: u.Presence.Reason,
		Inactive: u.Inactive,
	}}
	if u.ExternalID != "" {
		rows.user.ExternalID = &u.ExternalID
	}
	for _, e := range u.Extensions {
		rows.extensions = append(rows.extensions, extensionRow{Dialer: e.Dialer, Extension: e.Extension, UserID: key(u.ID)})
	}
	slices.SortFunc(rows.extensions, func(a, b extensionRow) int {
		return cmp.Or(cmp.Compare(a.Dialer, b.Dialer), cmp.Compare(a.Extension, b.Extension))
	})
	return rows
}

func (rows userRows) toUser() *coaching.User {
	u := &coaching.User{
		ID: coaching.UserID(rows.user.ID), Name: rows.user.Name, Team: rows.user.Team, Inactive: rows.user.Inactive,
		Presence: coaching.Presence{
			Status: coaching.Status(rows.user.Status), Since: rows.user.StatusSince.timeOrNil(), Reason: rows.user.StatusReason,
		},
	}
	if rows.user.ExternalID != nil {
		u.ExternalID = *rows.user.ExternalID
	}
	for _, e := range rows.extensions {
		u.Extensions = append(u.Extensions, coaching.Extension{Dialer: e.Dialer, Extension: e.Extension})
	}
	return u
}

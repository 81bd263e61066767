package httpapi

import (
	"context"
	"strings"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// ListUsers answers from memory.
func (o *operations) ListUsers(ctx context.Context, r api.ListUsersRequestObject) (api.ListUsersResponseObject, error) {
	p := r.Params
	filter := userFilter{Text: fold(given(p.Q)), Team: given(p.Team), Dialer: given(p.Dialer), Active: p.Active, Sight: sightOf(ctx).team}
	mark, err := fingerprintOf("listUsers", filter)
	if err != nil {
		return nil, err
	}
	place, err := after[coaching.NamePlace](o.cursors, p.Cursor, mark)
	if err != nil {
		return nil, err
	}
	found := o.floor.Users(filter.Sight, place, p.Limit, filter.admits)
	page := api.ListUsers200JSONResponse{Items: []api.KnownUser{}}
	if page.NextCursor, err = next(o.cursors, found.Next, mark); err != nil {
		return nil, err
	}
	for _, u := range found.Users {
		page.Items = append(page.Items, knownUserOf(u))
	}
	return page, nil
}

// userFilter narrows the list of users. Its fields are covered by cursors.
type userFilter struct {
	Text   string // folded; "": any
	Team   string // "": any
	Dialer string // "": any
	Active *bool  // nil: all
	Sight  string // the team that the token is limited to; "": all
}

func (f userFilter) admits(u *coaching.User) bool {
	return (f.Active == nil || *f.Active != u.Inactive) &&
		(f.Team == "" || f.Team == u.Team) &&
		(f.Dialer == "" || u.At(f.Dialer) != "") &&
		(f.Text == "" || strings.Contains(searched(*u)+separator+fold(u.ExternalID), f.Text))
}

func knownUserOf(u coaching.User) api.KnownUser {
	user := userOf(u)
	known := api.KnownUser{
		ID: user.ID, ExternalID: user.ExternalID, Name: user.Name, Team: user.Team, Extensions: user.Extensions,
		Status: user.Status, StatusSince: user.StatusSince, StatusReason: user.StatusReason,
		Origin: "dialer", Active: !u.Inactive,
	}
	if u.ExternalID != "" {
		known.Origin = "import"
	}
	return known
}

// given is a parameter's text; "" where it was left out.
func given(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

package httpapi

import (
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

func (v sight) coachingUserOf(u *coaching.CoachingUser) api.CoachingUser {
	user := v.shown(u.User, u.Sessions...)
	shown := api.CoachingUser{
		ID: user.ID, ExternalID: user.ExternalID, Name: user.Name, Team: user.Team, Extensions: user.Extensions,
		Status: user.Status, StatusSince: user.StatusSince, StatusReason: user.StatusReason,
		Sessions: []api.LiveSession{},
	}
	for _, s := range u.Sessions {
		shown.Sessions = append(shown.Sessions, v.liveSessionOf(s))
	}
	return shown
}

func userOf(u coaching.User) api.User {
	user := api.User{
		ID: u.ID, ExternalID: orNull(u.ExternalID), Name: u.Name, Team: orNull(u.Team), Extensions: []api.Extension{},
		Status: string(u.Presence.Status), StatusSince: utc(u.Presence.Since), StatusReason: orNull(u.Presence.Reason),
	}
	for _, e := range u.Extensions {
		user.Extensions = append(user.Extensions, api.Extension{Dialer: e.Dialer, Extension: e.Extension})
	}
	return user
}

func userNameOf(u coaching.UserName) api.UserName { return api.UserName{ID: u.ID, Name: u.Name} }

func actorOf(a coaching.Actor) api.Actor {
	actor := api.Actor{Name: a.Name}
	if a.User != nil {
		user := userNameOf(*a.User)
		actor.User = &user
	}
	return actor
}

// campaignOf names a campaign, or a list. One the catalogue does not have goes by
// its id.
func campaignOf(id *uuid.UUID, names *coaching.Catalogue) *api.Campaign {
	if id == nil {
		return nil
	}
	if e, ok := names.Entry(*id); ok {
		return &api.Campaign{ID: *id, Name: e.Name}
	}
	return &api.Campaign{ID: *id, Name: id.String()}
}

func dialerOf(d coaching.DialerState) api.Dialer {
	return api.Dialer{
		Name: d.Name, Kind: d.Kind, Connected: d.Connected, WatchedBy: orNull(d.WatchedBy), Since: utc(d.Since),
		LastHeardAt: utc(d.LastHeardAt), LastReconciledAt: utc(d.LastReconciledAt),
	}
}

// orNull is nil for an empty text.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

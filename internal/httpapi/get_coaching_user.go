package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
)

// GetCoachingUser answers from memory, where the user is known there.
func (o *operations) GetCoachingUser(ctx context.Context, r api.GetCoachingUserRequestObject) (api.GetCoachingUserResponseObject, error) {
	// The page comes first: the user may then be newer than its revision, never
	// older, so that whoever goes on from the revision misses nothing.
	list := o.live.of(sightOf(ctx))
	page, err := list.now()
	if err != nil {
		return nil, err
	}
	item := page.byUser[page.CoachingUser(r.UserID)]
	if item == nil {
		user, err := o.floor.UserOf(ctx, list.sight.team, r.UserID)
		if err != nil {
			return nil, err
		}
		if item, err = list.encode(user); err != nil {
			return nil, err
		}
	}
	return page.one(item).unless(r.Params.IfNoneMatch), nil
}

package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
)

// GetCoachingUser answers from memory, where the user is known there.
func (o *operations) GetCoachingUser(ctx context.Context, r api.GetCoachingUserRequestObject) (api.GetCoachingUserResponseObject, error) {
	// The page comes first: the user may then be newer than its revision, never
	// older, so that whoever goes on from the revision misses nothing.
	page, err := o.live.now()
	if err != nil {
		return nil, err
	}
	item := page.byUser[page.CoachingUser(r.UserID)]
	if item == nil {
		user, err := o.floor.User(ctx, r.UserID)
		if err != nil {
			return nil, err
		}
		if item, err = o.live.encode(user); err != nil {
			return nil, err
		}
	}
	return page.one(item).unless(r.Params.IfNoneMatch), nil
}

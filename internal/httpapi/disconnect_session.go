package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// DisconnectSession has a session ended. 200 tells that it is over, 202 that the
// dialer agreed; all else is an error with its own code.
func (o *operations) DisconnectSession(ctx context.Context, r api.DisconnectSessionRequestObject) (api.DisconnectSessionResponseObject, error) {
	tags, err := sessionTags(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	by, err := o.asker(ctx)
	if err != nil {
		return nil, err
	}
	actor, err := o.audit.Actor(ctx, callerOf(ctx))
	if err != nil {
		return nil, notEntered(err)
	}
	v := sightOf(ctx)
	s, err := o.floor.Disconnect(ctx, coaching.Disconnect{
		Session: r.SessionID,
		Team:    v.team,
		IfMatch: tags,
		Force:   r.Params.Force,
		Reason:  r.Params.Reason,
		By:      by,

		Credential: actor.Credential(),
	})
	if err != nil {
		return nil, err
	}
	if s.Live() {
		return api.DisconnectSession202JSONResponse(v.sessionOf(s)), nil
	}
	return api.DisconnectSession200JSONResponse(v.sessionOf(s)), nil
}

// asker is who asks, as the history will name this one.
func (o *operations) asker(ctx context.Context) (coaching.Actor, error) {
	who := access.From(ctx)
	user, err := o.userOf(ctx, who)
	return coaching.Actor{Name: who.Name, User: user}, err
}

// userOf is the user that somebody's token belongs to; nil if to none.
func (o *operations) userOf(ctx context.Context, who access.Identity) (*coaching.UserName, error) {
	if who.User == nil {
		return nil, nil //nolint:nilnil // documented: there is none
	}
	user, err := o.floor.User(ctx, *who.User)
	if err != nil {
		return nil, err
	}
	name := user.Named()
	return &name, nil
}

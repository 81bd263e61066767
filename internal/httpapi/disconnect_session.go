package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// local is who asks, as long as the service knows no accounts.
var local = coaching.Actor{Name: "local"}

// DisconnectSession has a session ended. 200 tells that it is over, 202 that the
// dialer agreed; all else is an error with its own code.
func (o *operations) DisconnectSession(ctx context.Context, r api.DisconnectSessionRequestObject) (api.DisconnectSessionResponseObject, error) {
	tags, err := sessionTags(r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	s, err := o.floor.Disconnect(ctx, coaching.Disconnect{
		Session: r.SessionID,
		IfMatch: tags,
		Force:   r.Params.Force,
		Reason:  r.Params.Reason,
		By:      local,
	})
	if err != nil {
		return nil, err
	}
	if s.Live() {
		return api.DisconnectSession202JSONResponse(sessionOf(s)), nil
	}
	return api.DisconnectSession200JSONResponse(sessionOf(s)), nil
}

package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
)

// GetSession answers from the database, which alone has all that a session heard.
func (o *operations) GetSession(ctx context.Context, r api.GetSessionRequestObject) (api.GetSessionResponseObject, error) {
	v := sightOf(ctx)
	s, err := o.floor.SessionOf(ctx, v.team, r.SessionID)
	if err != nil {
		return nil, err
	}
	return api.GetSession200JSONResponse{
		Body: v.sessionOf(s), Headers: api.GetSession200ResponseHeaders{ETag: quotedTag(s.Session)},
	}, nil
}

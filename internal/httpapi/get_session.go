package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
)

// GetSession answers from the database, which alone has all that a session heard.
func (o *operations) GetSession(ctx context.Context, r api.GetSessionRequestObject) (api.GetSessionResponseObject, error) {
	s, err := o.floor.Session(ctx, r.SessionID)
	if err != nil {
		return nil, err
	}
	return api.GetSession200JSONResponse{
		Body: sessionOf(s), Headers: api.GetSession200ResponseHeaders{ETag: quotedTag(s.Session)},
	}, nil
}

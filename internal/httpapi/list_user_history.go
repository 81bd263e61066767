package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// ListUserHistory answers from the database.
func (o *operations) ListUserHistory(ctx context.Context, r api.ListUserHistoryRequestObject) (api.ListUserHistoryResponseObject, error) {
	p := r.Params
	page, err := o.page(p.Limit, p.Cursor, "listUserHistory", coaching.SessionQuery{
		UserID:           &r.UserID,
		Team:             sightOf(ctx).team,
		TargetUserID:     p.TargetUserID,
		TargetCampaignID: p.TargetCampaignID,
		Types:            typesOf(p.Type),
		From:             p.From,
		To:               p.To,
	}, func(query coaching.SessionQuery) (coaching.SessionPage, error) {
		return o.floor.UserHistory(ctx, r.UserID, query)
	})
	if err != nil {
		return nil, err
	}
	return api.ListUserHistory200JSONResponse(page), nil
}

package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// ListCampaigns answers from memory.
func (o *operations) ListCampaigns(_ context.Context, r api.ListCampaignsRequestObject) (api.ListCampaignsResponseObject, error) {
	p := r.Params
	dialer := given(p.Dialer)
	mark, err := fingerprintOf("listCampaigns", dialer)
	if err != nil {
		return nil, err
	}
	place, err := after[coaching.NamePlace](o.cursors, p.Cursor, mark)
	if err != nil {
		return nil, err
	}
	found := o.floor.Campaigns(place, p.Limit, dialer)
	page := api.ListCampaigns200JSONResponse{Items: []api.KnownCampaign{}}
	if page.NextCursor, err = next(o.cursors, found.Next, mark); err != nil {
		return nil, err
	}
	for _, c := range found.Campaigns {
		page.Items = append(page.Items, api.KnownCampaign{ID: c.ID, Name: c.Name, Dialer: c.Dialer})
	}
	return page, nil
}

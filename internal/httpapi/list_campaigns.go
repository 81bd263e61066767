package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
)

// ListCampaigns answers from memory.
func (o *operations) ListCampaigns(_ context.Context, r api.ListCampaignsRequestObject) (api.ListCampaignsResponseObject, error) {
	p := r.Params
	dialer := given(p.Dialer)
	mark, err := fingerprintOfAny("listCampaigns", dialer)
	if err != nil {
		return nil, err
	}
	after, err := afterName(p.Cursor, mark)
	if err != nil {
		return nil, err
	}
	found := o.floor.Campaigns(after, p.Limit, dialer)
	page := api.ListCampaigns200JSONResponse{Items: []api.KnownCampaign{}, NextCursor: nextByName(found.Next, mark)}
	for _, c := range found.Campaigns {
		page.Items = append(page.Items, api.KnownCampaign{ID: c.ID, Name: c.Name, Dialer: c.Dialer})
	}
	return page, nil
}

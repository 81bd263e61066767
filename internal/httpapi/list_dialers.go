package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
)

// ListDialers answers from memory.
func (o *operations) ListDialers(context.Context, api.ListDialersRequestObject) (api.ListDialersResponseObject, error) {
	list := api.ListDialers200JSONResponse{Items: []api.Dialer{}}
	for _, d := range o.floor.Dialers() {
		list.Items = append(list.Items, dialerOf(d))
	}
	return list, nil
}

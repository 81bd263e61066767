package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/access"
)

// GetMe answers from memory.
func (o *operations) GetMe(ctx context.Context, _ api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	who := access.From(ctx)
	user, err := o.userOf(ctx, who)
	if err != nil {
		return nil, err
	}
	me := api.GetMe200JSONResponse{Name: who.Name, Role: string(who.Role), Team: orNull(who.Team)}
	for _, p := range who.Permissions() {
		me.Permissions = append(me.Permissions, string(p))
	}
	if user != nil {
		name := userNameOf(*user)
		me.User = &name
	}
	return me, nil
}

package httpapi

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// ListCurrentCalls answers from memory, where the user is known there.
func (o *operations) ListCurrentCalls(ctx context.Context, r api.ListCurrentCallsRequestObject) (api.ListCurrentCallsResponseObject, error) {
	v := sightOf(ctx)
	user, err := o.floor.UserOf(ctx, v.team, r.UserID)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	return api.ListCurrentCalls200JSONResponse{AsOf: now, Items: v.currentCalls(user, now)}, nil
}

// currentCalls are the calls of the agents a user listens to, each once.
func (v sight) currentCalls(user *coaching.CoachingUser, now time.Time) []api.CurrentCall {
	type key struct {
		dialer, call string
		agent        coaching.UserID
	}
	seen := map[key]bool{}
	calls := []api.CurrentCall{}
	for _, s := range user.Sessions {
		if s.TargetUser == nil {
			continue // whose call it is, is not known
		}
		for _, call := range s.CurrentCalls() {
			k := key{s.Dialer, call.CallID, s.TargetUser.ID}
			if !seen[k] {
				seen[k] = true
				calls = append(calls, v.currentCallOf(s, call, now))
			}
		}
	}
	slices.SortFunc(calls, func(a, b api.CurrentCall) int {
		return cmp.Or(cmp.Compare(a.Agent.Name, b.Agent.Name), slices.Compare(a.Agent.ID[:], b.Agent.ID[:]), a.StartedAt.Compare(b.StartedAt))
	})
	return calls
}

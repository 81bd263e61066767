package httpapi

import (
	"context"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// sight is what a caller may see, whatever the caller asks for. Equal sights see
// the same: what is encoded once is encoded once for each.
type sight struct {
	team    string // whose sessions and users; "": all
	numbers bool   // phone numbers; masked otherwise
}

func sightOf(ctx context.Context) sight {
	who := access.From(ctx)
	return sight{team: who.Team, numbers: who.May(access.PhoneNumbers)}
}

// shown is a user as seen beside those sessions that may be seen. That somebody of
// another team supervises elsewhere, and how, is not.
func (v sight) shown(u coaching.User, beside ...*coaching.SessionView) api.User {
	if v.team != "" && u.Team != v.team && u.Presence.Status.Supervising() {
		var live []*coaching.Session
		for _, s := range beside {
			if s.Live() && s.User.ID == u.ID {
				live = append(live, s.Session)
			}
		}
		u.Presence = coaching.StatusOf(coaching.Presence{Status: coaching.StatusUnknown}, live)
	}
	return userOf(u)
}

// reasonOf is why somebody asked; people write numbers there, too.
func (v sight) reasonOf(r coaching.DisconnectRequest) *string {
	if v.numbers {
		return orNull(r.Reason)
	}
	return orNull(access.MaskedIn(r.Reason))
}

func (v sight) phoneNumberOf(c coaching.Call) *string {
	if v.numbers {
		return orNull(c.PhoneNumber)
	}
	return orNull(access.Masked(c.PhoneNumber))
}

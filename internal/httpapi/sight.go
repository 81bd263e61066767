package httpapi

import (
	"context"

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

func (v sight) phoneNumberOf(c coaching.Call) *string {
	if v.numbers {
		return orNull(c.PhoneNumber)
	}
	return orNull(access.Masked(c.PhoneNumber))
}

package httpapi

import (
	"context"
	"time"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// ListSessions answers from the database.
func (o *operations) ListSessions(ctx context.Context, r api.ListSessionsRequestObject) (api.ListSessionsResponseObject, error) {
	p := r.Params
	page, err := o.page(p.Limit, p.Cursor, "listSessions", coaching.SessionQuery{
		State:            coaching.StateFilter(p.State),
		UserID:           p.UserID,
		TargetUserID:     p.TargetUserID,
		TargetCampaignID: p.TargetCampaignID,
		CallID:           p.CallID,
		PhoneNumber:      p.PhoneNumber,
		Team:             sightOf(ctx).team,
		Types:            typesOf(p.Type),
		Dialer:           p.Dialer,
		EndReason:        coaching.EndReason(p.EndReason),
		From:             p.From,
		To:               p.To,
		At:               p.At,
	}, func(query coaching.SessionQuery) (coaching.SessionPage, error) {
		if query.PhoneNumber != "" {
			if err := o.enterLook(ctx, query.PhoneNumber); err != nil {
				return coaching.SessionPage{}, err
			}
		}
		return o.floor.Sessions(ctx, query)
	})
	if err != nil {
		return nil, err
	}
	return api.ListSessions200JSONResponse(page), nil
}

// page reads one page of sessions: it checks what only all parameters together
// tell, and turns cursors into places and back.
func (o *operations) page(
	limit int, cursor, operation string, query coaching.SessionQuery,
	read func(coaching.SessionQuery) (coaching.SessionPage, error),
) (api.HistoryPage, error) {
	if query.From != nil && query.To != nil && !query.From.Before(*query.To) {
		return api.HistoryPage{}, invalid("to", "must be later than from")
	}
	query.From, query.To, query.At = bounded(query.From), bounded(query.To), bounded(query.At)
	mark, err := fingerprintOf(operation, query)
	if err != nil {
		return api.HistoryPage{}, err
	}
	query.Limit = limit
	if query.After, err = after[coaching.Place](o.cursors, cursor, mark); err != nil {
		return api.HistoryPage{}, err
	}
	found, err := read(query)
	if err != nil {
		return api.HistoryPage{}, err
	}
	page := api.HistoryPage{Items: []api.HistoryEntry{}}
	names := o.floor.Catalogue()
	for _, s := range found.Sessions {
		page.Items = append(page.Items, historyEntryOf(s, names))
	}
	page.NextCursor, err = next(o.cursors, found.Next, mark)
	return page, err
}

// No session began outside of these; what lies outside them is too much for some
// databases.
var (
	earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

// bounded is a time of a parameter in UTC, between earliest and latest.
func bounded(t *time.Time) *time.Time {
	switch {
	case t == nil:
		return nil
	case t.Before(earliest):
		return &earliest
	case t.After(latest):
		return &latest
	}
	u := t.UTC()
	return &u
}

package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// numberPlace is where a page of a list by number ended.
type numberPlace struct{ Before int64 }

// ListAudit answers from the database.
func (o *operations) ListAudit(ctx context.Context, r api.ListAuditRequestObject) (api.ListAuditResponseObject, error) {
	p := r.Params
	if p.From != nil && p.To != nil && !p.From.Before(*p.To) {
		return nil, invalid("to", "must be later than from")
	}
	query := audit.Query{
		Action: audit.Action(given(p.Action)), ActorID: given(p.ActorID), SubjectID: given(p.SubjectID),
		From: bounded(p.From), To: bounded(p.To),
	}
	mark, err := fingerprintOf("listAudit", query)
	if err != nil {
		return nil, err
	}
	place, err := after[numberPlace](o.cursors, p.Cursor, mark)
	if err != nil {
		return nil, err
	}
	if place != nil {
		query.Before = place.Before
	}
	query.Limit = p.Limit
	found, err := o.audit.Page(ctx, query)
	if err != nil {
		return nil, unread(err)
	}
	place = nil
	if found.Next > 0 {
		place = &numberPlace{Before: found.Next}
	}
	cursor, err := next(o.cursors, place, mark)
	if err != nil {
		return nil, err
	}
	page := api.ListAudit200JSONResponse{
		Items: []api.AuditEntry{}, NextCursor: cursor,
		Head: api.AuditHead{Number: found.Head.Number, Hash: found.Head.Hash.String()},
	}
	for _, e := range found.Entries {
		page.Items = append(page.Items, auditEntryOf(e))
	}
	return page, nil
}

// unread is the error of a page that could not be read.
func unread(err error) error {
	if !errors.Is(err, coaching.ErrUnavailable) {
		return err
	}
	return &coaching.Error{Code: coaching.DatabaseUnavailable, Message: "The database cannot be reached. Try again in a moment.", Cause: err}
}

func auditEntryOf(e audit.Entry) api.AuditEntry {
	entry := api.AuditEntry{
		Number: e.Number, At: e.At.UTC(), Action: string(e.Action), Result: e.Result,
		Actor:   api.AuditActor{Kind: string(e.Actor.Kind), ID: orNull(e.Actor.ID), UserID: e.Actor.User},
		Details: map[string]any{}, Hash: e.Hash.String(),
	}
	if e.Subject != (audit.Subject{}) {
		entry.Subject = &api.AuditSubject{Kind: string(e.Subject.Kind), ID: e.Subject.ID}
	}
	// What cannot be read was tampered with: verifying tells of that.
	_ = json.Unmarshal([]byte(cmp.Or(e.Details, "{}")), &entry.Details)
	return entry
}

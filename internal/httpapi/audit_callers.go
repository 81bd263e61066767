package httpapi

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// callerOf is who asks, for the audit. Whoever was not let in has no name.
func callerOf(ctx context.Context) audit.Caller {
	who := access.From(ctx)
	switch {
	case who.Subject != "":
		return audit.Caller{Kind: audit.SignedIn, ID: who.Subject, User: who.User}
	case who.TokenID != uuid.Nil:
		return audit.Caller{Kind: audit.ByToken, ID: who.TokenID.String(), User: who.User}
	case who.Role != "":
		return audit.Caller{Kind: audit.Local}
	default:
		return audit.Caller{Kind: audit.Anonymous}
	}
}

// refusalsEntered are the codes that are refusals, and what the audit calls them.
// What a mistake in a request is told is none.
var refusalsEntered = map[coaching.Code]audit.Action{
	unauthorized: audit.RequestRefused,
	forbidden:    audit.RequestRefused,
	rateLimited:  audit.RequestRefused,

	providerUnavailable: audit.RequestRefused,

	coaching.PreconditionRequired: audit.DisconnectRefused,
	coaching.SessionNotFound:      audit.DisconnectRefused,
	coaching.SessionChangedSince:  audit.DisconnectRefused,
	coaching.CustomerWouldDrop:    audit.DisconnectRefused,
	coaching.DialerUnreachable:    audit.DisconnectRefused,
}

// disconnecting is the operation whose refusals by rule are entered.
const disconnecting = "disconnectSession"

// enterRefusals has the audit count what is refused. It stands around the doorkeeper.
func (d *doorkeeper) enterRefusals(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		o := d.operations[c.Request().Method+" "+c.Path()]
		if err == nil || o == nil {
			return err
		}
		code, session := refusalOf(err)
		name := o.route.Operation.OperationID
		action := refusalsEntered[code]
		if action == audit.DisconnectRefused && name != disconnecting {
			action = ""
		}
		who := access.From(c.Request().Context())
		if foreign := code == coaching.SessionNotFound || code == coaching.UserNotFound; action == "" && foreign && who.Team != "" {
			action = audit.RequestRefused // it may be another team's
		}
		if action == "" {
			return err
		}
		by := callerOf(c.Request().Context())
		if by.Kind == audit.Anonymous {
			by.ID = d.proxies.caller(c.Request())
		}
		d.audit.Refused(audit.Refusal{Action: action, By: by, Operation: name, Session: session, Code: string(code)})
		return err
	}
}

// refusalOf is the code of an error, and the session that it shows.
func refusalOf(err error) (code coaching.Code, session string) {
	var ours *fault
	var theirs *coaching.Error
	switch {
	case errors.As(err, &ours):
		return ours.code, ""
	case errors.As(err, &theirs) && theirs.Session != nil:
		return theirs.Code, theirs.Session.ID.String()
	case errors.As(err, &theirs):
		return theirs.Code, ""
	}
	return "", ""
}

const (
	// A caller looks for numbers so many at once, then one each looksEvery: each look is
	// kept in the audit for ever.
	looksAtOnce = 60
	looksEvery  = 500 * time.Millisecond
)

// enterLook enters a look at history by phone number. Nothing is shown unless that
// is committed.
func (o *operations) enterLook(ctx context.Context, number string) error {
	if wait := o.looks.take(access.From(ctx).Caller()); wait > 0 {
		return tooOften("This token looks for phone numbers more often than it may. Go on after Retry-After seconds.", wait)
	}
	err := o.audit.Record(ctx, callerOf(ctx), audit.Event{
		Action: audit.SearchedByNumber, Result: "allowed", Details: audit.Details{"phone_number_hash": audit.Number(number)},
	})
	return notEntered(err)
}

// notEntered is the answer to what must not be done without an entry.
func notEntered(err error) error {
	if err == nil {
		return nil
	}
	return &coaching.Error{
		Code:    coaching.DatabaseUnavailable,
		Message: "This is entered in the audit before it is answered, and the database does not answer. Try again in a moment.",
		Cause:   err,
	}
}

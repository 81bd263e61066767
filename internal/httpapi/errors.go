package httpapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Codes of errors that only HTTP knows.
const (
	invalidCursor       coaching.Code = "invalid_cursor"
	unauthorized        coaching.Code = "unauthorized"
	rateLimited         coaching.Code = "rate_limited"
	providerUnavailable coaching.Code = "identity_provider_unavailable"
	forbidden           coaching.Code = "forbidden"
	notFound            coaching.Code = "not_found"
	methodNotAllowed    coaching.Code = "method_not_allowed"
	requestTooLarge     coaching.Code = "request_too_large"
	internal            coaching.Code = "internal"
)

// kind is what is the same in all answers of a code.
type kind struct {
	status      int
	title       string
	detail      string // used where the error has no text of its own
	withSession bool   // the session is shown, where the error has one
	retryAfter  int    // seconds; 0: not told
}

// kinds is the one table of codes and statuses.
var kinds = map[coaching.Code]kind{
	coaching.InvalidRequest:       {status: http.StatusBadRequest, title: "Invalid request", detail: "The request has a mistake. See errors."},
	invalidCursor:                 {status: http.StatusBadRequest, title: "Invalid cursor", detail: "This cursor is broken or belongs to other filters. Start again without it."},
	unauthorized:                  {status: http.StatusUnauthorized, title: "Unauthorized", detail: "This needs a valid token: send it as Authorization: Bearer ..."},
	forbidden:                     {status: http.StatusForbidden, title: "Forbidden"},
	notFound:                      {status: http.StatusNotFound, title: "Not found", detail: "There is nothing at this path."},
	coaching.UserNotFound:         {status: http.StatusNotFound, title: "User not found"},
	coaching.SessionNotFound:      {status: http.StatusNotFound, title: "Session not found"},
	methodNotAllowed:              {status: http.StatusMethodNotAllowed, title: "Method not allowed", detail: "This path has other methods. Allow lists them."},
	coaching.CustomerWouldDrop:    {status: http.StatusConflict, title: "Would drop the customer", withSession: true},
	coaching.SessionChangedSince:  {status: http.StatusPreconditionFailed, title: "Session changed", withSession: true},
	requestTooLarge:               {status: http.StatusRequestEntityTooLarge, title: "Request too large", detail: "The request is larger than this service takes."},
	coaching.PreconditionRequired: {status: http.StatusPreconditionRequired, title: "Precondition required"},
	rateLimited:                   {status: http.StatusTooManyRequests, title: "Rate limited"},
	internal:                      {status: http.StatusInternalServerError, title: "Internal error", detail: "Something went wrong on our side. Quote the request id when you ask for help."},
	coaching.DialerRefused:        {status: http.StatusBadGateway, title: "Dialer refused", withSession: true},
	coaching.DialerUnreachable:    {status: http.StatusServiceUnavailable, title: "Dialer unreachable", retryAfter: 5},
	coaching.DatabaseUnavailable:  {status: http.StatusServiceUnavailable, title: "Database unavailable", retryAfter: 5},
	providerUnavailable: {status: http.StatusServiceUnavailable, title: "Identity provider unavailable", retryAfter: 5,
		detail: "Whether this token is valid cannot be told, since the identity provider does not answer with its keys. Try again shortly."},
	coaching.DialerTimeout: {status: http.StatusGatewayTimeout, title: "Dialer timeout", withSession: true},
}

// fault is an error of a request that never reached the business.
type fault struct {
	code       coaching.Code
	detail     string // "": the table's
	fields     []api.FieldError
	retryAfter int // seconds; 0: the table's
}

func (f *fault) Error() string {
	if len(f.fields) == 0 {
		return string(f.code)
	}
	return fmt.Sprintf("%s: %v", f.code, f.fields)
}

// invalid is the error of one field.
func invalid(field, reason string) *fault {
	return &fault{code: coaching.InvalidRequest, fields: []api.FieldError{{Field: field, Reason: reason}}}
}

// isTooLarge tells whether a body ran into its limit.
func isTooLarge(err error) bool {
	var tooLarge *http.MaxBytesError
	return errors.As(err, &tooLarge)
}

// problemWriter writes every error as a problem, and logs what is ours to mend.
type problemWriter struct{ log *slog.Logger }

// write is echo's error handler.
func (w *problemWriter) write(err error, c echo.Context) {
	p := sightOf(c.Request().Context()).problemOf(err)
	w.report(err, p.Status, c)
	if c.Response().Committed {
		cut(err)
		return
	}
	p.RequestID = requestID(c)
	if after := retryAfter(err, coaching.Code(p.Code)); after > 0 {
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(after))
	}
	body, err := json.Marshal(p)
	if err == nil {
		err = c.Blob(p.Status, "application/problem+json", append(body, '\n'))
	}
	if err != nil {
		w.log.Debug("write a problem", "request_id", p.RequestID, "error", err)
	}
}

// retryAfter is how many seconds to wait after an error; 0 if that is not told.
func retryAfter(err error, code coaching.Code) int {
	var ours *fault
	if errors.As(err, &ours) && ours.retryAfter > 0 {
		return ours.retryAfter
	}
	return kinds[code].retryAfter
}

// cut ends a connection on which an answer had begun when a panic came.
func cut(err error) {
	var p *panicked
	if errors.As(err, &p) {
		panic(http.ErrAbortHandler)
	}
}

// report logs the cause, which the caller never sees.
func (w *problemWriter) report(err error, status int, c echo.Context) {
	if status < http.StatusInternalServerError {
		return
	}
	log := w.log.With("request_id", requestID(c), "route", c.Path(), "error", err)
	var p *panicked
	switch {
	case errors.As(err, &p):
		log.Error("a request panicked", "stack", string(p.stack))
	case c.Request().Context().Err() != nil:
		log.Debug("the caller has gone")
	case status == http.StatusInternalServerError:
		log.Error("a request failed")
	default:
		log.Warn("a request could not be served")
	}
}

// problemOf is the answer to an error, but for the request's id.
func (v sight) problemOf(err error) api.Problem {
	var ours *fault
	var theirs *coaching.Error
	var routed *echo.HTTPError
	switch {
	case errors.As(err, &ours):
		return problem(ours.code, cmp.Or(ours.detail, mistakes(ours.fields)), ours.fields)
	case errors.As(err, &theirs):
		p := problem(theirs.Code, theirs.Message, nil)
		if kinds[theirs.Code].withSession && theirs.Session != nil {
			session := v.sessionOf(theirs.Session)
			p.Session = &session
		}
		return p
	case errors.As(err, &routed) && routed.Code == http.StatusNotFound:
		return problem(notFound, "", nil)
	case errors.As(err, &routed) && routed.Code == http.StatusBadRequest:
		// The generated binder's own text names Go types; the validator is stricter
		// than it, so this is not expected.
		return problem(coaching.InvalidRequest, "A parameter cannot be read.", nil)
	default:
		return problem(internal, "", nil)
	}
}

func problem(code coaching.Code, detail string, fields []api.FieldError) api.Problem {
	k, known := kinds[code]
	if !known {
		code, detail = internal, ""
		k = kinds[code]
	}
	if detail == "" {
		detail = k.detail
	}
	return api.Problem{
		Type: "/problems/" + strings.ReplaceAll(string(code), "_", "-"), Title: k.title, Status: k.status,
		Detail: detail, Code: string(code), Errors: fields,
	}
}

// mistakes is the detail where there is more than one; the table's else.
func mistakes(fields []api.FieldError) string {
	if len(fields) < 2 {
		return ""
	}
	return fmt.Sprintf("The request has %d mistakes. See errors.", len(fields))
}

// readyStatus is the status of /readyz.
func readyStatus(ok bool) int {
	if ok {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

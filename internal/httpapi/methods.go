package httpapi

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// ServeHTTP answers HEAD like GET, without the body. The server behind still
// knows the request as HEAD; echo routes by the request it was given.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		r = r.WithContext(r.Context())
		r.Method = http.MethodGet
		w = bodiless{w}
	}
	h.Echo.ServeHTTP(w, r)
}

// methodOf is the method that a request came with.
func methodOf(c echo.Context) string {
	if _, isHead := c.Response().Writer.(bodiless); isHead {
		return http.MethodHead
	}
	return c.Request().Method
}

// bodiless leaves the body out.
type bodiless struct{ http.ResponseWriter }

func (bodiless) Write(b []byte) (int, error)       { return len(b), nil }
func (b bodiless) Unwrap() http.ResponseWriter     { return b.ResponseWriter }
func (bodiless) WriteString(s string) (int, error) { return len(s), nil }

// allowMethods answers OPTIONS, and any method that a path does not have.
func allowMethods(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		routed, other := c.Get(echo.ContextKeyHeaderAllow).(string)
		if !other {
			return next(c)
		}
		allow := strings.Split(routed, ", ")
		if slices.Contains(allow, http.MethodGet) {
			allow = append(allow, http.MethodHead)
		}
		slices.Sort(allow)
		c.Response().Header().Set(echo.HeaderAllow, strings.Join(allow, ", "))
		if c.Request().Method == http.MethodOptions {
			return c.NoContent(http.StatusNoContent)
		}
		return &fault{code: methodNotAllowed}
	}
}

// mostBody is how many bytes of a body are looked at before it is too much.
const mostBody = 64 << 10

// refuseBody refuses a body: no operation takes one. Passing over it would let
// somebody believe that it had been understood.
func refuseBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.ContentLength > mostBody {
			return &fault{code: requestTooLarge}
		}
		if r.Body == nil || r.Body == http.NoBody {
			return next(c)
		}
		length, err := io.Copy(io.Discard, http.MaxBytesReader(c.Response(), r.Body, mostBody))
		switch {
		case isTooLarge(err):
			return &fault{code: requestTooLarge}
		case err != nil:
			return invalid("body", "could not be read")
		case length > 0:
			return invalid("body", "is not taken by this operation")
		}
		return next(c)
	}
}

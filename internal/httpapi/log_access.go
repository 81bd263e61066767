package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"
)

// logAccess writes one line a request. It names the route's pattern, never the
// path or the query: they may hold phone numbers and names.
func logAccess(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			begun, method := time.Now(), methodOf(c)
			if err := next(c); err != nil {
				c.Error(err)
			}
			route := c.Path()
			if route == "" {
				route = "none"
			}
			log.LogAttrs(c.Request().Context(), slog.LevelInfo, "request",
				slog.String("method", loggedMethod(method)), slog.String("route", route),
				slog.Int("status", c.Response().Status), slog.Duration("duration", time.Since(begun)),
				slog.Int64("bytes", c.Response().Size), slog.String("request_id", requestID(c)))
			return nil
		}
	}
}

// loggedMethod keeps what a caller invents out of the log.
func loggedMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// panicked is the error that a panic becomes.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// recoverPanics turns a panic into an error. Where the answer has begun it cuts
// the connection, so that nobody takes the half for the whole.
func recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if cause, ok := value.(error); ok && errors.Is(cause, http.ErrAbortHandler) {
				panic(value)
			}
			err = &panicked{value: value, stack: debug.Stack()}
		}()
		return next(c)
	}
}

package httpapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// UsersEncoded tells how many users a handler of New has encoded ever.
func UsersEncoded(h http.Handler) int64 { return h.(*handler).operations.live.encoded.Load() }

// AddRoute adds a route that is in no contract.
func AddRoute(h http.Handler, path string) {
	h.(*handler).GET(path, func(c echo.Context) error { return c.String(http.StatusOK, "let in") })
}

// Fold is fold.
var Fold = fold

// NewLimiter is newLimiter.
var NewLimiter = newLimiter

// Take takes one for a caller.
func (l *limiter) Take(caller string) time.Duration { return l.take(caller) }

// Callers tells how many it remembers.
func (l *limiter) Callers() int { return len(l.rested) }

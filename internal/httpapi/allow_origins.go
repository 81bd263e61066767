package httpapi

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// exposed are the headers of answers that pages of other sites may read.
var exposed = strings.Join([]string{"ETag", "Date", "Retry-After", echo.HeaderXRequestID, "Coach-Revision", "Coach-As-Of"}, ", ")

// allowOrigins lets pages of these sites ask (CORS), with a token like anybody
// else. No cookie is ever taken, so no page can ask in a user's name by itself.
func allowOrigins(origins []string) echo.MiddlewareFunc {
	allowed := map[string]bool{}
	for _, origin := range origins {
		allowed[origin] = true
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if len(allowed) == 0 {
				return next(c)
			}
			r, h := c.Request(), c.Response().Header()
			h.Add(echo.HeaderVary, echo.HeaderOrigin)
			given := r.Header.Values(echo.HeaderOrigin)
			if len(given) != 1 || !allowed[given[0]] {
				return next(c)
			}
			h.Set(echo.HeaderAccessControlAllowOrigin, given[0])
			h.Set(echo.HeaderAccessControlExposeHeaders, exposed)
			if r.Method != http.MethodOptions || r.Header.Get(echo.HeaderAccessControlRequestMethod) == "" {
				return next(c)
			}
			h.Set(echo.HeaderAccessControlAllowMethods, "GET, HEAD, DELETE")
			h.Set(echo.HeaderAccessControlAllowHeaders, "Authorization, If-Match, If-None-Match, "+echo.HeaderXRequestID)
			h.Set(echo.HeaderAccessControlMaxAge, "600")
			return c.NoContent(http.StatusNoContent)
		}
	}
}

package httpapi

import (
	"net/http"
	"regexp"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

// saneRequestID is what a caller may name its own request: it goes to logs and
// answers as it is.
var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// unsaid are names that may hold a customer's number, or a token.
var unsaid = regexp.MustCompile(`^[0-9._-]*$|[0-9]([._-]?[0-9]){5}|cm_`)

// answerWithin is how long one answer may take, waiting and writing together. A
// disconnect waits for seconds only.
const answerWithin = time.Minute

// identify gives the request its id and the answer what every answer has.
func identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !saneRequestID.MatchString(id) || unsaid.MatchString(id) && uuid.Validate(id) != nil {
			id = uuid.Must(uuid.NewV7()).String()
		}
		h := c.Response().Header()
		h.Set(echo.HeaderXRequestID, id)
		h.Set(echo.HeaderCacheControl, "private, no-cache")
		h.Set(echo.HeaderXContentTypeOptions, "nosniff")
		h.Set(echo.HeaderXFrameOptions, "DENY")
		h.Set(echo.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
		h.Set(echo.HeaderReferrerPolicy, "no-referrer") // a query may hold a phone number
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		// The moment of the answer: a disconnect may have waited for seconds.
		c.Response().Before(func() { h.Set("Date", time.Now().UTC().Format(http.TimeFormat)) })
		// Some writers, such as those of tests, have no deadlines.
		_ = http.NewResponseController(c.Response().Writer).SetWriteDeadline(time.Now().Add(answerWithin))
		return next(c)
	}
}

// requestID is the id that identify gave.
func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

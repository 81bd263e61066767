package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/access/oidc"
	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// doorkeeper lets those in who have a valid token, of ours or of the identity
// provider, as far as its role goes. Besides the contract's operations there is only
// what is open to all: health, and the documentation.
type doorkeeper struct {
	guard      *access.Guard  // nil: everybody is access.Local
	provider   *oidc.Verifier // nil: only tokens of ours are valid
	operations map[string]*operation
	open       map[string]bool // routes
	proxies    trustedProxies
	requests   *limiter // of each caller
	wrong      *limiter // tokens, of each address
	audit      *audit.Recorder
}

const (
	usualTokenRate = 50 // requests a second
	burstSeconds   = 2  // of a token's rate at once
	wrongAtOnce    = 20 // tokens of one address; then one each wrongEvery
	wrongEvery     = time.Second
	mostCallers    = 20_000 // that a limiter remembers
)

func newDoorkeeper(operations map[string]*operation, open map[string]bool, o Options) *doorkeeper {
	rate := cmp.Or(o.TokenRate, usualTokenRate)
	return &doorkeeper{
		guard: o.Guard, provider: o.Provider, operations: operations, open: open, proxies: o.TrustedProxies,
		requests: newLimiter(time.Second/time.Duration(rate), rate*burstSeconds, mostCallers),
		wrong:    newLimiter(wrongEvery, wrongAtOnce, mostCallers),
		audit:    o.Audit,
	}
}

// check decides who asks and whether that one may do this, before anything else.
func (d *doorkeeper) check(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		o := d.operations[r.Method+" "+c.Path()]
		switch {
		case o != nil:
		case d.open[c.Path()]:
			return next(c)
		default: // a route that nobody thought of is none
			return echo.ErrNotFound
		}
		who, err := d.whoAsks(c)
		c.SetRequest(r.WithContext(access.With(r.Context(), who))) // also where it is refused: the audit tells to whom
		if err != nil {
			return err
		}
		if !who.May(o.permission) {
			return lacks(o.permission, "this operation")
		}
		return next(c)
	}
}

func (d *doorkeeper) whoAsks(c echo.Context) (access.Identity, error) {
	if d.guard == nil {
		return access.Local, nil
	}
	given := c.Request().Header.Values(echo.HeaderAuthorization)
	if len(given) == 0 {
		return access.Identity{}, challenge(c, "")
	}
	who, err := d.authenticate(c.Request().Context(), bearer(given))
	if errors.Is(err, access.ErrInvalid) || errors.Is(err, oidc.ErrUnavailable) {
		// Whoever has a valid token is not held up by others behind the same address.
		if wait := d.wrong.take(d.proxies.caller(c.Request())); wait > 0 {
			return who, tooOften("Too many tokens that are not known to be valid came from this address. Go on after Retry-After seconds.", wait)
		}
	}
	if errors.Is(err, access.ErrInvalid) {
		return who, challenge(c, `, error="invalid_token"`)
	}
	if unknown := unidentified(err); unknown != nil {
		return who, unknown
	}
	if wait := d.requests.take(who.Caller()); wait > 0 {
		return who, tooOften("This token asks more often than it may. Go on after Retry-After seconds.", wait)
	}
	return who, powerless(err)
}

// authenticate asks whom a token is of: the provider where it has the form of its
// tokens, which none of ours has.
func (d *doorkeeper) authenticate(ctx context.Context, token string) (access.Identity, error) {
	if d.provider != nil && oidc.IsToken(token) {
		return d.provider.Authenticate(ctx, token)
	}
	return d.guard.Authenticate(ctx, token)
}

// unidentified is the answer where it cannot be told whether a token is valid.
func unidentified(err error) error {
	switch {
	case errors.Is(err, access.ErrUnconfirmed):
		return &coaching.Error{
			Code:    coaching.DatabaseUnavailable,
			Message: "The database has been away for so long that no token can be trusted any more. Try again shortly.",
			Cause:   err,
		}
	case errors.Is(err, oidc.ErrUnavailable):
		return &fault{code: providerUnavailable}
	default:
		return nil
	}
}

// powerless is the answer to those who are known and may do nothing.
func powerless(err error) error {
	switch {
	case errors.Is(err, oidc.ErrNoRole):
		return &fault{code: forbidden, detail: "Your account is known and has no role here: none of its roles or groups was given one. Ask whoever runs this service."}
	case errors.Is(err, oidc.ErrNoTeam):
		return &fault{code: forbidden, detail: "Your account is known and is of no team here, or of more than one, and so sees none. Ask whoever runs this service."}
	default:
		return err
	}
}

// bearer is the token of a request's Authorization headers; "" unless there is
// just one that has just one. More would be read in one way here and in another
// by a proxy.
func bearer(given []string) string {
	scheme, token, _ := strings.Cut(given[0], " ")
	if len(given) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.Trim(token, " ")
}

func challenge(c echo.Context, more string) error {
	c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="Coach Manager"`+more)
	return &fault{code: unauthorized}
}

func lacks(p access.Permission, what string) error {
	return &fault{code: forbidden, detail: fmt.Sprintf("This token has not got the permission %s, which %s needs.", p, what)}
}

func tooOften(detail string, wait time.Duration) error {
	return &fault{code: rateLimited, detail: detail, retryAfter: int(math.Ceil(wait.Seconds()))}
}

package httpapi

import (
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/access/oidc"
	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// basePath is where the contract's operations are.
const basePath = "/api/v1"

// Options are what a handler needs besides the floor.
type Options struct {
	Log     *slog.Logger
	Version string // of the build, as /healthz tells it
	// Guard tells who asks. Without one the handler knows no tokens: it answers to
	// loopback names only, to no page of another site, and allows everything.
	Guard *access.Guard
	// Provider tells who signed in with the identity provider; nil where there is none,
	// and without a guard.
	Provider *oidc.Verifier
	// TokenRate is how many requests a second one token, or one person with however
	// many of the provider's, may make; 50 if zero.
	TokenRate int
	// TrustedProxies are those whose word on the caller's address counts.
	TrustedProxies []netip.Prefix
	// Origins are those of other sites' pages that may ask, with a token.
	Origins []string
	TLS     bool // the handler is behind TLS of this process
	// Audit records who does what. It has to be running.
	Audit *audit.Recorder
	// CursorKey seals cursors. It is a secret, the same in all processes of a database.
	CursorKey [32]byte
}

// operations implements the contract. Its methods are safe for concurrent use.
type operations struct {
	floor   *coaching.Floor
	live    *liveLists
	cursors cursors
	looks   *limiter // for phone numbers, of each caller
	audit   *audit.Recorder
}

var _ api.StrictServerInterface = (*operations)(nil)

// handler is what New returns.
type handler struct {
	*echo.Echo
	operations *operations
	open       map[string]bool // routes that are no operations of the contract
}

// New returns the handler of everything the service serves. The floor must be
// open, and the guard if there is one. The handler keeps nothing running.
func New(floor *coaching.Floor, options Options) http.Handler {
	h := &handler{Echo: echo.New(), open: map[string]bool{}, operations: &operations{
		floor: floor, live: &liveLists{floor: floor}, cursors: newCursors(options.CursorKey),
		looks: newLimiter(looksEvery, looksAtOnce, mostCallers), audit: options.Audit,
	}}
	problems := &problemWriter{log: options.Log}
	h.HTTPErrorHandler = problems.write

	// Before the routing: what every answer has, and who is answered at all.
	h.Pre(identify, logAccess(options.Log), recoverPanics)
	if options.TLS {
		h.Pre(onlyByTLS)
	}
	if options.Guard == nil {
		h.Pre(refuseForeigners)
	} else {
		h.Pre(allowOrigins(options.Origins))
	}
	// After it: what depends on the route. Who asks, and may that one do this at all,
	// is decided before anything of the request is looked at.
	v := newValidator(contract())
	d := newDoorkeeper(v.operations, h.open, options)
	h.Use(allowMethods, d.enterRefusals, d.check, refuseBody, v.check, middleware.GzipWithConfig(middleware.GzipConfig{
		MinLength: gzipFrom, Skipper: notCompressed,
	}))

	api.RegisterHandlersWithBaseURL(h.Echo, api.NewStrictHandler(h.operations, nil), basePath)
	h.serveHealth(newReadiness(floor), options.Version)
	h.serveDocs()
	return h
}

// openly answers at a path to everybody, with or without a token.
func (h *handler) openly(path string, answer echo.HandlerFunc) {
	h.open[path] = true
	h.GET(path, answer)
}

// gzipFrom is the length at which compressing begins to pay: what is smaller
// fits into one packet anyway.
const gzipFrom = 1400

// compressed are the routes whose answers may be compressed. A session is not
// among them: its ETag is strong, and would name two different answers.
var compressed = map[string]bool{
	basePath + "/coaching-users":                        true,
	basePath + "/coaching-users/:user_id":               true,
	basePath + "/coaching-users/:user_id/current-calls": true,
	basePath + "/coaching-users/:user_id/history":       true,
	basePath + "/coaching-sessions":                     true,
	basePath + "/users":                                 true,
	basePath + "/campaigns":                             true,
	basePath + "/audit":                                 true,
	documentPath:                                        true,
}

func notCompressed(c echo.Context) bool { return !compressed[c.Path()] }

package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// basePath is where the contract's operations are.
const basePath = "/api/v1"

// Options are what a handler needs besides the floor.
type Options struct {
	Log     *slog.Logger
	Version string // of the build, as /healthz tells it
}

// operations implements the contract. Its methods are safe for concurrent use.
type operations struct {
	floor *coaching.Floor
	live  *liveList
}

var _ api.StrictServerInterface = (*operations)(nil)

// handler is what New returns.
type handler struct {
	*echo.Echo
	operations *operations
}

// New returns the handler of everything the service serves. The floor must be
// open. The handler answers to loopback names only, and to no page of another
// site. It keeps nothing running.
func New(floor *coaching.Floor, options Options) http.Handler {
	h := &handler{Echo: echo.New(), operations: &operations{floor: floor, live: &liveList{floor: floor}}}
	problems := &problemWriter{log: options.Log}
	h.HTTPErrorHandler = problems.write

	// Before the routing: what every answer has, and who is answered at all.
	h.Pre(identify, logAccess(options.Log), recoverPanics, refuseForeigners)
	// After it: what depends on the route.
	h.Use(allowMethods, refuseBody, newValidator(contract()).check, middleware.GzipWithConfig(middleware.GzipConfig{
		MinLength: gzipFrom, Skipper: notCompressed,
	}))

	api.RegisterHandlersWithBaseURL(h.Echo, api.NewStrictHandler(h.operations, nil), basePath)
	h.serveHealth(newReadiness(floor), options.Version)
	h.serveDocs()
	return h
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
	documentPath:                                        true,
}

func notCompressed(c echo.Context) bool { return !compressed[c.Path()] }

package httpapi

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// readyWithin is how long a dependency may take to show that it is there.
const readyWithin = time.Second

type aliveAnswer struct {
	Status  string `json:"status"`
	Version string `json:"version"`
}

type readyAnswer struct {
	OK           bool              `json:"ok"`
	Process      string            `json:"process"`
	Revision     string            `json:"revision"` // that its live view stands at
	Dependencies []dependencyState `json:"dependencies"`
}

type dependencyState struct {
	Name      string `json:"name"`
	OK        bool   `json:"ok"`
	WatchedBy string `json:"watched_by,omitempty"` // the process that watches the dialer
}

func (h *handler) serveHealth(r *readiness, version string) {
	h.openly("/healthz", func(c echo.Context) error {
		return c.JSON(http.StatusOK, aliveAnswer{Status: "ok", Version: version})
	})
	h.openly("/readyz", func(c echo.Context) error {
		answer := r.look(c.Request().Context())
		return c.JSON(readyStatus(answer.OK), answer)
	})
}

// readiness tells whether the dependencies are there.
type readiness struct {
	floor   *coaching.Floor
	mu      sync.Mutex
	current *databaseCheck // under way; nil if none is
}

// databaseCheck is one look at the database, which all who ask meanwhile share.
type databaseCheck struct {
	done     chan struct{} // closed when answers is set
	answered bool
}

func newReadiness(floor *coaching.Floor) *readiness { return &readiness{floor: floor} }

func (r *readiness) look(ctx context.Context) readyAnswer {
	needed := []dependencyState{{Name: "database", OK: r.databaseAnswers(ctx)}}
	for _, d := range r.floor.Dialers() {
		needed = append(needed, dependencyState{Name: "dialer " + d.Name, OK: d.Connected && !d.Behind, WatchedBy: d.WatchedBy})
	}
	return readyAnswer{
		OK:      !slices.ContainsFunc(needed, func(d dependencyState) bool { return !d.OK }),
		Process: r.floor.Name(), Revision: r.floor.Live().Revision.String(), Dependencies: needed,
	}
}

// databaseAnswers waits for a look at the database, readyWithin at most.
func (r *readiness) databaseAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	check := r.check(ctx)
	select {
	case <-check.done:
		return check.answered
	case <-ctx.Done():
		return false
	}
}

// check joins the look under way, or begins one. It outlives a caller who goes
// away, since others wait for it, and ends with its own time.
func (r *readiness) check(ctx context.Context) *databaseCheck {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != nil {
		return r.current
	}
	check := &databaseCheck{done: make(chan struct{})}
	r.current = check
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyWithin)
	go func() {
		defer cancel()
		check.answered = r.floor.DatabaseAnswers(ctx) == nil
		r.mu.Lock()
		r.current = nil
		r.mu.Unlock()
		close(check.done)
	}()
	return check
}

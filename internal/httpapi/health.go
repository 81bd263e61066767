package httpapi

import (
	"context"
	"net/http"
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
	Dependencies []dependencyState `json:"dependencies"`
}

type dependencyState struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
}

func (h *handler) serveHealth(r *readiness, version string) {
	h.GET("/healthz", func(c echo.Context) error {
		return c.JSON(http.StatusOK, aliveAnswer{Status: "ok", Version: version})
	})
	h.GET("/readyz", func(c echo.Context) error {
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
	answer := readyAnswer{OK: true}
	put := func(name string, ok bool) {
		answer.OK = answer.OK && ok
		answer.Dependencies = append(answer.Dependencies, dependencyState{Name: name, OK: ok})
	}
	put("database", r.databaseAnswers(ctx))
	for _, d := range r.floor.Dialers() {
		put("dialer "+d.Name, d.Connected)
	}
	return answer
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

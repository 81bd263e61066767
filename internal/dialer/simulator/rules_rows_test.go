package simulator_test

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// rows keeps what coaching's rules make of the reports, as a store would. They
// belong to the goroutine that follows the dialer.
type rows struct {
	dialer    coaching.DialerState
	users     []*coaching.User
	sessions  []*coaching.Session
	catalogue map[uuid.UUID]coaching.CatalogueEntry
	memory    *coaching.Memory
	reports   int
	newID     func() uuid.UUID
}

func newRows() *rows {
	return &rows{
		dialer:    coaching.DialerState{Name: "sim", Kind: "simulator"},
		catalogue: map[uuid.UUID]coaching.CatalogueEntry{}, newID: coachingtest.IDs(),
	}
}

// apply runs a rule on the rows that a store's scope would give it.
func (r *rows) apply(rule func(*coaching.Board)) {
	now := time.Now().UTC()
	scope := coaching.Rows{Now: now, Dialer: r.dialer, Users: r.users, NewID: r.newID}
	for _, s := range r.sessions {
		if s.Live() || s.EndedAt.After(now.Add(-time.Hour)) {
			scope.Sessions = append(scope.Sessions, s)
		}
	}
	for _, e := range r.catalogue {
		scope.Catalogue = append(scope.Catalogue, e)
	}
	known := map[uuid.UUID]bool{}
	for _, s := range scope.Sessions {
		known[s.ID] = true
	}
	b := coaching.NewBoard(scope)
	if r.memory != nil {
		b.Recall(r.memory)
	}
	rule(b)
	r.memory = b.Remembered()
	w := b.Writes()
	for _, s := range w.Sessions {
		if !known[s.ID] {
			r.sessions = append(r.sessions, s)
		}
	}
	for _, u := range w.Users {
		if !r.has(u) {
			r.users = append(r.users, u)
		}
	}
	for _, e := range w.Catalogue {
		r.catalogue[e.ID] = e
	}
	if w.Dialer != nil {
		r.dialer = *w.Dialer
	}
}

func (r *rows) has(u *coaching.User) bool {
	for _, known := range r.users {
		if known == u {
			return true
		}
	}
	return false
}

// follow watches a dialer again and again until ctx ends.
func (r *rows) follow(ctx context.Context, d coaching.Dialer) {
	for ctx.Err() == nil {
		r.memory = coaching.NewMemory()
		r.apply(func(b *coaching.Board) { b.Connect("simulator") })
		connection := r.dialer.Connection
		heard, seq := time.Time{}, int64(0)
		var batch []coaching.Sighting
		keep := func() {
			r.apply(func(b *coaching.Board) {
				for _, told := range batch {
					seq++
					b.Observe(coaching.Position{Connection: connection, Seq: seq}, told)
				}
			})
			batch = batch[:0]
		}
		_ = d.Watch(ctx, func(told coaching.Sighting) error {
			heard = time.Now().UTC()
			r.reports++
			if batch = append(batch, told); len(batch) > r.reports%13 { // batches of all sizes
				keep()
			}
			return nil
		})
		keep()
		if ctx.Err() != nil {
			return
		}
		r.apply(func(b *coaching.Board) { b.Lose(); b.Heard(coaching.Heard{Ago: time.Since(heard), ClockAt: &heard}) })
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

func (r *rows) extension(u coaching.UserName) string {
	for _, known := range r.users {
		if known.ID == u.ID {
			return known.At(r.dialer.Name)
		}
	}
	return ""
}

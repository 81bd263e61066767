package access

import (
	"context"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Identity is who makes a request.
type Identity struct {
	TokenID uuid.UUID // uuid.Nil where the service runs without tokens
	Name    string    // of the token
	Role    Role
	User    *coaching.UserID // nil for a token that belongs to nobody
	Team    string           // whose sessions it is limited to; "": all
}

// Local is whoever asks a service that runs without tokens, and so answers only to
// its own machine.
var Local = Identity{Name: "local", Role: Admin}

// May tells whether the identity has a permission.
func (i Identity) May(p Permission) bool { return i.Role.allows(p) }

type contextKey struct{}

// With returns a context of a request that this identity makes.
func With(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, i)
}

// From is who makes a request. Without one it is an identity that may do nothing.
func From(ctx context.Context) Identity {
	i, _ := ctx.Value(contextKey{}).(Identity)
	return i
}

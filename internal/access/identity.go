package access

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Identity is who makes a request.
type Identity struct {
	TokenID uuid.UUID // of a token of ours; uuid.Nil otherwise
	Subject string    // issuer, line feed, subject: who signed in with an identity provider; "" otherwise
	Name    string    // of the token, or of the person who signed in
	Role    Role
	User    *coaching.UserID // nil for a token that belongs to nobody
	Team    string           // whose sessions it is limited to; "": all
}

// Local is whoever asks a service that runs without tokens, and so answers only to
// its own machine.
var Local = Identity{Name: "local", Role: Admin}

// Caller tells callers apart: the tokens, and the people who signed in, however many
// tokens the provider gives them.
func (i Identity) Caller() string {
	if i.Subject != "" {
		return i.Subject
	}
	return i.TokenID.String()
}

// May tells whether the identity has a permission. The audit is of all teams, so
// none that is limited to one may read it.
func (i Identity) May(p Permission) bool {
	return i.Role.allows(p) && (p != Audit || i.Team == "")
}

// Permissions are all that the identity has.
func (i Identity) Permissions() []Permission {
	return slices.DeleteFunc(i.Role.Permissions(), func(p Permission) bool { return !i.May(p) })
}

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

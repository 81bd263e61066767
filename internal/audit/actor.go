package audit

import (
	"strings"

	"github.com/google/uuid"
)

// Actor is who did something, as an entry names it.
type Actor struct {
	Kind ActorKind
	ID   string     // a token's id or a keyed hash; "" where there is nothing to tell apart
	User *uuid.UUID // whom it belongs to, where that is known
}

// ActorKind tells by what right somebody acts.
type ActorKind string

const (
	ByToken    ActorKind = "token"     // ID is the token's
	SignedIn   ActorKind = "sso"       // by an identity provider; ID is the keyed hash of the subject
	Local      ActorKind = "local"     // somebody on the machine of a service without tokens
	Anonymous  ActorKind = "anonymous" // nobody who was let in; ID is the keyed hash of the address
	ByCommand  ActorKind = "command"   // whoever ran a command of the program: no name of theirs is kept
	Service    ActorKind = "service"   // the service by itself
	Unknown    ActorKind = "unknown"   // an older program did not keep it
	ManyOthers ActorKind = "others"    // too many to be told apart
)

// Credential is an actor in one text, but for the user: what a request's row keeps,
// so that whoever finishes the request can name who asked.
func (a Actor) Credential() string { return string(a.Kind) + ":" + a.ID }

// ActorOf is the actor of a credential; Unknown of "".
func ActorOf(credential string, user *uuid.UUID) Actor {
	kind, id, found := strings.Cut(credential, ":")
	if !found {
		return Actor{Kind: Unknown, User: user}
	}
	return Actor{Kind: ActorKind(kind), ID: id, User: user}
}

// Caller is who asks, as the service knows them while it answers. What of it is
// personal leaves it as a keyed hash only.
type Caller struct {
	Kind ActorKind
	ID   string // of a token, or the subject of one SignedIn, or the address of one Anonymous
	User *uuid.UUID
}

// personal is what of the caller must not be entered as it is; "" where nothing is.
func (c Caller) personal() Personal {
	switch c.Kind {
	case SignedIn:
		return Personal{of: "subject", text: c.ID}
	case Anonymous:
		return Personal{of: "address", text: c.ID}
	default:
		return Personal{}
	}
}

// actor is the caller as an entry names it.
func (c Caller) actor(key Key) Actor {
	if p := c.personal(); p.text != "" {
		return Actor{Kind: c.Kind, ID: key.Hash(p), User: c.User}
	}
	return Actor(c)
}

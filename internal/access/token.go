package access

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Token is a right to call the service. All times are the database's clock.
type Token struct {
	ID         uuid.UUID // UUIDv7
	Name       string    // no two tokens that are not revoked have the same
	Role       Role
	User       *coaching.UserID // nil for a token that belongs to nobody
	Team       string           // whose sessions it is limited to; "": all
	Hash       Hash
	CreatedAt  time.Time
	ExpiresAt  *time.Time // nil for one that does not expire
	RevokedAt  *time.Time // nil unless revoked
	LastUsedAt *time.Time // nil if never used; it may lag by a minute

	UserInactive bool // its user was inactive when all tokens were read; a Guard knows better
}

// State is what a token is worth at a moment.
type State string

// The states.
const (
	Valid     State = "valid"
	Expired   State = "expired"
	Revoked   State = "revoked"
	Suspended State = "user inactive" // until its user is active again
)

// State returns the token's state at a moment of the database's clock.
func (t *Token) State(now time.Time) State {
	switch {
	case t.RevokedAt != nil:
		return Revoked
	case t.ExpiresAt != nil && !t.ExpiresAt.After(now):
		return Expired
	case t.UserInactive:
		return Suspended
	default:
		return Valid
	}
}

func (t *Token) identity() Identity {
	return Identity{TokenID: t.ID, Name: t.Name, Role: t.Role, User: t.User, Team: t.Team}
}

// NewToken says what token is to be made.
type NewToken struct {
	Name    string
	Role    Role
	User    *coaching.UserID
	Team    string
	Expires time.Duration // from now on; 0: never
	Hash    Hash
}

// ParseUser reads the id of a user that a token is to belong to; "" is none.
func ParseUser(text string) (*coaching.UserID, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // documented: none
	}
	id, err := uuid.Parse(text)
	return &id, err
}

const (
	mostName = 64  // characters
	mostTeam = 200 // bytes
)

// Check tells what is wrong with a token that is to be made, in words for whoever
// makes it.
func (n NewToken) Check() error {
	switch {
	case !readable(n.Name) || utf8.RuneCountInString(n.Name) > mostName:
		return errors.New("a token's name has 1 to 64 characters, none of them a control character, and no space at its ends")
	case uuid.Validate(n.Name) == nil:
		return errors.New("a token's name must not look like an id")
	case permissions[n.Role] == nil:
		return errors.New("a token's role is viewer, manager or admin")
	case n.Team != "" && (!readable(n.Team) || len(n.Team) > mostTeam):
		return errors.New("a team's name has no control characters and no space at its ends")
	case n.Expires < 0:
		return errors.New("a token cannot expire before it is made")
	}
	return nil
}

// readable tells whether a name can stand in a list and be typed again.
func readable(name string) bool {
	return name != "" && utf8.ValidString(name) && strings.TrimSpace(name) == name && !strings.ContainsFunc(name, unicode.IsControl)
}

// Errors of a store of tokens, told apart with errors.Is.
var (
	// ErrNameTaken: a token that is not revoked has this name.
	ErrNameTaken = errors.New("there is a token of this name already; revoke it first, or choose another name")
	// ErrNoToken: there is no such token.
	ErrNoToken = errors.New("there is no token with this id, and none of this name that is not revoked; coach-manager token list shows all")
	// ErrNoUser: the user that the token is to belong to does not exist.
	ErrNoUser = errors.New("there is no user with this id")
)

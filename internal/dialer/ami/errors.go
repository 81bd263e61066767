package ami

import (
	"errors"
	"fmt"
)

// What can be asked of an error with errors.Is. No error of this package holds a
// secret, nor any value of an action.
var (
	// ErrAuthentication: the manager refused user or secret; it does not say
	// which. It also answers so to an address its permit= does not cover.
	ErrAuthentication = errors.New("the manager refused the login")
	// ErrLoginInUse: the user is logged in already and allowmultiplelogin=no.
	// It may pass when the other connection is noticed to be dead.
	ErrLoginInUse = errors.New("the manager user is logged in already")
	// ErrNotManager: whatever listens there is not an Asterisk manager.
	ErrNotManager = errors.New("not an Asterisk manager")
	// ErrPermission: the user lacks the write class of the action.
	ErrPermission = errors.New("the manager user may not do this")
	// ErrRefused: the action was not sent because it could not be sent as meant.
	ErrRefused = errors.New("action not sent")
	// ErrTooLate: the action was not sent because its asker's deadline had passed.
	ErrTooLate = errors.New("not sent: too late")
	// ErrNoAnswer: the action was handed over and no answer came. It may have
	// been carried out. Without this in the chain it was not, or was answered.
	ErrNoAnswer = errors.New("no answer")
	// ErrIncompleteList: a list began and did not end as it should.
	ErrIncompleteList = errors.New("incomplete list")
	// ErrClosed: the connection has ended, for the reason beside it in the
	// chain; alone, because Close was called.
	ErrClosed = errors.New("connection closed")
	// ErrOverflow: events came faster than they were taken, for too long.
	ErrOverflow = errors.New("too many events waiting")
	// ErrSilent: the peer sent nothing for too long, not even the answer to a
	// ping.
	ErrSilent = errors.New("the manager is silent")
	// ErrProtocol: the peer sent what no manager sends.
	ErrProtocol = errors.New("manager protocol violated")
)

// ResponseError is the manager's answer "Response: Error" to an action.
type ResponseError struct {
	Action  string // its name
	Message string // Asterisk's text, as in "No such channel"
}

func (e *ResponseError) Error() string {
	return fmt.Sprintf("%s: the manager answered %q", e.Action, e.Message)
}

// Is makes a denied action ErrPermission. Asterisk answers with the same text
// before login (testdata/permissions-minimal.ami, testdata/actions-before-login.ami).
func (e *ResponseError) Is(target error) bool {
	return target == ErrPermission && e.Message == "Permission denied"
}

package coaching

import "errors"

// Code names a kind of error; it is stable and part of the contract.
type Code string

// The codes of errors that the use cases return.
const (
	InvalidRequest       Code = "invalid_request"
	PreconditionRequired Code = "precondition_required"
	UserNotFound         Code = "user_not_found"
	SessionNotFound      Code = "session_not_found"
	SessionChangedSince  Code = "session_changed"
	CustomerWouldDrop    Code = "would_drop_customer"
	DialerRefused        Code = "dialer_refused"
	DialerUnreachable    Code = "dialer_unreachable"
	DialerTimeout        Code = "dialer_timeout"
	DatabaseUnavailable  Code = "database_unavailable"
)

// Error has two faces: a code and a text written for strangers, and the cause,
// which is for the log only.
type Error struct {
	Code    Code
	Message string
	Session *SessionView // the session as it is, where the error is about one; may be nil
	Cause   error        // nil where there is none
}

// Error returns the message and the cause. Callers show Message only.
func (e *Error) Error() string {
	if e.Cause == nil {
		return string(e.Code) + ": " + e.Message
	}
	return string(e.Code) + ": " + e.Message + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code of an error, or "" if it has none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Errors of a Store, told apart with errors.Is.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: the database cannot be reached or does not answer in time.
	// Whether a transaction under way was committed is not known.
	ErrUnavailable = errors.New("database unavailable")
	// ErrAnotherHistory: a revision names a change that this database never had, though
	// its epoch is the same.
	ErrAnotherHistory = errors.New("the change log has another history")
	// ErrSuperseded: another process holds the dialer's lease, or another watch has
	// begun, so this one may not write any more.
	ErrSuperseded = errors.New("another process or another watch has taken the dialer over")
)

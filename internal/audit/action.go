package audit

// Action is what was done. The set may grow.
type Action string

const (
	DisconnectRequested Action = "disconnect.requested" // the result is pending
	DisconnectFinished  Action = "disconnect.finished"  // the result is the request's outcome
	DisconnectRefused   Action = "disconnect.refused"   // the result is the code that the asker got
	RequestRefused      Action = "request.refused"      // so here
	SearchedByNumber    Action = "sessions.searched_by_number"
	TokenCreated        Action = "token.created"
	FirstTokenCreated   Action = "token.first_created"
	TokenRevoked        Action = "token.revoked"
	UsersImported       Action = "users.imported" // an import was decided
	UsersChanged        Action = "users.changed"  // a part of it was carried out
	CatalogueImported   Action = "catalog.imported"
	ErasureBegun        Action = "numbers.erasure_begun" // or a dry run, which tells as much as a look
	NumbersErased       Action = "numbers.erased"        // a part of an erasure
	UsersExported       Action = "users.exported"
	CatalogueExported   Action = "catalog.exported"
	DialerForgotten     Action = "dialer.forgotten" // with the end of its live sessions
	ListeningReported   Action = "users.reported"   // who listened to a user was written for somebody
)

// Done is the result of what can only succeed to be entered.
const Done = "done"

// Subject is what something was done to. The zero value is nothing in particular.
type Subject struct {
	Kind SubjectKind
	ID   string
}

// SubjectKind is a kind of subjects.
type SubjectKind string

const (
	Session   SubjectKind = "session"
	Token     SubjectKind = "token"
	Import    SubjectKind = "import"
	User      SubjectKind = "user"
	Dialer    SubjectKind = "dialer"    // by its name
	Operation SubjectKind = "operation" // of the contract, by its operationId
)

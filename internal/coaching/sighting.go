package coaching

import "time"

// Sighting is one report of a dialer. Each kind is a full statement of how
// something is at a moment of the dialer's clock, so that a repeated report
// changes nothing.
//
// Of one leg, At never goes backwards in the dialer's order, and differs between
// two reports unless the second corrects the type of the first; a leg's id is not
// used again within one run (boot) of the dialer.
type Sighting interface{ sighting() }

// Position is a place in a dialer's order of arrival: never a clock.
type Position struct {
	Connection int64 `json:"c"` // DialerState.Connection
	Seq        int64 `json:"s"` // counts the reports of that connection
}

// Before tells whether p came before q.
func (p Position) Before(q Position) bool {
	if p.Connection != q.Connection {
		return p.Connection < q.Connection
	}
	return p.Seq < q.Seq
}

// Person is a user as a dialer knows one. Only the extension is sure to be there.
type Person struct {
	Extension string
	Name      string
	Team      string
}

// Named is a campaign, list or result code as a dialer knows it: the key it
// uses, and a name where it has one.
type Named struct {
	Key  string
	Name string
}

// SnapshotBegun is reported when the adapter begins to ask for all that is alive.
// The Snapshot that follows may be older than anything reported in between.
type SnapshotBegun struct {
	Boot string // identifies the dialer's run; "" where it does not tell
}

// Snapshot is all that is alive at a dialer.
type Snapshot struct {
	At    time.Time
	Legs  []Attached // legs that wait for a target are left out
	Calls []CallSeen
	Users []UserSeen
}

// Attached tells that a leg listens to a target in a type. The same leg with
// another type is a change of type, with another target a move.
type Attached struct {
	Leg        string
	Supervisor Person
	Target     *Person // nil: on somebody, the dialer cannot tell whom
	Type       Type
	// TargetCampaign is the campaign the target works in; the zero Named when the
	// dialer does not tell.
	TargetCampaign Named
	// At is since when it is so. In a snapshot of a leg that was not observed
	// when it attached, it is the earliest moment it may have been.
	At    time.Time
	Exact bool // At was observed
}

// Detached tells that a leg stopped listening.
type Detached struct {
	Leg    string
	At     time.Time
	Exact  bool
	Reason EndReason
	Gone   bool // the leg itself is gone; else it waits for a next target
}

// CallSeen tells how a call of an agent stands. Every call of an agent is told
// until its state is CallEnded; a late result code may follow that.
type CallSeen struct {
	CallID      string
	Agent       Person
	PhoneNumber string
	Direction   Direction
	State       CallState
	StartedAt   time.Time
	AnsweredAt  *time.Time
	EndedAt     *time.Time // of the conversation, from wrap-up on
	Campaign    Named
	List        Named
	ResultCode  Named
	At          time.Time
}

// UserSeen tells the status of a user.
type UserSeen struct {
	Person Person
	Status Status
	Reason string
	Since  time.Time
}

// Alive tells that the dialer was heard, and nothing else.
type Alive struct{ At time.Time }

func (SnapshotBegun) sighting() {}
func (Snapshot) sighting()      {}
func (Attached) sighting()      {}
func (Detached) sighting()      {}
func (CallSeen) sighting()      {}
func (UserSeen) sighting()      {}
func (Alive) sighting()         {}

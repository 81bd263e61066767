package coaching

import (
	"cmp"
	"slices"
	"time"
)

// Status is what a user is doing. Dialers report the statuses of agents at work;
// those of supervising follow from a user's live sessions (StatusOf).
type Status string

// The statuses a dialer may report.
const (
	StatusUnknown    Status = "unknown"
	StatusOffline    Status = "offline"
	StatusAvailable  Status = "available"
	StatusDialing    Status = "dialing"
	StatusPreviewing Status = "previewing"
	StatusRinging    Status = "ringing"
	StatusOnCall     Status = "on_call"
	StatusOnHold     Status = "on_hold"
	StatusWrapUp     Status = "wrap_up"
	StatusPaused     Status = "paused"
)

// The statuses that follow from a live session.
const (
	StatusMonitoring  Status = "monitoring"
	StatusCoaching    Status = "coaching"
	StatusBarging     Status = "barging"
	StatusTakingOver  Status = "taking_over"
	StatusSupervising Status = "supervising" // the type is unknown
)

// Supervising tells whether a status follows from a live session.
func (s Status) Supervising() bool {
	switch s {
	case StatusMonitoring, StatusCoaching, StatusBarging, StatusTakingOver, StatusSupervising:
		return true
	default:
		return false
	}
}

// Presence is a user's status, since when, and the reason of a pause.
type Presence struct {
	Status Status     `json:"status"`
	Since  *time.Time `json:"since,omitempty"`  // nil until a dialer told
	Reason string     `json:"reason,omitempty"` // "" unless the dialer gave one
}

// StatusOf returns the presence of a user who supervises in the given live
// sessions: the session whose type was set last decides. Without a session it is
// what the dialer reported.
func StatusOf(reported Presence, sessions []*Session) Presence {
	var latest *Session
	for _, s := range sessions {
		if latest == nil || cmp.Or(s.TypeSince().Compare(latest.TypeSince()), slices.Compare(s.ID[:], latest.ID[:])) > 0 {
			latest = s
		}
	}
	if latest == nil {
		return reported
	}
	since := latest.TypeSince()
	return Presence{Status: supervising(latest.Type()), Since: &since}
}

func supervising(t Type) Status {
	switch t {
	case TypeMonitor:
		return StatusMonitoring
	case TypeCoach:
		return StatusCoaching
	case TypeBarge:
		return StatusBarging
	case TypeBargeKick:
		return StatusTakingOver
	default:
		return StatusSupervising
	}
}

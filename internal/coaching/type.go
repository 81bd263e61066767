package coaching

import "time"

// Type is the way a supervisor takes part in the target's call.
type Type string

const (
	// TypeUnknown is used when the dialer did not tell; a type is never guessed.
	TypeUnknown Type = "unknown"
	// TypeMonitor: the supervisor hears both sides and is heard by none.
	TypeMonitor Type = "monitor"
	// TypeCoach: the supervisor is heard by the agent only.
	TypeCoach Type = "coach"
	// TypeBarge: the supervisor is heard by both sides.
	TypeBarge Type = "barge"
	// TypeBargeKick: the supervisor took the call over and the agent is out. The
	// session goes on until the supervisor's leg is gone.
	TypeBargeKick Type = "barge_kick"
)

// Types lists every type, in the order of how far the supervisor steps in.
func Types() []Type {
	return []Type{TypeUnknown, TypeMonitor, TypeCoach, TypeBarge, TypeBargeKick}
}

// TypeSince is one entry of a session's timeline of types.
type TypeSince struct {
	Type  Type      `json:"type"`
	Since time.Time `json:"since"`
}

package coachingtest

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Dialer is the name of the sample dialer.
const Dialer = "pbx1"

// Start is the moment from which At counts.
var Start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// At is a moment some seconds after Start.
func At(seconds int) time.Time { return Start.Add(time.Duration(seconds) * time.Second) }

// IDs returns a source of ids that counts: the same in every run, and sorted by
// their order.
func IDs() func() uuid.UUID {
	n := uint64(0)
	return func() uuid.UUID {
		n++
		return ID(n)
	}
}

// ID is the nth id of IDs: a well-formed UUIDv7.
func ID(n uint64) uuid.UUID {
	id := uuid.UUID{0x01, 0x95, 6: 0x70, 8: 0x80}
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	return id
}

// Supervisor is the nth sample supervisor.
func Supervisor(n int) coaching.Person {
	return coaching.Person{Extension: fmt.Sprintf("20%02d", n), Name: fmt.Sprintf("Supervisor %d", n), Team: "Leads"}
}

// Agent is the nth sample agent.
func Agent(n int) coaching.Person {
	return coaching.Person{Extension: fmt.Sprintf("10%02d", n), Name: fmt.Sprintf("Agent %d", n), Team: "Sales"}
}

// Attached is the report that a leg of the first supervisor listens to a target.
func Attached(leg string, target coaching.Person, t coaching.Type, at time.Time) coaching.Attached {
	return coaching.Attached{Leg: leg, Supervisor: Supervisor(1), Target: &target, Type: t, At: at, Exact: true}
}

// Gone is the report that the supervisor hung a leg up.
func Gone(leg string, at time.Time) coaching.Detached {
	return coaching.Detached{Leg: leg, At: at, Exact: true, Reason: coaching.EndSupervisorLeft, Gone: true}
}

// Waits is the report that a leg stopped listening and waits for a next target.
func Waits(leg string, at time.Time) coaching.Detached {
	return coaching.Detached{Leg: leg, At: at, Exact: true, Reason: coaching.EndTargetLeft}
}

// Talking is the report that an agent has talked to a customer since a moment.
func Talking(callID string, agent coaching.Person, since time.Time) coaching.CallSeen {
	answered := since
	return coaching.CallSeen{
		CallID: callID, Agent: agent, PhoneNumber: "+15550100", Direction: coaching.DirectionInbound,
		State: coaching.CallTalking, StartedAt: since, AnsweredAt: &answered, At: since,
	}
}

// Over is the report that a call and its wrap-up are over.
func Over(call coaching.CallSeen, at time.Time) coaching.CallSeen {
	call.State, call.EndedAt, call.At = coaching.CallEnded, &at, at
	return call
}

// Listening is a live session of the first supervisor on the first agent, of one
// type since a moment.
func Listening(id coaching.SessionID, t coaching.Type, since time.Time) *coaching.Session {
	return &coaching.Session{
		ID: id, Dialer: Dialer, Boot: "boot-1", Leg: "leg-" + id.String(), State: coaching.StateActive,
		Timeline: []coaching.TypeSince{{Type: t, Since: since}}, TypeStatedAt: since,
		User:      coaching.UserName{ID: ID(9001), Name: Supervisor(1).Name},
		Target:    &coaching.UserName{ID: ID(9002), Name: Agent(1).Name},
		StartedAt: since, StartedAtExact: true, Sighted: coaching.Position{Connection: 1, Seq: 1},
	}
}

// Ended is a session as it is after the supervisor left.
func Ended(s *coaching.Session, at time.Time) *coaching.Session {
	over := s.Clone()
	over.State, over.EndedAt, over.EndedAtExact, over.EndReason = coaching.StateEnded, &at, true, coaching.EndSupervisorLeft
	return over
}

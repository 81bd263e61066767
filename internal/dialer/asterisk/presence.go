package asterisk

import (
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// setState keeps the state of a device. Strangers' are kept while they are busy
// only: every number dialled may be one.
func (m *model) setState(device, state string) {
	if m.people[device] == nil && byDeviceState(state) != coaching.StatusOnCall {
		delete(m.states, device)
		return
	}
	m.states[device] = state
	m.touchDevice(device)
}

// refreshPresence tells the status of somebody, if it changed.
func (m *model) refreshPresence(device string, at time.Time) {
	if m.people[device] == nil {
		return
	}
	status, before := m.statusOf(device), m.presence[device]
	person := m.people.person(device)
	if before.Status == status && before.Person == person {
		return
	}
	seen := coaching.UserSeen{Person: person, Status: status, Since: before.Since}
	if before.Status != status {
		seen.Since = after(before.Since, at)
	}
	m.presence[device] = seen
	m.tell(seen)
}

// statusOf is what somebody does: by the channels of the device first, which are
// told apart finer than device states (with device_state_busy_at=1 ringing and
// talking are both BUSY, and who puts a customer on hold stays INUSE:
// testdata/sip-hold-while-coached.ami).
func (m *model) statusOf(device string) coaching.Status {
	status := coaching.Status("")
	rank := 0
	for ch := range m.devices[device] {
		if s, r := ch.status(); r > rank && !m.isFarHalf(ch) {
			status, rank = s, r
		}
	}
	if rank > 0 {
		return status
	}
	return byDeviceState(m.states[device])
}

// status is what a channel shows of the one on the phone, and how much that
// outweighs what others show.
func (ch *channel) status() (coaching.Status, int) {
	switch {
	case ch.held:
		return coaching.StatusOnHold, 5
	case ch.talked || ch.up && !ch.dials:
		return coaching.StatusOnCall, 4
	case ch.ring == "Ring" || ch.ring == "Dialing" || ch.up && ch.id == ch.linked:
		return coaching.StatusDialing, 3
	case ch.up:
		return coaching.StatusOnCall, 4
	case ch.ring == "Ringing":
		return coaching.StatusRinging, 2
	default:
		return "", 0
	}
}

// byDeviceState is the status of somebody without a channel.
func byDeviceState(state string) coaching.Status {
	switch state {
	case "NOT_INUSE":
		return coaching.StatusAvailable
	case "INUSE", "BUSY", "RINGINUSE":
		return coaching.StatusOnCall
	case "ONHOLD":
		return coaching.StatusOnHold
	case "RINGING":
		return coaching.StatusRinging
	case "UNAVAILABLE", "INVALID":
		return coaching.StatusOffline
	default:
		return coaching.StatusUnknown
	}
}

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
	status, since := m.statusOf(device)
	before, known := m.presence[device]
	person := m.people.person(device)
	if before.Status == status && before.Person == person {
		return
	}
	seen := coaching.UserSeen{Person: person, Status: status, Since: before.Since}
	switch {
	case known && before.Status != status:
		seen.Since = after(before.Since, at)
	case !known && since.IsZero():
		seen.Since = at
	case !known:
		seen.Since = since // who is met in the midst of it has done it for longer
	}
	m.presence[device] = seen
	m.tell(seen)
}

// statusOf is what somebody does: by the channels of the device first, which are
// told apart finer than device states (with device_state_busy_at=1 ringing and
// talking are both BUSY, and who puts a customer on hold stays INUSE:
// testdata/sip-hold-while-coached.ami).
// Since when is told where a channel shows it, else it is zero.
func (m *model) statusOf(device string) (status coaching.Status, since time.Time) {
	rank := 0
	for ch := range m.devices[device] {
		if s, r := ch.status(); r > rank && !ch.isFarHalf() {
			status, since, rank = s, ch.shownAt, r
		}
	}
	if rank > 0 {
		return status, since
	}
	return byDeviceState(m.states[device]), time.Time{}
}

// note keeps since when a channel has shown what it shows.
func (ch *channel) note(at time.Time) {
	if shows, _ := ch.status(); shows != ch.shows {
		ch.shows, ch.shownAt = shows, at
	}
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

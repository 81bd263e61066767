package asterisk

import (
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// setState keeps the state of a device. Strangers' are kept while they are busy
// only: every number dialled may be one.
func (m *model) setState(device, state string) {
	custom := strings.HasPrefix(device, "Custom:") // of which a queue may make much
	if m.people[device] == nil && !custom && byDeviceState(state) != coaching.StatusOnCall {
		delete(m.states, device)
		return
	}
	m.states[device] = state
	m.touchDevice(device)
	if custom {
		m.touchMembers(device)
	}
}

// touchMembers has those looked at again whose queues go by a state.
func (m *model) touchMembers(state string) {
	for key, queues := range m.members {
		for _, q := range queues {
			if q.state == state {
				m.touchDevice(key)
			}
		}
	}
}

// idle is how little a channel outweighs that only waits for calls: less than a
// pause.
const idle = 1

// refreshPresence tells the status of somebody, if it changed.
func (m *model) refreshPresence(device string, at time.Time) {
	if m.people[device] == nil {
		return
	}
	m.tellWhoLeft(device, at)
	status, reason, since := m.statusOf(device, at)
	before, known := m.presence[device]
	if !known && status == coaching.StatusUnknown && !m.people[device].told {
		return // there is nothing to take back
	}
	m.people[device].told = true
	person := m.people.person(device)
	if before.Status == status && before.Reason == reason && before.Person == person {
		return
	}
	seen := coaching.UserSeen{Person: person, Status: status, Reason: reason, Since: before.Since}
	switch {
	case known && (before.Status != status || before.Reason != reason):
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
func (m *model) statusOf(device string, at time.Time) (status coaching.Status, reason string, since time.Time) {
	rank := 0
	for _, ch := range m.devices[device] {
		if s, r := ch.status(); r > rank && !ch.isFarHalf() {
			status, since, rank = s, ch.shownAt, r
		}
	}
	if rank > idle {
		return status, "", since
	}
	if paused, reason, since := m.pause(device); paused {
		return coaching.StatusPaused, reason, since
	}
	ended, until := m.wrappingUp(device, at)
	m.watchBusy(device, until)
	switch {
	case until.After(at):
		return coaching.StatusWrapUp, "", ended
	case rank == idle:
		return status, "", since
	default:
		return m.stateOf(device), "", time.Time{}
	}
}

// watchBusy keeps in mind who will be done with a call by himself.
func (m *model) watchBusy(device string, until time.Time) {
	if until.IsZero() {
		delete(m.busy, device)
		return
	}
	m.busy[device] = true
}

// stateOf is the status of somebody without a channel: by the state of the device,
// or of what a queue looks at in its place, else as the queue counts him.
func (m *model) stateOf(device string) coaching.Status {
	if state := m.states[device]; state != "" {
		return byDeviceState(state)
	}
	status := coaching.StatusUnknown
	for _, q := range m.memberships(device) {
		if state := m.states[q.state]; state != "" {
			return byDeviceState(state)
		}
		status = byMember(q.status)
	}
	return status
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
	alone := ch.party == nil || ch.party.gone || ch.bridge == "" || ch.party.bridge != ch.bridge
	switch {
	case ch.idles && alone:
		return coaching.StatusAvailable, idle
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

package asterisk

import (
	"maps"
	"slices"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// seating says how it is known who sits at a device, the surest last.
type seating int

const (
	byDevice     seating = iota // nobody said: the device is taken for the person
	byMembership                // a queue member who was added while it runs, by the member's name
	byLogin                     // an agent of app_agent_pool, as Agent/1001
	byUser                      // the configured channel variable
)

// seat notes who sits at a device: that is then the extension of what it does. He
// may come from another one. A surer source is not overruled.
func (m *model) seat(device, user string, how seating, at time.Time) {
	s := m.people.meet(device)
	if how < s.seating || s.user == user && s.seating == how {
		return
	}
	if before := m.seats[user]; before != "" && before != device {
		m.unseat(before, how, at)
	}
	s.user, s.seating = user, how
	m.seats[user] = device
	m.touchDevice(device)
}

// unseat notes that whoever sat at a device, as far as that is known from this
// source, has left it.
func (m *model) unseat(device string, how seating, at time.Time) {
	s := m.people[device]
	if s == nil || s.seating != how || s.user == "" {
		return
	}
	if how != byUser {
		m.offline(device, at)
	}
	if m.seats[s.user] == device {
		delete(m.seats, s.user)
	}
	if s.fromQueue && how == byMembership {
		s.name, s.fromQueue = "", false
	}
	s.user, s.seating, s.told = "", byDevice, false
	delete(m.presence, device)
	m.touchDevice(device)
}

// offline tells that who sits at a device does so no more: of one in a call once that is
// over.
func (m *model) offline(device string, at time.Time) {
	s, who := m.people[device], m.people.person(device)
	if m.inCall(device) {
		s.left = append(s.left, who)
		return
	}
	m.tell(coaching.UserSeen{Person: who, Status: coaching.StatusOffline, Since: at})
}

// tellWhoLeft tells of those who have left a device in the midst of a call, once it is over.
func (m *model) tellWhoLeft(device string, at time.Time) {
	s := m.people[device]
	if len(s.left) == 0 || m.inCall(device) {
		return
	}
	for _, who := range s.left {
		if m.seats[who.Extension] == "" { // and has come to no other
			m.tell(coaching.UserSeen{Person: who, Status: coaching.StatusOffline, Since: at})
		}
	}
	s.left = nil
}

func (m *model) inCall(device string) bool {
	return slices.ContainsFunc(m.devices[device], func(ch *channel) bool { return ch.call != nil })
}

// clearSeats has those leave who did so while nobody looked: members that no queue
// lists any more, and logins whose channel is gone.
func (m *model) clearSeats(at time.Time) {
	for _, device := range slices.Sorted(maps.Values(m.seats)) {
		switch s := m.people[device]; {
		case s == nil:
		case s.seating == byMembership && m.members[device] == nil,
			s.seating == byLogin && len(m.devices[device]) == 0:
			m.unseat(device, s.seating, at)
		}
	}
}

// agentLogin takes in that an agent of app_agent_pool logs in at a phone, or off
// (testdata/local-agent-pool-login-logoff.ami).
func (m *model) agentLogin(e ami.Message, at time.Time) {
	ch := m.channels[e.Get("Uniqueid")]
	agent := e.Get("Agent")
	if ch == nil || agent == "" {
		return
	}
	ch.loginSeq = m.seq
	if e.Event() == "AgentLogoff" {
		ch.idles = false
		m.touch(ch)
		m.unseat(ch.device, byLogin, at)
		return
	}
	ch.idles = true
	m.people.introduce(ch).agent = true
	m.seat(ch.device, "Agent/"+agent, byLogin, at)
	m.touch(ch)
}

// takeAgents takes in who is logged in where, as listed.
func (m *model) takeAgents(l ami.Listing, at time.Time) {
	for _, item := range l.Items {
		agent, name := item.Get("Agent"), item.Get("Name")
		if name != "" && agent != "" {
			m.people.meet("Agent/" + agent).name = name
		}
		ch := m.names[item.Get("Channel")]
		switch {
		case agent == "":
		case ch == nil:
			m.loggedOff("Agent/"+agent, l.Asked, at)
		case ch.loginSeq <= l.Asked: // what an event has told since stays
			ch.idles = true
			m.people.introduce(ch).agent = true
			m.seat(ch.device, "Agent/"+agent, byLogin, at)
		}
	}
}

// loggedOff has an agent leave whom a list shows at no phone, unless he came since.
func (m *model) loggedOff(agent string, asked uint64, at time.Time) {
	phone := m.seats[agent]
	for _, ch := range m.devices[phone] {
		if ch.loginSeq > asked {
			return
		}
		ch.idles = false
	}
	m.unseat(phone, byLogin, at)
}

// user takes in who a channel's variable says its person is.
func (m *model) user(ch *channel, at time.Time) {
	if user := ch.variable(m.vars.User); user != "" {
		m.seat(ch.device, user, byUser, at)
		return
	}
	if ch.hasVariable(m.vars.User) && !slices.ContainsFunc(m.devices[ch.device], func(other *channel) bool { return other.variable(m.vars.User) != "" }) {
		m.leavePhone(ch.device, at)
	}
}

// leavePhone has whoever sat at a phone by the variable leave it: it is nobody's now.
func (m *model) leavePhone(device string, at time.Time) {
	s := m.people[device]
	if s == nil || s.seating != byUser {
		return
	}
	if m.seats[s.user] == device { // and he is nowhere else
		m.offline(device, at)
	}
	m.unseat(device, byUser, at)
}

// extension is under which the person at a device is known.
func (p people) extension(device string) string {
	if s := p[device]; s != nil && s.user != "" {
		return s.user
	}
	return device
}

package asterisk

import (
	"strings"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// device is a channel's name less what makes it this one channel: PJSIP/agent1 of
// PJSIP/agent1-0000002f. The two halves of a Local channel, ;1 and ;2, are one
// device. It is the extension of the person behind it. The caller id is not: an
// Originate writes its own over it (testdata/sip-reconnect-during-session.ami,
// SpyerCallerIDNum 8000 of sup1).
func device(channel string) string {
	channel, _, _ = strings.Cut(channel, ";")
	if at := strings.LastIndexByte(channel, '-'); at > 0 {
		return channel[:at]
	}
	return channel
}

// people are the devices that took part in a session, or are members of a queue:
// those whose calls and statuses are worth telling. Others may be trunks. They
// outlive a connection.
type people map[string]*somebody

type somebody struct {
	name      string
	fromQueue bool // its name is what a queue calls it: better than any caller id
	agent     bool // was listened to, or serves a queue
	serves    bool // serves a queue
}

// mostPeople bounds the people remembered. It is reached only where whole trunks
// are listened to.
const mostPeople = 20_000

// meet takes a device in.
func (p people) meet(device string) *somebody {
	s := p[device]
	if s == nil {
		if len(p) >= mostPeople {
			clear(p) // who is there comes back with the next event
		}
		s = &somebody{}
		p[device] = s
	}
	return s
}

func (p people) person(device string) coaching.Person {
	person := coaching.Person{Extension: device}
	if s := p[device]; s != nil {
		person.Name = s.name
	}
	return person
}

// introduce takes a device in with the name that its own channel had when it was
// made: the one configured for the phone. Later ones are the customer's, or an
// Originate's (testdata/local-coach.ami: the agent's is "Jane Roe").
func (p people) introduce(ch *channel) *somebody {
	s := p.meet(ch.device)
	if ch.ownName != "" && !s.fromQueue {
		s.name = ch.ownName
	}
	return s
}

// queueMember takes in what a queue calls a member.
func (m *model) queueMember(e ami.Message) {
	member := e.Get("StateInterface")
	if member == "" {
		member = e.Get("Interface")
	}
	// A custom device state stands for no channel; Local/a1@phone/n for Local/a1@phone.
	member = strings.TrimSuffix(member, "/n")
	if member == "" || !strings.Contains(member, "/") {
		return
	}
	s := m.people.meet(member)
	s.agent, s.serves = true, true
	if name := e.Get("MemberName"); name != "" && name != e.Get("Interface") {
		s.name, s.fromQueue = name, true
	}
	m.touchDevice(member)
}

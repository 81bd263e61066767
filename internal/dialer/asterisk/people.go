package asterisk

import (
	"strings"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// device is a channel's name less what makes it this one channel: PJSIP/agent1 of
// PJSIP/agent1-0000002f. The two halves of a Local channel, ;1 and ;2, are one
// device. It is the extension of the person behind it, unless something tells who sits
// there (seats.go). The caller id is not: an
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
	number    string // the caller id's that came with the name
	fromQueue bool   // its name is what a queue calls it: better than any caller id
	agent     bool   // was listened to, or serves a queue
	serves    bool   // serves a queue
	told      bool   // a status was told, over this connection or one before

	left    []coaching.Person // who sat there when the call began that goes on
	user    string            // who sits there; "" where the device is taken for the person
	seating seating
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
	person := coaching.Person{Extension: p.extension(device)}
	if s := p[person.Extension]; s != nil && s.name != "" {
		person.Name = s.name
	} else if s := p[device]; s != nil {
		person.Name = s.name
	}
	return person
}

// as is the person who was at a device when a leg attached, by the name of now.
func (p people) as(device, extension string) coaching.Person {
	person := p.person(device)
	if person.Extension != extension {
		return coaching.Person{Extension: extension}
	}
	return person
}

// introduce takes a device in with the name that its own channel had when it was
// made: the one configured for the phone. Later ones are the customer's, or an
// Originate's (testdata/local-coach.ami: the agent's is "Jane Roe").
func (p people) introduce(ch *channel) *somebody {
	s := p.meet(ch.device)
	if ch.ownName != "" && !s.fromQueue {
		s.name, s.number = ch.ownName, ch.ownNumber
	}
	return s
}

// recognise takes the name of another channel of a device over. One that calls with
// another number may be anybody's: a supervisor's trunk is his customers' as well.
func (p people) recognise(ch *channel) *somebody {
	s := p.meet(ch.device)
	if s.number == "" && !ch.namesItself() || s.number != "" && s.number != ch.ownNumber {
		return s
	}
	return p.introduce(ch)
}

package asterisk

import (
	"slices"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// channel is one leg of anything at Asterisk. Who holds one may read it after its
// end: why a session ended is told by the channels that ended with it.
type channel struct {
	id     string // Uniqueid: used again only where an application chose it
	name   string
	device string
	began  time.Time

	ownName, ownNumber string // the caller id when the channel was made; "" if it was there before us
	called             bool   // it was made to call somebody, not by somebody who calls
	byName, outside    bool   // what it was dialled by: sides.go
	phone              bool   // it was dialled by name alone

	linked string    // Linkedid: the id of its call
	up     bool      // answered
	ring   string    // Ring: it calls; Ringing: it is called; else ""
	number string    // of the other party; "" if none is known
	caller string    // its own, as it is now; "" if none is known
	vars   []setting // the configured variables, as far as they came

	application, data string // what it runs; "" if that was not told
	ranSeq            uint64 // of the event that told
	place             place  // where in the dialplan

	bridge     string
	half       *channel  // the other half of a Local channel
	party      *channel  // the first it was in a bridge with that still lives; else the last
	dials      bool      // a dial ties it to another channel, or did
	talked     bool      // it was in a bridge with another
	answeredAt time.Time // when it first was; zero if that was before us
	held       bool      // it put the other party on hold
	queue      string    // that gave it its call
	idles      bool      // an agent logged in by it and waits for calls
	loginSeq   uint64    // of the event that told of his login, or logoff

	hangupRequested bool // its own end hung up
	leaving         bool // Asterisk is about to end it
	shutdown        bool // because it ends itself
	transferred     bool // it gave its party to somebody else
	gone            bool

	shows   coaching.Status // what it shows of the one on the phone
	shownAt time.Time       // since when

	touched bool // it is to be looked at again when the event has been taken in

	mark string // what was written on it of the leg it is
	call *call  // the one it tells of; nil if none
	seq  uint64 // of the newest event about it; for a listed one, of what the list is newer than
}

// nobody is what Asterisk writes where there is no number or name.
const nobody = "<unknown>"

func known(text string) string {
	if text == nobody {
		return ""
	}
	return text
}

func (m *model) newChannel(e ami.Message, at time.Time) {
	id := e.Get("Uniqueid")
	if id == "" || e.Get("Channel") == "" || m.channels[id] != nil || m.gone.has(id) {
		return
	}
	delete(m.ended, id)
	ch := m.add(id, e.Get("Channel"))
	ch.began, ch.ownName, ch.ownNumber = at, known(e.Text("CallerIDName")), known(e.Get("CallerIDNum"))
	ch.caller, ch.called = ch.ownNumber, e.Get("ChannelStateDesc") != "Ring"
	if m.people[ch.device] != nil {
		m.people.recognise(ch)
	}
	m.update(ch, e, "")
	ch.place = placeOf(e)
}

func (m *model) add(id, name string) *channel {
	ch := &channel{id: id, seq: m.seq}
	ch.began, _ = bornAt(id)
	m.channels[id] = ch
	m.rename(ch, name)
	return ch
}

func (m *model) rename(ch *channel, name string) {
	if name == "" {
		return
	}
	m.unname(ch)
	ch.name, ch.device = name, device(name)
	m.names[name] = ch
	m.devices[ch.device] = append(m.devices[ch.device], ch)
	m.pair(ch)
	m.touch(ch)
}

func (m *model) unname(ch *channel) {
	if m.names[ch.name] == ch {
		delete(m.names, ch.name)
	}
	others := slices.DeleteFunc(m.devices[ch.device], func(other *channel) bool { return other == ch })
	if m.devices[ch.device] = others; len(others) == 0 {
		delete(m.devices, ch.device)
	}
}

// update takes in the snapshot of a channel that events and list items carry,
// under a prefix.
func (m *model) update(ch *channel, e ami.Message, prefix string) {
	ch.seq = max(ch.seq, m.seq)
	state, ok := e.Lookup(prefix + "ChannelStateDesc")
	if !ok {
		return
	}
	before := ch.shown()
	ch.up, ch.ring = state == "Up", ""
	if strings.HasPrefix(state, "Ring") || strings.HasPrefix(state, "Dial") {
		ch.ring = state
	}
	if linked := e.Get(prefix + "Linkedid"); linked != "" {
		ch.linked = linked
	}
	ch.learnNumber(known(e.Get(prefix + "ConnectedLineNum")))
	for name, value := range e.Variables(prefix) {
		m.setVariable(ch, name, value)
		m.gaps.variable(name)
	}
	m.gaps.snapshotSeen(m.listing)
	if ch.shown() != before {
		m.touch(ch)
	}
}

// showing is what the snapshot of a channel shows, variables aside. Most events show
// it again as it was.
type showing struct {
	linked, ring, number string
	up                   bool
}

func (ch *channel) shown() showing { return showing{ch.linked, ch.ring, ch.number, ch.up} }

// learnNumber takes over the other party's number, unless the channel is away from
// its party: an agent who consults a colleague shows the colleague's
// (testdata/sip-agent-attended-transfers-while-coached.ami).
func (ch *channel) learnNumber(number string) {
	away := ch.party != nil && !ch.party.gone && ch.party.bridge != ch.bridge
	if number != "" && !away {
		ch.number = number
	}
}

// numberOfParty is the number of whom a channel talks to: as it is shown there, else as
// the other's own channel has it. Of a number that is dialled Asterisk may tell by that
// alone: Dial takes it for the caller id of a channel without one.
func (ch *channel) numberOfParty() string {
	if other := ch.partner(); ch.number == "" && other != nil {
		return other.caller
	}
	return ch.number
}

// setting is a channel variable that is set.
type setting struct{ name, value string }

// setVariable keeps a variable if it is a configured one.
func (m *model) setVariable(ch *channel, name, value string) {
	name = m.vars.configured(name)
	if name == "" {
		return
	}
	for i := range ch.vars {
		if v := &ch.vars[i]; v.name == name {
			if v.value != value {
				v.value = value
				m.changed(ch, name)
			}
			return
		}
	}
	ch.vars = append(ch.vars, setting{name, value})
	if value != "" { // one that is unset comes all the same
		m.changed(ch, name)
	}
}

// changed notes that a configured variable has another value.
func (m *model) changed(ch *channel, name string) {
	m.touch(ch)
	if name == m.vars.Type {
		m.typed = append(m.typed, ch)
	}
}

// hasVariable tells whether a variable came, if only to say that it is empty.
func (ch *channel) hasVariable(name string) bool {
	return slices.ContainsFunc(ch.vars, func(v setting) bool { return v.name == name })
}

func (ch *channel) variable(name string) string {
	for _, v := range ch.vars {
		if v.name == name {
			return v.value
		}
	}
	return ""
}

// dialled notes that two channels belong to one call. An Originate dials one
// channel only, which makes no call yet.
func (m *model) dialled(e ami.Message) {
	from, to := m.channels[e.Get("Uniqueid")], m.channels[e.Get("DestUniqueid")]
	if to != nil {
		m.update(to, e, "Dest")
		to.caller = known(e.Get("DestCallerIDNum"))
		to.reached(e.Get("DialString"))
		m.notePhone(to)
	}
	if from == nil || to == nil {
		return
	}
	m.update(from, e, "")
	from.dials, to.dials = true, true
	m.touch(from)
	m.touch(to)
}

// mostPhones bounds the devices that are known for phones; they show again.
const mostPhones = 20_000

// notePhone keeps in mind that a device is somebody's phone: it was dialled by name.
func (m *model) notePhone(ch *channel) {
	if ch.phone && !m.phones[ch.device] {
		if len(m.phones) >= mostPhones {
			clear(m.phones)
		}
		m.phones[strings.Clone(ch.device)] = true
	}
}

func (m *model) transferred(id string) {
	if ch := m.channels[id]; ch != nil {
		ch.transferred = true
	}
}

// hungUp takes a channel out. It stays readable to those who hold it.
func (m *model) hungUp(ch *channel, at time.Time) {
	m.takeOut(ch, at)
	if l := m.legs[ch.id]; l != nil {
		m.legGone(l, at)
	}
}

func (m *model) takeOut(ch *channel, at time.Time) {
	ch.gone = true
	m.leave(ch, at)
	m.unname(ch)
	delete(m.channels, ch.id)
	delete(m.snoops, ch)
	if m.ended != nil {
		m.ended[ch.id] = true
	}
	if born, ours := bornAt(ch.id); ours && ch.began.Sub(born).Abs() < time.Minute {
		m.gone.add(ch.id)
	}
	m.touch(ch)
}

package asterisk

import (
	"slices"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// model is what is known of one Asterisk over one connection: its channels and
// bridges, who spies on whom, the agents' calls. Events change it, in their order
// of arrival, and what that means is collected as sightings, in the same order.
//
// It belongs to the Dialer's lock; only the watch's goroutine changes it.
type model struct {
	vars   Variables
	wrapUp time.Duration
	people people
	gaps   *gaps

	channels    map[string]*channel // by Uniqueid; the living
	names       map[string]*channel
	devices     map[string][]*channel
	states      map[string]string // of devices, as Asterisk calls them
	bridges     map[string]map[*channel]bool
	gone        recently        // Uniqueids that Asterisk made, and makes once: events may be repeated
	phones      map[string]bool // devices that were dialled by name
	ended       map[string]bool // Uniqueids that ended since a list was asked for: it may still have them; nil while none is
	legs        map[string]*leg
	calls       map[callKey]*call
	wraps       map[callKey]*call             // calls that have ended, and whose agents are busy with them
	members     map[string]map[string]*member // of queues: by the key of the person, and the queue
	memberKeys  map[membership]string         // under which members are known whom a list has shown
	unlisted    map[membership]doubt          // those whom only events have told of
	queuesAsked uint64                        // the newest event before the last list of them was asked for
	unfound     map[membership]bool           // those of them who were asked about, and are in no list
	left        map[membership]uint64         // those who left, and the event that told: an older list has them
	busy        map[string]bool               // devices of those who will be done with a call by themselves
	snoops      map[*channel]*channel         // whom they listen to
	untargeted  map[*leg]bool                 // those whose target is not told, and may be yet
	listing     bool                          // a list is being taken in: who listens by a snoop is found at its end
	seats       map[string]string             // devices, by who sits there
	presence    map[string]coaching.UserSeen  // what was told last, by device

	// unproven are the starts of spying by channels that are not known. Values with
	// line breaks can forge such events, so a list has to show the channel first.
	unproven map[string]claim
	early    []early // what came about channels that the first list has to show

	seq     uint64    // of the newest event
	due     time.Time // when to end what did not go on; zero for never
	later   time.Time // when somebody is done with a call; zero for never
	newest  time.Time // moment that was told since the clock was set back
	listed  bool      // a list was taken in
	unsure  bool      // something was not told that a list tells
	told    []coaching.Sighting
	missed  []coaching.Sighting // ends of legs that only the connection before knew
	over    []chan struct{}     // of legs that are gone, to be closed once that was told
	marks   map[string]string   // to be written on channels, by Uniqueid
	touched []*channel
	typed   []*channel // those whose variable of the type has changed
	moved   []string   // devices whose status may have changed
}

func newModel(cfg Config, p people, g *gaps) *model {
	m := &model{
		vars: cfg.Variables, wrapUp: cfg.WrapUp, people: p, gaps: g,
		channels: map[string]*channel{}, names: map[string]*channel{}, devices: map[string][]*channel{},
		bridges: map[string]map[*channel]bool{}, snoops: map[*channel]*channel{}, ended: map[string]bool{}, phones: map[string]bool{},
		legs: map[string]*leg{}, untargeted: map[*leg]bool{}, unproven: map[string]claim{}, marks: map[string]string{},
		calls: map[callKey]*call{}, wraps: map[callKey]*call{}, busy: map[string]bool{},
		states: map[string]string{}, members: map[string]map[string]*member{}, memberKeys: map[membership]string{}, unlisted: map[membership]doubt{},
		unfound: map[membership]bool{}, left: map[membership]uint64{},
		seats: map[string]string{}, presence: map[string]coaching.UserSeen{},
	}
	for device, s := range p {
		if s.user != "" {
			m.seats[s.user] = device
		}
	}
	return m
}

// apply takes one event in.
func (m *model) apply(e ami.Message, at time.Time) {
	m.seq = e.Seq
	if m.keep(e, at) {
		return
	}
	switch e.Event() {
	case "ChanSpyStart":
		m.spyStarted(e, at)
	case "ChanSpyStop":
		m.spyStopped(e, at)
	case "DeviceStateChange":
		m.setState(e.Get("Device"), e.Get("State"))
	case "OriginateResponse":
		m.originated(e, at)
	case "BlindTransfer", "AttendedTransfer":
		m.transfer(e)
	case "QueueMemberStatus", "QueueMemberAdded", "QueueMemberPause", "QueueMemberRinginuse", "QueueMemberPenalty":
		m.queueMember(e, at)
	case "QueueMemberRemoved":
		m.memberRemoved(membershipOf(e), at)
	case "AgentCalled", "AgentConnect":
		m.queueMember(e, at)
		m.fromQueue(e)
	case "AgentLogin", "AgentLogoff":
		m.agentLogin(e, at)
	case "DialBegin":
		m.dialled(e)
	default:
		m.applyToChannel(e, at)
	}
	m.settle(at)
}

// transfer takes in that somebody gave a call away; one that failed left it where
// it was.
func (m *model) transfer(e ami.Message) {
	if e.Get("Result") != "Success" {
		return
	}
	for _, by := range []string{"TransfererUniqueid", "OrigTransfererUniqueid", "SecondTransfererUniqueid"} {
		if id := e.Get(by); id != "" {
			m.transferred(id)
		}
	}
}

// applyToChannel takes in an event about one channel. An event about a channel
// that is not known changes nothing: it may be forged, or come after its Hangup.
func (m *model) applyToChannel(e ami.Message, at time.Time) {
	name, id := e.Event(), e.Get("Uniqueid")
	if name == "Newchannel" {
		m.newChannel(e, at)
		return
	}
	ch := m.channels[id]
	if ch == nil {
		if name == "Hangup" {
			m.noteEnd(id, at)
		}
		return
	}
	m.update(ch, e, "")
	switch name {
	case "Newexten":
		m.runs(ch, e.Get("Application"), e.Get("AppData"), at)
	case "NewCallerid":
		ch.caller = known(e.Get("CallerIDNum"))
	case "Rename":
		m.rename(ch, e.Get("Newname"))
	case "BridgeEnter":
		bridge := e.Get("BridgeUniqueid")
		if e.Get("BridgeTechnology") == "holding_bridge" {
			bridge = "" // where idle agents wait, and parked calls: nobody talks
		}
		m.enter(ch, bridge, at)
	case "BridgeLeave":
		if e.Get("BridgeUniqueid") == ch.bridge {
			m.leave(ch, at)
		}
	case "Hold", "Unhold":
		ch.held = name == "Hold"
		m.touch(ch)
	case "VarSet":
		m.setVariable(ch, e.Get("Variable"), ami.Unescape(e.Get("Value")))
	case "DTMFEnd":
		m.keypad(ch, e, at)
	case "HangupRequest":
		ch.hangupRequested = true
	case "SoftHangupRequest":
		// The flags of a soft hang-up: 4 is Asterisk's own end
		// (testdata/sip-restart-during-session.ami), 2 a Redirect, which ends nothing.
		ch.shutdown = ch.shutdown || e.Get("Cause") == "4"
		ch.leaving = ch.leaving || e.Get("Cause") != "2"
	case "Hangup":
		m.hungUp(ch, at)
	}
}

// noteEnd keeps a list that is under way from bringing a channel back. The end of one
// that is yet to come is forged: Uniqueids can be guessed.
func (m *model) noteEnd(id string, at time.Time) {
	born, told := bornAt(id)
	toCome := told && born.After(at.Add(time.Second))
	if m.ended != nil && !toCome {
		m.ended[strings.Clone(id)] = true // and not the whole message with it
	}
}

// settle tells what became of the calls and people that an event touched.
func (m *model) settle(at time.Time) {
	m.retypeByVariables(at)
	for _, ch := range m.touched {
		ch.touched = false
		ch.note(at)
		m.refreshCall(ch, at)
		if l := m.legs[ch.id]; l != nil {
			m.remember(l)
		}
	}
	for _, d := range m.moved {
		m.refreshPresence(d, at)
	}
	m.touched, m.moved = m.touched[:0], m.moved[:0]
	m.learnTargets(at)
}

func (m *model) touch(ch *channel) {
	m.touchDevice(ch.device) // it may be somebody's only now
	if ch.touched {
		return // an event touches a channel many times, and a flood has many events
	}
	ch.touched = true
	m.touched = append(m.touched, ch)
}

func (m *model) touchDevice(device string) {
	if seat := m.seats[device]; seat != "" {
		device = seat // of somebody who has no channels of his own
	}
	if m.people[device] != nil && !slices.Contains(m.moved, device) {
		m.moved = append(m.moved, device)
	}
}

func (m *model) tell(s coaching.Sighting) { m.told = append(m.told, s) }

// news is what came of a change of the model.
type news struct {
	told  []coaching.Sighting
	over  []chan struct{}   // to wake those who wait for what was told
	marks map[string]string // to be written, by the Uniqueid of the channel
}

// take hands out what is new.
func (m *model) take() news {
	n := news{m.told, m.over, m.marks}
	m.told, m.over = nil, nil
	if len(m.marks) > 0 {
		m.marks = map[string]string{}
	}
	return n
}

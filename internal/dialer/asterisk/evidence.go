package asterisk

import (
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// evidence gathers which classes of events a manager's user may read. AMI does not
// tell; but whoever may not read a class sees lists change without a word of it.
//
// Values with line breaks forge events of any class (ami-facts, pitfall 5). So one
// event counts for its class only where it names what a list shows, and none makes a
// class missing: only lists do.
type evidence struct {
	classes map[string]*classHeard
	newest  *classHeard // the class of the newest event; nil for one that is not kept
	name    string

	stamped bool                 // an event had a Timestamp
	bare    int                  // events without one, before that
	implied map[string]time.Time // classes of what lists show, since when; zero for since just now

	channels, before map[string]looks       // of the last list and the one before; nil for none
	members          map[membership]counted // of queues, of the last list
	interfaces       map[string]bool
}

// classHeard is what was heard of one class.
type classHeard struct {
	count int      // of events that name a channel or a member
	names recently // those
	reads bool     // the user may read it
}

// looks are what events tell of a listed channel.
type looks struct {
	state, bridge string // class call
	extension     string // class dialplan: where it is there
}

// counted is what events of class agent tell of a queue's member.
type counted struct {
	status, paused, pausedAt string
	calls                    int64 // which the console may set back, without a word
}

// patience is how long events may lag behind a list. One that shows what no event told
// is evidence after it.
const patience = 3 * time.Second

// enough events of a class tell that it may be read, whatever they name: an overloaded
// Asterisk tells of what was seconds ago, and no list shows it any more.
const enough = 100

// classesOfEvents are those that a watch makes something of, but for system. Only they
// are kept: a forged event may be of any.
var classesOfEvents = [...]string{"call", "dialplan", "agent", "dtmf"}

func newEvidence() *evidence {
	v := &evidence{classes: map[string]*classHeard{}, implied: map[string]time.Time{}}
	for _, class := range classesOfEvents {
		v.classes[class] = new(classHeard)
	}
	return v
}

// of is what was heard of a class, nil for one that is not kept.
func (v *evidence) of(class string) *classHeard { return v.classes[class] }

// hear takes an event in.
func (v *evidence) hear(e ami.Message) {
	class, _, _ := strings.Cut(e.Get("Privilege"), ",")
	if class != v.name {
		v.newest, v.name = v.of(class), class
	}
	if !v.stamped && e.Event() != "FullyBooted" { // which has none right after a login, whatever is set
		if _, v.stamped = stamp(e.Get("Timestamp")); !v.stamped {
			v.bare++
		}
	}
	c := v.newest
	if c == nil || c.reads {
		return
	}
	name := e.Get("Uniqueid")
	if class == "agent" {
		name = e.Get("Interface")
	}
	if name == "" {
		return
	}
	c.count++
	c.names.add(name)
	c.reads = c.count >= enough || v.shows(class, name)
}

// shows tells whether a list shows what an event of a class names.
func (v *evidence) shows(class, name string) bool {
	if class == "agent" {
		return v.interfaces[name]
	}
	_, now := v.channels[name]
	_, then := v.before[name]
	return now || then
}

// unstamped tells whether events carry no time: one without proves nothing.
func (v *evidence) unstamped() bool { return !v.stamped && v.bare > 1 }

// list takes in a list of the channels and the members of queues. What is not as in
// the list before, events tell, or will within a while.
func (v *evidence) list(l lists) {
	v.before, v.channels = v.channels, map[string]looks{}
	for _, item := range l.channels.Items {
		id, application, priority := item.Get("Uniqueid"), item.Get("Application"), item.Get("Priority")
		now := looks{state: item.Get("ChannelStateDesc"), bridge: item.Get("BridgeId")}
		// Dialled channels run AppDial, and say so by a Newexten; of an application that
		// an Originate names there is none, and priority 1 goes with it
		// (testdata/sip-originate-application.ami).
		if priority != "1" && application != "" || strings.HasPrefix(application, "AppDial") {
			now.extension = strings.Join([]string{item.Get("Context"), item.Get("Exten"), priority}, ",")
		}
		v.channels[id] = now
		v.told("call", id)
		v.told("dialplan", id)
		v.compare(id, now)
	}
	for id := range v.before {
		if _, alive := v.channels[id]; !alive {
			v.told("call", id)
			v.imply("call")
		}
	}
	v.listMembers(l.queues.Items)
}

// compare looks for what became of a channel since the list before.
func (v *evidence) compare(id string, now looks) {
	if v.before == nil {
		return
	}
	was := v.before[id]
	if was.state != now.state || was.bridge != now.bridge {
		v.imply("call")
	}
	if now.extension != "" && was.extension != now.extension {
		v.imply("dialplan")
	}
}

func (v *evidence) listMembers(items []ami.Message) {
	before := v.members
	v.members, v.interfaces = map[membership]counted{}, map[string]bool{}
	for _, item := range items {
		if item.Event() != "QueueMember" {
			continue
		}
		key := membershipOf(item)
		calls, _ := number(item.Get("CallsTaken"))
		now := counted{item.Get("Status"), item.Get("Paused"), item.Get("LastPause"), calls}
		v.members[key] = now
		v.interfaces[key.location] = true
		v.told("agent", key.location)
		was, known := before[key]
		if was.calls > calls {
			was.calls = calls
		}
		if known && was != now {
			v.imply("agent")
		}
	}
}

// told takes in that a list shows something: an event that named it was a true one.
func (v *evidence) told(class, name string) {
	if c := v.of(class); !c.reads {
		c.reads = c.names.has(name)
	}
}

// imply takes in that events of a class must come, or have come.
func (v *evidence) imply(class string) {
	if _, already := v.implied[class]; !already {
		v.implied[class] = time.Time{}
	}
}

// missing are the classes that certainly do not come.
func (v *evidence) missing(at time.Time) (classes []string) {
	for _, class := range classesOfEvents {
		since, implied := v.implied[class]
		switch {
		case v.of(class).reads:
			delete(v.implied, class)
		case implied && since.IsZero():
			v.implied[class] = at
		case implied && at.Sub(since) >= patience:
			classes = append(classes, class)
		}
	}
	return classes
}

// wants tells whether another list may show that a class is missing.
func (v *evidence) wants() bool {
	call, dialplan, agent := v.of("call").count, v.of("dialplan").count, v.of("agent").count
	if call == 0 {
		return len(v.channels) > 0 || dialplan > 0 || agent > 0
	}
	return dialplan == 0 || agent == 0 && len(v.members) > 0
}

// booting is how long an Asterisk may take to boot.
const booting = time.Minute

// booted tells whether an Asterisk has booted for certain, without its word: it has
// run for long, or phones talk, whose SIP it leaves unanswered while it boots.
func (v *evidence) booted(run string, at time.Time) bool {
	for _, c := range v.channels {
		if c.bridge != "" {
			return true
		}
	}
	return ranFor(run, at) >= booting
}

// recently remembers the latest ids in two generations, so that it stays bounded.
type recently struct{ newer, older map[string]bool }

const generation = 2048

func (r *recently) add(id string) {
	if len(r.newer) >= generation || r.newer == nil {
		r.newer, r.older = map[string]bool{}, r.newer
	}
	r.newer[strings.Clone(id)] = true // and not the whole message with it
}

func (r *recently) has(id string) bool { return r.newer[id] || r.older[id] }

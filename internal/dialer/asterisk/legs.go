package asterisk

import (
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// leg is a supervisor's channel: it spies, waits for somebody to spy on, or has
// left spying behind for a bridge with the customer.
type leg struct {
	ch     *channel
	spy    spy      // what it runs
	heard  spy      // by which it heard whom it hears, or did last
	spied  string   // Uniqueid of the channel it listens to, or did last
	spyee  *channel // the target's channel: that one, unless it is his customer's; nil if that was never told
	target string   // the device it listens to; "" while that cannot be told
	who    string   // the extension of the person there when it attached
	by     string   // the extension of the supervisor

	ran     bool      // what it runs was told since the spying stopped
	resumed time.Time // when it went on spying, perhaps with options that were not told

	session bool // it is told to listen: no Detached has followed
	kind    coaching.Type
	keyed   coaching.Type // what its keypad switched it to since it began to spy; "" for nothing
	since   time.Time     // when it attached to this target in this type
	exact   bool          // since was observed
	last    time.Time     // the newest moment told of this leg
	left    bool          // a Detached was told: its end as well is worth telling

	// stopped is set when the spying stopped, or seemed to, and what that means is
	// still open: only what follows tells a switch of the type from an end.
	stopped *stop
	bridged bool     // it is in a bridge of its own
	snoop   *channel // by which it listens; nil for one that spies itself
	asked   asking

	over chan struct{} // closed when its end was told
}

// stop is an end of spying that may not be one.
type stop struct {
	at       time.Time
	deadline time.Time // when it is taken for one; zero once the leg is known to wait for the same target
	told     bool      // who asked was told that it is one
}

func (s *stop) waits() bool { return s.deadline.IsZero() }

// settleTime is how long a leg may take from one ChanSpy to the next: 100 ms for a
// Redirect (testdata/sip-switch-mode-by-redirect.ami), more where a dialplan speaks.
const settleTime = 2 * time.Second

// spyStarted takes in ChanSpyStart.
func (m *model) spyStarted(e ami.Message, at time.Time) {
	if strings.HasPrefix(e.Get("SpyerChannel"), snoopPrefix) {
		m.snoopStarted(e, at)
		return
	}
	spyer, spyee := m.channels[e.Get("SpyerUniqueid")], m.channels[e.Get("SpyeeUniqueid")]
	if spyer == nil || spyee == nil || spyer.busyElsewhere() {
		m.doubt(e, at)
		return
	}
	m.update(spyer, e, "Spyer")
	m.update(spyee, e, "Spyee")
	m.attach(m.legOf(spyer), spyee, at)
}

// busyElsewhere tells whether a channel is known to do something else than to spy: it
// talks, or runs another application. That it spies then only a list is believed: an
// event may be forged, and a leg is hung up.
func (ch *channel) busyElsewhere() bool {
	if ch.application == "" {
		return ch.bridge != ""
	}
	_, spies := spyOf(ch.application, ch.data)
	return !spies
}

// claim is a start of spying that is not proven yet.
type claim struct {
	event ami.Message
	at    time.Time
}

// doubt keeps the start of a spying by or on channels that are not known, or by one
// that does something else, until a list shows them.
func (m *model) doubt(e ami.Message, at time.Time) {
	const most = 1000
	if id := e.Get("SpyerUniqueid"); id != "" && len(m.unproven) < most && !m.ended[id] {
		m.unproven[id] = claim{e, at}
	}
}

func (m *model) legOf(ch *channel) *leg {
	l := m.legs[ch.id]
	if l == nil {
		l = &leg{ch: ch, over: make(chan struct{})}
		m.legs[ch.id] = l
	}
	l.spy, _ = spyOf(ch.application, ch.data)
	return l
}

// attach has a leg listen to a channel. The same device is the same target: the
// leg was switched to another type, or followed the agent to the next call.
func (m *model) attach(l *leg, spied *channel, at time.Time) {
	if l.stopped != nil && l.stopped.told && l.session {
		m.detach(l, coaching.EndMovedOn, l.stopped.at, false)
	}
	same := l.spied == spied.id
	spyee := m.targetOf(spied, l.spy)
	if spyee == nil && same && l.session {
		spyee = l.spyee // as it was told before
	}
	m.people.introduce(l.ch)
	m.user(l.ch, at)
	m.touch(l.ch)
	device, who := m.meetTarget(spyee, at)
	moved := l.target != device || l.who != who || device == "" && !same
	if l.session && moved && (l.target != "" || l.spied != "" && !same) {
		m.detach(l, l.partReason(), l.stopTime(at), false)
	}
	l.spied, l.spyee, l.heard, l.bridged = spied.id, spyee, l.spy, false
	if l.spy.digits {
		m.gaps.switchable()
	}
	m.expect(l, device)
	m.settle(at) // the target's call first: the session begins with it
	kind := m.kindOf(l)
	if l.session && l.target == device && (device != "" || same) {
		m.unsure = m.unsure || same && l.switchedUntold()
		m.resume(l, kind, at)
		return
	}
	l.stopped, l.target, l.who, l.kind, l.exact = nil, device, who, kind, l.exact || !l.session
	l.by = m.people.extension(l.ch.device)
	at = m.notBeforeCall(spyee, at)
	if !l.session {
		l.since, l.asked = after(l.last, at), asking{}
	}
	l.session = true
	m.state(l, after(l.last, at))
}

// notBeforeCall is a moment, or the begin of the call that a target is in where that
// comes later: the clock was set back meanwhile, and who listens does so to that call.
func (m *model) notBeforeCall(spyee *channel, at time.Time) time.Time {
	if spyee == nil {
		return at
	}
	if c := m.calls[callKey{spyee.device, spyee.linked}]; c != nil && c.seen.StartedAt.After(at) {
		return c.seen.StartedAt
	}
	return at
}

// meetTarget takes in that somebody is listened to, and returns his device and
// extension; of nobody they are empty.
func (m *model) meetTarget(spyee *channel, at time.Time) (device, who string) {
	if spyee == nil {
		return "", ""
	}
	m.people.recognise(spyee).agent = true
	m.user(spyee, at)
	for _, ch := range m.devices[spyee.device] {
		m.touch(ch)
	}
	return spyee.device, m.people.extension(spyee.device)
}

// expect keeps in mind the legs whose target may be told by what comes yet: that a
// channel was dialled, or by whom its call was taken.
func (m *model) expect(l *leg, target string) {
	if target != "" {
		delete(m.untargeted, l)
		return
	}
	m.untargeted[l] = true
}

func (m *model) learnTargets(at time.Time) {
	for l := range m.untargeted {
		spied := m.channels[l.spied]
		if spied != nil && l.stopped == nil && !l.bridged && m.targetOf(spied, l.spy) != nil {
			m.attach(l, spied, at)
		}
	}
}

// resume has a session go on that was switched to another type, or followed its
// agent.
func (m *model) resume(l *leg, kind coaching.Type, at time.Time) {
	l.stopped, l.resumed = nil, at
	m.retype(l, kind, at)
}

// state tells how a leg stands.
func (m *model) state(l *leg, at time.Time) {
	l.last = at
	m.tell(m.statement(l, at))
	m.remember(l)
}

func (m *model) statement(l *leg, at time.Time) coaching.Attached {
	a := coaching.Attached{
		Leg: l.ch.id, Supervisor: m.people.as(l.ch.device, l.by), Type: l.kind, At: at, Exact: l.exact,
	}
	if l.target != "" {
		target := m.people.as(l.target, l.who)
		a.Target = &target
	}
	if l.spyee != nil {
		a.TargetCampaign.Key = l.spyee.variable(m.vars.Campaign)
	} else if spied := m.channels[l.spied]; spied != nil {
		a.TargetCampaign.Key = spied.variable(m.vars.Campaign)
	}
	return a
}

// runs notes what application a channel runs. The type of a spying that was told
// without is told now: either may come first (ami-facts 7.3).
func (m *model) runs(ch *channel, application, data string, at time.Time) {
	ch.application, ch.data, ch.ranSeq = application, data, m.seq
	m.touch(ch)
	if l := m.legs[ch.id]; l != nil {
		l.ran, l.keyed = true, ""
	}
	if name, value, ok := strings.Cut(data, "="); ok && application == "Set" {
		m.setVariable(ch, name, value) // also where channelvars= does not list it
	}
	m.correct(ch, at)
}

func (m *model) correct(ch *channel, at time.Time) {
	l := m.legs[ch.id]
	if l == nil || l.snoop != nil {
		return
	}
	s, spies := spyOf(ch.application, ch.data)
	if !spies {
		if !l.bridged {
			m.hold(l, at) // spying is over, whether or not a ChanSpyStop said so
		}
		return
	}
	before := l.spy.kind
	if s != l.spy {
		if before != "" || !s.digits {
			l.keyed = ""
		}
		l.spy = s
	}
	if l.stopped == nil {
		l.heard = s
	} else if l.stopped.waits() && !l.waitsForTarget() {
		m.hold(l, at) // for somebody else, by now
	}
	if !l.session || l.stopped != nil {
		return
	}
	if !l.resumed.IsZero() && s.kind != before {
		m.retype(l, m.kindOf(l), l.resumed)
		return
	}
	if l.kind != coaching.TypeUnknown {
		return
	}
	if l.kind = m.kindOf(l); l.kind == coaching.TypeUnknown {
		return
	}
	if l.last.After(l.since) {
		l.since = after(l.last, at)
	}
	m.state(l, l.since)
}

// originated takes in what an Originate came to: where it names the application
// itself, no Newexten does (testdata/sip-originate-application.ami).
func (m *model) originated(e ami.Message, at time.Time) {
	ch := m.channels[e.Get("Uniqueid")]
	if ch == nil || e.Get("Response") != "Success" {
		return
	}
	if _, spies := spyOf(e.Get("Application"), e.Get("Data")); spies {
		m.runs(ch, e.Get("Application"), e.Get("Data"), at)
	}
}

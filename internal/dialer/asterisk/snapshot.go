package asterisk

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// lists is everything alive, as Asterisk lists it.
type lists struct {
	channels ami.Listing
	queues   ami.Listing   // of queues and their members; empty where there are none
	agents   ami.Listing   // of app_agent_pool; empty where they could not be had
	states   []ami.Message // of devices; empty where they could not be had
	marks    []ami.Message // the status of every channel, with its mark; empty where it could not be had
	clock    reading       // what Asterisk's clock showed
	err      error         // why there is no list of channels
}

// reconcile takes a list of all channels in. What events have told since it was
// asked for stays: list and events come in no order that can be told, and events
// are the finer. before is the model of the connection before this one, if that
// was to the same run of Asterisk and this is the first list; else nil.
func (m *model) reconcile(l lists, before *model, at time.Time) {
	m.seq = max(m.seq, l.channels.Asked)
	m.passed(at)
	m.listing = true
	fresh := m.takeListed(l, at)
	m.listing = false
	for _, ch := range fresh {
		ch.reachedBefore()
		m.notePhone(ch)
	}
	m.takeQueues(l.queues, at)
	m.takeAgents(l.agents, at)
	if !m.listed {
		m.clearSeats(at)
	}
	for _, e := range l.states {
		if m.states[e.Get("Device")] == "" {
			m.setState(e.Get("Device"), e.Get("State"))
		}
	}
	for _, status := range l.marks {
		if ch := m.channels[status.Get("Uniqueid")]; ch != nil && ch.mark == "" {
			ch.mark = markOf(status)
		}
	}
	if before != nil {
		m.inherit(before, fresh, at)
		m.missed = m.missedEnds(before)
	}
	first := !m.listed
	m.listed = true
	m.replay()
	m.prove(l.channels.Asked)
	m.stopUntold(at)
	m.retypeByVariables(at) // of the legs that were known: of others find will know
	for _, ch := range fresh {
		// One that is new since the last list will tell of itself by events.
		if m.legs[ch.id] == nil && !ch.gone && (first || at.Sub(ch.began) > settleTime) {
			m.find(ch, before)
		}
	}
	for _, ch := range fresh {
		if m.people[ch.device] != nil {
			m.user(ch, at)
		}
	}
	for device := range m.people {
		for _, ch := range m.devices[device] {
			if ch.variable(m.vars.User) != "" {
				m.user(ch, at) // where events told of it too late
			}
			m.touch(ch)
		}
		m.touchDevice(device)
	}
	for snoop := range m.snoops {
		m.trace(snoop, at)
	}
	m.ended = nil
	m.settle(at)
}

// takeListed takes the list's items in, takes out what it does not have, and
// returns the channels that were not known before, in the list's order.
func (m *model) takeListed(l lists, at time.Time) (fresh []*channel) {
	listed := map[string]bool{}
	for _, item := range l.channels.Items {
		id := item.Get("Uniqueid")
		listed[id] = true
		ch := m.channels[id]
		switch {
		case id == "" || item.Get("Channel") == "" || ch == nil && m.ended[id]:
			continue
		case ch == nil:
			ch = m.add(id, item.Get("Channel"))
			if ch.began.IsZero() {
				ch.began = at
			}
			fresh = append(fresh, ch)
		case ch.seq > l.channels.Asked:
			if ch.ranSeq <= l.channels.Asked {
				m.runsAsListed(ch, item, at) // which events tell only when it changes
			}
			continue
		}
		m.refresh(ch, item, at)
	}
	for id, ch := range m.channels {
		if !listed[id] && ch.seq <= l.channels.Asked {
			m.lose(ch, at)
		}
	}
	return fresh
}

// refresh takes in what a list tells of a channel.
func (m *model) refresh(ch *channel, item ami.Message, at time.Time) {
	seq := ch.seq
	m.update(ch, item, "")
	ch.caller, ch.place = known(item.Get("CallerIDNum")), placeOf(item)
	ch.seq = seq // a list is not an event: the next one may take it out
	if bridge, told := item.Lookup("BridgeId"); told && bridge != ch.bridge {
		m.enterListed(ch, bridge, at)
	}
	m.runsAsListed(ch, item, at)
}

// runsAsListed takes over what a channel runs.
func (m *model) runsAsListed(ch *channel, item ami.Message, at time.Time) {
	application, data := item.Get("Application"), item.Get("ApplicationData")
	if application != ch.application || data != ch.data {
		ch.application, ch.data = application, data
		m.correct(ch, at)
	}
}

// stopUntold has those stop whom nobody told to have: who was listened to is gone.
func (m *model) stopUntold(at time.Time) {
	for _, l := range m.legs {
		if l.session && !l.bridged && l.spied != "" && m.channels[l.spied] == nil && l.stopped == nil {
			m.hold(l, at)
		}
	}
}

// enterListed puts a channel into the bridge that a list shows it in. When it went
// there, and so when it was answered, is not known.
func (m *model) enterListed(ch *channel, bridge string, at time.Time) {
	m.leave(ch, at)
	m.enter(ch, bridge, at)
	for member := range m.bridges[bridge] {
		if member.answeredAt.Equal(at) {
			member.answeredAt = time.Time{}
		}
	}
}

// lose takes out a channel whose end no event told: by a filter, or before us. A
// session that was seen to stop has ended then; of any other the snapshot tells
// that it is missing.
func (m *model) lose(ch *channel, at time.Time) {
	l := m.legs[ch.id]
	if l != nil && l.session && (l.stopped == nil || l.stopped.waits()) {
		delete(m.legs, ch.id)
		delete(m.untargeted, l)
		m.over = append(m.over, l.over)
	}
	m.hungUp(ch, at)
}

// inherit takes over what the connection before knew of the channels that live on.
func (m *model) inherit(before *model, fresh []*channel, at time.Time) {
	for _, ch := range fresh {
		was := before.channels[ch.id]
		if was == nil {
			continue
		}
		ch.began, ch.held = was.began, was.held
		ch.ownName, ch.ownNumber, ch.called, ch.byName, ch.outside = was.ownName, was.ownNumber, was.called, was.byName, was.outside
		ch.shows, ch.shownAt = was.shows, was.shownAt
		ch.hangupRequested, ch.leaving, ch.transferred = was.hangupRequested, was.leaving, was.transferred
		ch.talked, ch.answeredAt, ch.number = ch.talked || was.talked, was.answeredAt, cmp.Or(was.number, ch.number)
		if was.party != nil && m.channels[was.party.id] != nil {
			ch.party = m.channels[was.party.id]
		}
	}
	maps.Copy(m.phones, before.phones)
	for device, seen := range before.presence {
		if status, reason, _ := m.statusOf(device, at); status == seen.Status && reason == seen.Reason {
			m.presence[device] = seen
		}
	}
	for key, c := range before.calls {
		if ch := m.channels[c.owner.id]; ch != nil && key == (callKey{ch.device, ch.linked}) {
			taken := &call{key: key, owner: ch, seen: c.seen, also: maps.Clone(c.also)}
			m.calls[key], ch.call = taken, taken
		}
		if c.until.After(at) {
			m.calls[key], m.wraps[key] = c, c
			m.laterBy(c.until)
		}
	}
}

// prove decides about the starts of spying that were doubted.
func (m *model) prove(asked uint64) {
	for id, c := range m.unproven {
		spyer, spyee := m.channels[id], m.channels[c.event.Get("SpyeeUniqueid")]
		if spyer == nil || spyee == nil {
			if c.event.Seq <= asked || m.ended[id] {
				delete(m.unproven, id)
			}
			continue
		}
		delete(m.unproven, id)
		if _, spies := spyOf(spyer.application, spyer.data); spies {
			m.attach(m.legOf(spyer), spyee, c.at)
		}
	}
}

// snapshot is all that is alive, as it has been told or is told by this.
func (m *model) snapshot(at time.Time) coaching.Snapshot {
	snap := coaching.Snapshot{At: at}
	for _, id := range slices.Sorted(maps.Keys(m.legs)) {
		if l := m.legs[id]; l.session {
			snap.Legs = append(snap.Legs, m.statement(l, l.since))
		}
	}
	for _, c := range m.calls {
		snap.Calls = append(snap.Calls, c.seen)
		for _, also := range c.also {
			snap.Calls = append(snap.Calls, also)
		}
	}
	slices.SortFunc(snap.Calls, func(a, b coaching.CallSeen) int {
		return cmp.Or(cmp.Compare(a.CallID, b.CallID), cmp.Compare(a.Agent.Extension, b.Agent.Extension))
	})
	for _, d := range slices.Sorted(maps.Keys(m.presence)) {
		snap.Users = append(snap.Users, m.presence[d])
	}
	return snap
}

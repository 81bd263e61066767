package asterisk

import (
	"strconv"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// member is what one queue says of somebody who serves it.
type member struct {
	state    string // the device whose state it goes by: also one that stands for no channel, such as Custom:a1
	status   string // as the queue counts it
	paused   bool
	reason   string
	pausedAt time.Time
	lastCall time.Time // end of the last one; zero for none
	wrapUp   time.Duration
	seq      uint64 // of the newest event about it
}

// membership is somebody's place in a queue, as Asterisk names both.
type membership struct{ queue, location string }

func membershipOf(e ami.Message) membership {
	location := e.Get("Interface")
	if location == "" {
		location = e.Get("Location") // in a list
	}
	return membership{e.Get("Queue"), location}
}

// memberKey is under which a member's person is known: the device, where there is
// one behind the member's state; else the interface (testdata/queue-local-members.ami,
// StateInterface Custom:a1). Local/a1@phone/n stands for Local/a1@phone.
func memberKey(item ami.Message) string {
	key := membershipOf(item).location
	if state := item.Get("StateInterface"); strings.Contains(state, "/") {
		key = state
	}
	return strings.TrimSuffix(key, "/n")
}

// queueMember takes in what an event says of a queue's member. One whom no list has
// shown is asked about first.
func (m *model) queueMember(e ami.Message, at time.Time) {
	who := membershipOf(e)
	if key := m.memberKeys[who]; key != "" {
		m.member(key, e, at)
		return
	}
	m.doubtMember(who, e, at)
}

// member takes in what a queue says of a member, in an event or a list.
func (m *model) member(key string, e ami.Message, at time.Time) {
	name := e.Get("MemberName")
	if name == "" {
		name = e.Get("Name")
	}
	if name == e.Get("Interface") || name == e.Get("Location") {
		name = ""
	}
	s := m.people.meet(key)
	if !s.agent { // his calls are worth telling from now on
		for _, ch := range m.devices[key] {
			m.touch(ch)
		}
	}
	s.agent, s.serves = true, true
	if name != "" {
		s.name, s.fromQueue = name, true
	}
	if name != "" && e.Get("Membership") == "dynamic" {
		m.seat(key, name, byMembership, at)
	}
	if _, whole := e.Lookup("Paused"); whole {
		m.keepMember(key, e)
	}
	m.touchDevice(key)
}

func (m *model) keepMember(key string, e ami.Message) {
	if m.members[key] == nil {
		m.members[key] = map[string]*member{}
	}
	wrapUp := seconds(e.Get("Wrapuptime"))
	if wrapUp == 0 {
		wrapUp = m.wrapUp // the queue's own setting is in no answer
	}
	q := &member{
		state: strings.TrimSuffix(e.Get("StateInterface"), "/n"), status: e.Get("Status"),
		paused: e.Get("Paused") == "1", reason: e.Get("PausedReason"), wrapUp: wrapUp, seq: m.seq,
	}
	q.pausedAt, _ = stamp(e.Get("LastPause"))
	if last, ok := stamp(e.Get("LastCall")); ok {
		q.lastCall = last
	}
	m.members[key][e.Get("Queue")] = q
}

func seconds(text string) time.Duration {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// memberRemoved takes in that a member was taken out of a queue: a list that is under way
// may still have him.
func (m *model) memberRemoved(who membership, at time.Time) {
	if len(m.left) < mostUnlisted {
		m.left[who] = m.seq
	}
	m.memberLeft(who, at)
}

// memberLeft takes a member out of a queue. One who had come to a desk and serves
// no queue any more has gone home.
func (m *model) memberLeft(who membership, at time.Time) {
	key := m.memberKeys[who]
	if key == "" {
		return
	}
	delete(m.memberKeys, who)
	delete(m.members[key], who.queue)
	if len(m.members[key]) == 0 {
		delete(m.members, key)
		m.unseat(key, byMembership, at)
	}
	m.touchDevice(key)
}

// takeQueues takes in the members of all queues, as listed; what an event has told
// since the list was asked for stays.
func (m *model) takeQueues(l ami.Listing, at time.Time) {
	listed := m.takeMembers(l, at)
	for who, key := range m.memberKeys {
		if q := m.members[key][who.queue]; !listed[who] && (q == nil || q.seq <= l.Asked) {
			m.memberLeft(who, at)
		}
	}
	m.queuesAsked = l.Asked
	m.forgetLeft(l.Asked)
	m.forgetDoubts(l.Asked)
}

// forgetLeft forgets who has left before a list was asked for: of the lists that still
// have them this is the last.
func (m *model) forgetLeft(asked uint64) {
	for who, seq := range m.left {
		if seq <= asked {
			delete(m.left, who)
		}
	}
}

// takeMembers takes in the members that a list has, and returns them.
func (m *model) takeMembers(l ami.Listing, at time.Time) map[membership]bool {
	listed := map[membership]bool{}
	if l.Asked < m.queuesAsked {
		return listed // a look-up that a list has overtaken
	}
	for _, item := range l.Items {
		who, key := membershipOf(item), memberKey(item)
		if item.Event() != "QueueMember" || key == "" || m.left[who] > l.Asked {
			continue
		}
		if before := m.memberKeys[who]; before != "" && before != key {
			m.memberLeft(who, at)
		}
		listed[who], m.memberKeys[who] = true, key
		known := m.members[key][who.queue]
		if known != nil && known.seq > l.Asked {
			continue
		}
		m.member(key, item, at)
	}
	return listed
}

// memberships are those of the one at a device: of the device, and of whoever sits
// there.
func (m *model) memberships(device string) []*member {
	var all []*member
	for _, q := range m.members[device] {
		all = append(all, q)
	}
	if s := m.people[device]; s != nil && s.user != "" && s.user != device {
		for _, q := range m.members[s.user] {
			all = append(all, q)
		}
	}
	return all
}

// pause tells whether somebody is paused in every queue he serves, and why.
func (m *model) pause(device string) (paused bool, reason string, since time.Time) {
	for _, q := range m.memberships(device) {
		if !q.paused {
			return false, "", time.Time{}
		}
		if !paused || q.pausedAt.After(since) {
			paused, reason, since = true, q.reason, q.pausedAt
		}
	}
	return paused, reason, since
}

// wrappingUp tells whether somebody is still busy with a call that has ended, and
// until when: Asterisk makes no event of it (ami-facts 2 iv).
func (m *model) wrappingUp(device string, at time.Time) (since, until time.Time) {
	for _, q := range m.memberships(device) {
		if end := q.lastCall.Add(q.wrapUp); !q.lastCall.IsZero() && end.After(at) && end.After(until) && !m.isAhead(q.lastCall) {
			since, until = q.lastCall, end
		}
	}
	for _, c := range m.wraps {
		if c.key.device == device && c.until.After(at) && c.until.After(until) && !m.isAhead(*c.seen.EndedAt) {
			since, until = *c.seen.EndedAt, c.until
		}
	}
	if until.After(at) {
		m.laterBy(until)
	}
	return since, until
}

// isAhead tells whether a call has ended at a moment that is yet to come: the clock was
// set back since, and tells nothing of how long ago that was.
func (m *model) isAhead(ended time.Time) bool { return ended.Sub(m.newest) > settleTime }

func (m *model) passed(at time.Time) {
	if at.After(m.newest) {
		m.newest = at
	}
}

// setBack takes in that the clock was set back, to a moment.
func (m *model) setBack(at time.Time) {
	m.newest = at
	m.laterBy(at)
}

// wrapUpOf is how long the agent of a channel is busy after its call, which came
// from a queue; zero where it did not.
func (m *model) wrapUpOf(ch *channel) time.Duration {
	if ch.queue == "" && ch.application != "AppQueue" {
		return 0
	}
	longest := time.Duration(0)
	for queue, q := range m.members[ch.device] {
		if ch.queue == "" || queue == ch.queue {
			longest = max(longest, q.wrapUp)
		}
	}
	if len(m.members[ch.device]) == 0 {
		return m.wrapUp
	}
	return longest
}

// fromQueue notes that a queue gave a call to an agent's channel.
func (m *model) fromQueue(e ami.Message) {
	if ch := m.channels[e.Get("DestUniqueid")]; ch != nil {
		ch.queue = e.Get("Queue")
	}
}

// byMember is the status that queues count for a member without a channel.
func byMember(status string) coaching.Status {
	switch status {
	case "1":
		return coaching.StatusAvailable
	case "2", "3", "7":
		return coaching.StatusOnCall
	case "4", "5":
		return coaching.StatusOffline
	case "6":
		return coaching.StatusRinging
	case "8":
		return coaching.StatusOnHold
	default:
		return coaching.StatusUnknown
	}
}

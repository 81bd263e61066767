package asterisk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// mostUnlisted bounds what is asked about; the next list has the rest.
const mostUnlisted = 1000

// doubtMember keeps in mind to ask about a member whom no list has shown: events may be
// forged, and would make a user of nobody.
func (m *model) doubtMember(who membership, at time.Time) {
	if who.queue != "" && who.location != "" && len(m.unlisted) < mostUnlisted {
		m.unlisted[who] = at
	}
}

// lookUp asks about the members in doubt, unless it does already.
func (w *watch) lookUp(ctx context.Context, run func(func())) {
	w.dialer.mu.Lock()
	defer w.dialer.mu.Unlock()
	if w.lookingUp || len(w.model.unlisted) == 0 {
		return
	}
	w.lookingUp = true
	doubted := w.model.unlisted
	w.model.unlisted = map[membership]time.Time{}
	run(func() { w.found <- w.membersOf(ctx, doubted) })
}

// proven is the list that has a member, and when an event told of him.
type proven struct {
	list ami.Listing
	at   time.Time
}

// proof is what became of doubts about members.
type proof struct {
	members []proven
	err     error
}

// membersOf asks for members of queues. It runs in a goroutine of its own, since events
// must be taken in meanwhile.
func (w *watch) membersOf(ctx context.Context, doubted map[membership]time.Time) (p proof) {
	for who, at := range doubted {
		l, err := w.conn.List(ctx, ami.NewAction("QueueStatus").With("Queue", who.queue).With("Member", who.location))
		switch {
		case err == nil:
			p.members = append(p.members, proven{l, at})
		case !refused(err) && !errors.Is(err, ami.ErrRefused):
			return proof{err: err}
		}
	}
	return p
}

// believe takes in the members that are there.
func (w *watch) believe(p proof) error {
	w.dialer.mu.Lock()
	w.lookingUp = false
	w.dialer.mu.Unlock()
	if p.err != nil {
		return fmt.Errorf("look up members of queues: %w", p.err)
	}
	return w.step(w.clock.now(), func() {
		for _, one := range p.members {
			w.model.takeMembers(one.list, one.at)
			w.model.settle(one.at)
		}
	})
}

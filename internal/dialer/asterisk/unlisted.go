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

// doubt is the newest event about a member whom no list has shown.
type doubt struct {
	at  time.Time
	seq uint64
}

// doubtMember keeps in mind to ask about a member whom no list has shown: events may be
// forged, and would make a user of nobody. Who was asked about in vain is asked about
// again when he is added, or the next list has him.
func (m *model) doubtMember(who membership, e ami.Message, at time.Time) {
	known := !m.unfound[who] || e.Event() == "QueueMemberAdded"
	if known && who.queue != "" && who.location != "" && len(m.unlisted) < mostUnlisted {
		m.unlisted[who] = doubt{at, m.seq}
	}
}

// forgetDoubts forgets the doubts that a list of all members has settled.
func (m *model) forgetDoubts(asked uint64) {
	for who, d := range m.unlisted {
		if d.seq <= asked {
			delete(m.unlisted, who)
		}
	}
	clear(m.unfound)
}

// lookUp asks about the members in doubt, unless it does already, or a list will tell.
func (w *watch) lookUp(ctx context.Context, run func(func())) {
	w.dialer.mu.Lock()
	defer w.dialer.mu.Unlock()
	if w.lookingUp || w.lookUpRest.on || w.asking || len(w.model.unlisted) == 0 {
		return
	}
	w.lookingUp = true
	doubted := w.model.unlisted
	w.model.unlisted = map[membership]doubt{}
	run(func() { w.found <- w.membersOf(ctx, doubted) })
}

// answered is what Asterisk answered about a member in doubt.
type answered struct {
	who  membership
	list ami.Listing
	at   time.Time // when an event told of him
}

// proof is what became of doubts about members.
type proof struct {
	answers []answered
	err     error
}

// membersOf asks for members of queues. It runs in a goroutine of its own, since events
// must be taken in meanwhile.
func (w *watch) membersOf(ctx context.Context, doubted map[membership]doubt) (p proof) {
	for who, d := range doubted {
		l, err := w.conn.List(ctx, ami.NewAction("QueueStatus").With("Queue", who.queue).With("Member", who.location))
		switch {
		case err == nil, refused(err), errors.Is(err, ami.ErrRefused), errors.Is(err, ami.ErrIncompleteList):
			p.answers = append(p.answers, answered{who, l, d.at})
		default:
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
	w.lookUpRest.begin(w.dialer.rest)
	if p.err != nil {
		return fmt.Errorf("look up members of queues: %w", p.err)
	}
	return w.step(w.clock.now(), func() {
		for _, a := range p.answers {
			if listed := w.model.takeMembers(a.list, a.at); !listed[a.who] && len(w.model.unfound) < mostUnlisted {
				w.model.unfound[a.who] = true
			}
			w.model.settle(a.at)
		}
	})
}

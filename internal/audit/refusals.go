package audit

import (
	"context"
	"sync"
	"time"
)

const (
	// enterRefusalsEvery is how often refusals are entered that were counted.
	enterRefusalsEvery = time.Second
	// countedFor is how long the refusals of one kind are counted before the next
	// entry tells of them.
	countedFor = time.Minute
	// mostKnown and mostAnonymous are how many kinds of refusals are told apart at a
	// time, of callers who were let in and of those who were not: a flood of the latter
	// must crowd nobody out. What is beyond is counted together.
	mostKnown     = 1000
	mostAnonymous = 10
)

// Refusal is one kind of what was refused to somebody.
type Refusal struct {
	Action    Action
	By        Caller
	Operation string // of the contract
	Session   string // the id of the session that it was about; "" where that is not known
	Code      string // of the error
}

// kind leaves out what cannot be compared.
func (f Refusal) kind() refusalKind {
	kind := refusalKind{action: f.Action, by: f.By.Kind, id: f.By.ID, operation: f.Operation, session: f.Session, code: f.Code}
	if f.By.User != nil {
		kind.user = f.By.User.String()
	}
	return kind
}

type refusalKind struct {
	action             Action
	by                 ActorKind
	id, user           string
	operation, session string
	code               string
}

// tally counts refusals of one kind.
type tally struct {
	refusal Refusal
	count   int       // not entered yet
	entered time.Time // when the last entry was made; zero before the first
}

// refusals counts in memory.
type refusals struct {
	mu        sync.Mutex
	tallies   map[refusalKind]*tally
	known     int // of them, kinds of callers who were let in
	anonymous int
}

func newRefusals() refusals { return refusals{tallies: map[refusalKind]*tally{}} }

// Refused counts a refusal. The first of a kind is entered within a second, and how
// many followed within each minute after it. It never waits.
func (r *Recorder) Refused(f Refusal) { r.refusals.add(f) }

func (r *refusals) add(f Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tallies[f.kind()]
	if t == nil && !r.room(f.By.Kind) {
		f = Refusal{Action: f.Action, By: Caller{Kind: ManyOthers}, Code: f.Code}
		t = r.tallies[f.kind()]
	}
	if t == nil {
		t = &tally{refusal: f}
		r.tallies[f.kind()] = t
		r.counted(f.By.Kind, 1)
	}
	t.count++
}

// room tells whether one more kind may be told apart. Those of ManyOthers are as few
// as the codes there are.
func (r *refusals) room(by ActorKind) bool {
	if by == Anonymous {
		return r.anonymous < mostAnonymous
	}
	return r.known < mostKnown
}

func (r *refusals) counted(by ActorKind, n int) {
	switch by {
	case Anonymous:
		r.anonymous += n
	case ManyOthers:
	default:
		r.known += n
	}
}

// counts is how many of which refusals are to be entered.
type counts struct {
	tally *tally
	count int
}

// due takes out what is to be entered: all, or what was not entered for a while. It
// forgets kinds of which none came for as long.
func (r *refusals) due(now time.Time, all bool) []counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	var due []counts
	for kind, t := range r.tallies {
		resting := now.Sub(t.entered) < countedFor
		switch {
		case t.count > 0 && (all || !resting):
			due = append(due, counts{t, t.count})
			t.count, t.entered = 0, now
		case t.count == 0 && !resting:
			delete(r.tallies, kind)
			r.counted(kind.by, -1)
		}
	}
	return due
}

// putBack counts again what could not be entered.
func (r *refusals) putBack(failed []counts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range failed {
		c.tally.count += c.count
		c.tally.entered = time.Time{}
	}
}

// enterRefusals enters what was counted, until ctx ends. While the database is away
// it goes on to be counted.
func (r *Recorder) enterRefusals(ctx context.Context) {
	tick := time.NewTicker(enterRefusalsEvery)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			r.enterDue(ctx, now, false)
		case <-ctx.Done():
			r.enterLast(ctx)
			return
		}
	}
}

// enterLast does not hold up the end for long.
func (r *Recorder) enterLast(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	r.enterDue(ctx, time.Now(), true)
}

func (r *Recorder) enterDue(ctx context.Context, now time.Time, all bool) {
	due := r.refusals.due(now, all)
	for len(due) > 0 {
		some := due[:min(len(due), committedAtOnce)]
		if err := r.enter(ctx, some); err != nil {
			r.refusals.putBack(due)
			r.log.Debug("refusals not entered yet", "kinds", len(due), "error", err)
			return
		}
		due = due[len(some):]
	}
}

func (r *Recorder) enter(ctx context.Context, some []counts) error {
	key, err := r.keys.now(ctx)
	if err != nil {
		return err
	}
	entries := make([]Entry, len(some))
	for i, c := range some {
		if entries[i], err = c.tally.refusal.event(c.count).entry(c.tally.refusal.By, key); err != nil {
			return err
		}
	}
	return r.store.AppendAudit(ctx, entries)
}

// event tells of so many refusals of a kind. The subject is the session where there
// is one.
func (f Refusal) event(count int) Event {
	e := Event{Action: f.Action, Result: f.Code, Details: Details{"count": count}}
	switch {
	case f.Session != "":
		e.Subject = Subject{Kind: Session, ID: f.Session}
		e.Details["operation"] = f.Operation
	case f.Operation != "":
		e.Subject = Subject{Kind: Operation, ID: f.Operation}
	}
	return e
}

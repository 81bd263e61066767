package coaching

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
)

// carryOut carries out the requests to end sessions of one dialer until ctx ends:
// those that are made from now on, by any process, and those that the holder
// before left behind. Every request under way has one goroutine, which this one
// waits for.
func (f *Floor) carryOut(ctx context.Context, d *watched, t *tenure) {
	var all sync.WaitGroup
	defer all.Wait()
	var mu sync.Mutex
	underWay := map[uuid.UUID]bool{} // requests
	over := make(chan struct{}, 1)   // an attempt has ended: what it left open is taken up again
	for {
		changed := f.view.changed()
		for id, s := range f.Live().Sessions() {
			pending := s.Pending()
			if s.Dialer != d.Name || pending == nil {
				continue
			}
			request := pending.ID
			mu.Lock()
			isNew := !underWay[request]
			underWay[request] = true
			mu.Unlock()
			if !isNew {
				continue
			}
			a := &attempt{floor: f, dialer: d, tenure: t, session: id, request: request, inherited: t.inherited[request]}
			all.Go(func() {
				a.run(ctx)
				mu.Lock()
				delete(underWay, request)
				mu.Unlock()
				select {
				case over <- struct{}{}:
				default:
				}
			})
		}
		select {
		case <-changed:
		case <-over:
		case <-ctx.Done():
			return
		}
	}
}

// attempt is the work on one request to end a session.
type attempt struct {
	floor   *Floor
	dialer  *watched
	tenure  *tenure
	session SessionID
	request uuid.UUID
	// inherited: the request is from before this tenure, and may have been asked
	// already: a dialer that is not connected yet is waited for.
	inherited bool
	asked     bool // the dialer got an ask that may have worked
	accepted  bool
}

// run asks, with growing pauses, until the session has ended, the request has an
// outcome, the deadline has passed or ctx ends. A request whose process ends is
// carried out by the next.
func (a *attempt) run(ctx context.Context) {
	pause := backoff{shortest: time.Second, longest: 8 * time.Second}
	s := a.pending()
	if s == nil {
		return
	}
	deadline := time.Now().Add(a.timeLeft(s))
	for ; s != nil; s = a.pending() {
		left := time.Until(deadline)
		if left <= 0 {
			a.expire(ctx)
			return
		}
		if a.ask(ctx, s) {
			return
		}
		if !a.wait(ctx, min(left, pause.next())) {
			return
		}
	}
}

// timeLeft is how long the request may still be tried: what is inherited has used
// some of its time, or all of it.
func (a *attempt) timeLeft(s *SessionView) time.Duration {
	whole := a.floor.timing.Deadline
	if !a.inherited {
		return whole
	}
	used := a.tenure.began.Sub(s.Pending().AskedAt) // both by the database's clock
	return min(whole, whole-used)
}

// pending is the session while the request is under way; nil from then on.
func (a *attempt) pending() *SessionView {
	s := a.floor.Live().Session(a.session)
	if s == nil || s.Pending() == nil || s.Pending().ID != a.request {
		return nil
	}
	return s
}

// wait waits for the session to be over with, a while at most, and tells whether
// it is still being disconnected.
func (a *attempt) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		changed := a.floor.view.changed()
		if a.pending() == nil {
			return false
		}
		select {
		case <-changed:
		case <-timer.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// ask asks the dialer once and keeps what came of it. It tells whether that was
// final.
func (a *attempt) ask(ctx context.Context, s *SessionView) (final bool) {
	if !a.mayAsk() {
		return false
	}
	verdict, err := a.hangUp(ctx, s)
	log := a.floor.log.With("dialer", a.dialer.Name, "session", a.session, "verdict", verdict)
	if err != nil {
		log = log.With("cause", err)
	}
	log.Info("asked the dialer to end a session")
	switch verdict {
	case Accepted:
		a.asked = true
		if !a.accepted {
			a.accepted = a.keep(ctx, func(b *Board) { b.Accept(a.session) })
		}
		return false
	case NoAnswer:
		a.asked = true
		return false
	case AlreadyGone, Moved:
		return a.foundGone(ctx, verdict == Moved)
	case WouldDropCustomer:
		a.hearOut(ctx) // the asker is to see why
		return a.wouldDrop(ctx, len(s.forced()))
	case Refused:
		if a.asked || a.inherited {
			return false
		}
		return a.giveUp(ctx, OutcomeRefused)
	default:
		if a.asked || a.inherited || !a.mayAsk() {
			return false
		}
		return a.giveUp(ctx, OutcomeUnreachable)
	}
}

func (a *attempt) hangUp(ctx context.Context, s *SessionView) (Verdict, error) {
	ask := HangUp{Leg: s.Leg, Type: s.Pending().Type}
	for _, r := range s.forced() {
		ask.Force, ask.Type = true, r.Type
	}
	if s.Target != nil {
		ask.Targets = s.TargetUser.AllAt(a.dialer.Name)
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), a.askUntil())
	defer cancel()
	return a.dialer.Dialer.HangUp(ctx, ask)
}

// mayAsk tells whether the dialer is this process's, as far as it knows.
func (a *attempt) mayAsk() bool {
	return a.tenure.mayAct() && a.floor.view.lease(a.dialer.Name).Fence == a.tenure.fence
}

// askUntil is when an ask must have been answered; not later than this process may
// ask at all.
func (a *attempt) askUntil() time.Time {
	until := time.Now().Add(a.floor.timing.Ask)
	if end := *a.tenure.until.Load(); end.Before(until) {
		return end
	}
	return until
}

// foundGone waits for the report that tells the end, which was made before the
// dialer said so. Where there was none, the session is ended without.
func (a *attempt) foundGone(ctx context.Context, moved bool) (final bool) {
	var clock time.Time
	if q := a.dialer.reports.Load(); q != nil {
		if now := q.clockNow(); now != nil {
			clock = *now
		}
	}
	a.hearOut(ctx)
	return a.keep(ctx, func(b *Board) { b.FoundGone(a.session, moved, clock) })
}

// hearOut waits a while for what the dialer reported before its verdict to be
// kept.
func (a *attempt) hearOut(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, a.floor.timing.Ask)
	defer cancel()
	a.dialer.flushed(ctx)
}

func (a *attempt) giveUp(ctx context.Context, outcome Outcome) (final bool) {
	return a.keep(ctx, func(b *Board) { b.GiveUp(a.session, outcome) })
}

// wouldDrop gives up what would drop the customer, unless more ask by force than the
// dialer was told of: it is asked again, for those who joined.
func (a *attempt) wouldDrop(ctx context.Context, forced int) (final bool) {
	more := false
	kept := a.keep(ctx, func(b *Board) {
		s := b.Session(a.session)
		if more = s != nil && len(s.forced()) > forced; !more {
			b.GiveUp(a.session, OutcomeWouldDropCustomer)
		}
	})
	return kept && !more
}

// expire gives up a request whose deadline has passed: the leg lives on.
func (a *attempt) expire(ctx context.Context) {
	outcome := OutcomeTimedOut
	if s := a.pending(); s != nil && s.Pending().AcceptedAt != nil {
		outcome = OutcomeFailed
	}
	a.giveUp(ctx, outcome)
}

// keep makes a change of the session, also in the last moments of the process. It
// tells whether that worked.
func (a *attempt) keep(ctx context.Context, rule func(*Board)) bool {
	ctx, stop := detach(ctx, lastWords)
	defer stop()
	err := a.floor.keepTrying(ctx, Scope{Dialer: a.dialer.Name, Fence: &a.tenure.fence, Sessions: []SessionID{a.session}}, rule)
	if errors.Is(err, ErrSuperseded) {
		a.tenure.end()
	}
	return err == nil
}

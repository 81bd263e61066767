package simulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

var (
	errNotConnected = errors.New("there is no connection to the dialer")
	errSaidNo       = errors.New("the dialer answered: not allowed")
	errNoAnswer     = errors.New("the dialer did not answer in time")
)

// HangUp implements coaching.Dialer. It must not be called from a report of
// Watch: it may wait for what was reported before.
func (s *Simulator) HangUp(ctx context.Context, ask coaching.HangUp) (coaching.Verdict, error) {
	s.callHook(&s.before, ask)
	if coaching.Expired(ctx) {
		return coaching.Unreachable, context.Cause(ctx)
	}
	p := s.ask(ask)
	s.callHook(&s.after, ask)
	verdict, err := s.await(ctx, p)
	s.mu.Lock()
	defer s.mu.Unlock()
	p.record.Verdict = verdict
	return verdict, err
}

func (s *Simulator) callHook(hook *func(coaching.HangUp), ask coaching.HangUp) {
	s.mu.Lock()
	call := *hook
	s.mu.Unlock()
	if call != nil {
		call(ask)
	}
}

// pending is a HangUp under way.
type pending struct {
	record   *Asked
	verdict  coaching.Verdict // valid once answered is closed, with what follows
	err      error
	told     chan struct{} // closed when all that led to the verdict is reported; may be nil
	answered chan struct{} // closed when the answer has come
	lost     chan struct{} // closed when the connection is lost
	expired  chan struct{} // closed when nobody waits for an answer any more
}

func (p *pending) answer(v coaching.Verdict, err error) {
	p.verdict, p.err = v, err
	close(p.answered)
}

// ask sends the ask. While the dialer is silent it hears nothing either: the ask
// reaches it when the silence ends, if the connection lasts.
func (s *Simulator) ask(ask coaching.HangUp) *pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	p := &pending{
		record:   &Asked{HangUp: ask, At: s.world.now},
		answered: make(chan struct{}), expired: make(chan struct{}),
	}
	s.asked = append(s.asked[max(0, len(s.asked)-kept):], p.record)
	c := s.connection
	if c == nil {
		p.answer(coaching.Unreachable, errNotConnected)
		return p
	}
	p.lost = c.lost
	s.world.after(s.cfg.AnswerTimeout, func() { close(p.expired) })
	if silence := c.silentUntil.Sub(s.world.now); silence > 0 {
		s.world.after(silence, func() { s.judge(c, p) })
		return p
	}
	s.judge(c, p)
	c.rouse() // what follows may come before what Watch waits for
	return p
}

// judge looks at the newest state and decides what becomes of an ask.
func (s *Simulator) judge(c *connection, p *pending) {
	if c.err != nil {
		return
	}
	ask, l := p.record.HangUp, s.world.alive[p.record.Leg]
	switch {
	case l == nil:
		p.told = c.barrier()
		p.answer(coaching.AlreadyGone, nil)
	case l.target == nil || ask.Elsewhere(l.target.Extension):
		p.told = c.barrier()
		p.answer(coaching.Moved, nil)
	case l.holdsCustomer() && (!ask.Force || ask.Type != l.kind):
		p.told = c.barrier()
		p.answer(coaching.WouldDropCustomer, nil)
	default:
		s.carryOut(c, p, l, s.nextAnswer())
	}
}

// nextAnswer is how the dialer takes the next hang-up: as told, else by chance.
func (s *Simulator) nextAnswer() Answer {
	if len(s.answers) > 0 {
		a := s.answers[0]
		s.answers = s.answers[1:]
		return a
	}
	m, a := s.mischief, Answer{}
	a.Refuse = s.luck.happens(m.Refuse)
	a.Never = s.luck.happens(m.NeverAnswer)
	a.LegLives = s.luck.happens(m.LegLives)
	if s.luck.happens(m.AnswerLate) {
		a.After = s.luck.between(10*time.Millisecond, s.cfg.AnswerTimeout)
	}
	return a
}

// carryOut has the dialer take an ask as it does.
func (s *Simulator) carryOut(c *connection, p *pending, l *leg, a Answer) {
	verdict, err := coaching.Accepted, error(nil)
	if a.Refuse {
		verdict, err = coaching.Refused, errSaidNo
	} else if !a.LegLives {
		p.record.HungUp, l.dropped = true, true
		after := a.LegAfter
		if after == 0 {
			after = newChance(s.cfg.Seed, l.id).between(5*time.Millisecond, 50*time.Millisecond)
		}
		s.world.after(after, func() { s.world.end(l, coaching.EndDisconnected) })
	}
	switch {
	case a.Never:
	case a.After == 0:
		p.answer(verdict, err)
	default:
		s.world.after(a.After, func() {
			if c.err == nil {
				p.answer(verdict, err)
			}
		})
	}
}

// await waits for the answer, for as long as anybody would.
func (s *Simulator) await(ctx context.Context, p *pending) (coaching.Verdict, error) {
	for {
		timer, stop := alarm(s.look())
		select {
		case <-p.answered:
			stop()
			return p.settled(ctx)
		case <-timer:
		case <-p.expired:
			stop()
			return p.unless(ctx, errNoAnswer)
		case <-p.lost:
			stop()
			return p.unless(ctx, errNotConnected)
		case <-ctx.Done():
			stop()
			return p.unless(ctx, ctx.Err())
		}
	}
}

// unless is what is known when the waiting ends: an answer that came counts.
func (p *pending) unless(ctx context.Context, cause error) (coaching.Verdict, error) {
	select {
	case <-p.answered:
		return p.settled(ctx)
	default:
		return coaching.NoAnswer, fmt.Errorf("waiting for the dialer's answer: %w", cause)
	}
}

// settled is the answer, once what led to it has been reported: an end that the
// verdict tells of comes first.
func (p *pending) settled(ctx context.Context) (coaching.Verdict, error) {
	if p.told != nil {
		select {
		case <-p.told:
		case <-ctx.Done():
		}
	}
	return p.verdict, p.err
}

// look has the world catch up, when nobody else may do so, and tells when to
// look again; 0 for never.
func (s *Simulator) look() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	if at, planned := s.world.events.next(); planned {
		return s.due(at)
	}
	return 0
}

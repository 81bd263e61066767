package ami

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Do sends an action and returns the manager's answer. It waits until ctx ends or
// Config.ActionTimeout is over.
//
// An answer Error is a *ResponseError, with the answer beside it. ErrRefused means
// that nothing was sent, and so does ErrTooLate: ctx's deadline had passed by the
// clock just before the write, whether or not ctx had noticed, since a process may
// have been paused. ErrNoAnswer means that it was, perhaps, and may yet be carried
// out. Success means accepted: what follows of it comes as events. An action that
// answers with a list belongs to List; of its items Do knows nothing.
func (c *Conn) Do(ctx context.Context, a Action) (Message, error) {
	call, err := c.ask(ctx, a, false)
	return call.listing.Start, err
}

// ask sends an action and waits for its answer, or for the end of its list. The
// call it returns is never nil.
func (c *Conn) ask(ctx context.Context, a Action, list bool) (*call, error) {
	id := c.ids.next(list)
	k := &call{action: a.name, list: list, over: make(chan struct{})}
	text, err := a.wire(id)
	if err != nil {
		return k, fmt.Errorf("%s: %w", a.name, err)
	}
	c.mu.Lock()
	c.calls[id] = k
	c.mu.Unlock()
	defer c.forget(id)
	k.listing.Asked = c.Seq()
	k.moved.Store(int64(time.Since(c.born)))

	if err := c.hand(ctx, text, k); err != nil {
		return k, fmt.Errorf("%s: %w", a.name, err)
	}
	gaveUp := c.wait(ctx, k)
	select {
	case <-k.over: // perhaps in the same moment
		return k, k.err
	default:
		return new(call), fmt.Errorf("%s: %w: %w", a.name, ErrNoAnswer, gaveUp)
	}
}

// wait returns when the call is over, or with the reason to wait no longer. A
// list that still grows is waited for, but not for ever.
func (c *Conn) wait(ctx context.Context, k *call) (gaveUp error) {
	began, patience := time.Now(), time.NewTimer(c.cfg.ActionTimeout)
	defer patience.Stop()
	for {
		select {
		case <-k.over:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.done:
			return c.endError()
		case <-patience.C:
			idle := time.Since(c.born) - time.Duration(k.moved.Load())
			if idle >= c.cfg.ActionTimeout || time.Since(began) >= c.cfg.ListTimeout {
				return context.DeadlineExceeded
			}
			patience.Reset(c.cfg.ActionTimeout - idle)
		}
	}
}

// hand gives text to the writer. An error means that nothing of it is sent.
func (c *Conn) hand(ctx context.Context, text []byte, k *call) error {
	by, _ := ctx.Deadline()
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ActionTimeout)
	defer cancel()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if c.Err() != nil {
		return c.endError()
	}
	select {
	case c.outgoing <- outgoing{text, by, k}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.done:
		return c.endError()
	}
}

// call is an action that waits for its answer. Until it is over listing, err and
// size belong to the reader, who ends it once.
type call struct {
	action  string
	list    bool
	listing Listing
	err     error
	size    int // of the items
	over    chan struct{}
	moved   atomic.Int64 // when the list last grew, nanoseconds after Conn.born
}

func (k *call) end(err error) {
	k.err = err
	close(k.over)
}

// answered takes the answer and reports whether the call is over.
func (k *call) answered(m Message) (over bool) {
	if k.list {
		return k.opened(m)
	}
	k.listing.Start = m
	if isWord(m.Response(), "Error") {
		k.end(&ResponseError{Action: k.action, Message: m.Get("Message")})
	} else {
		k.end(nil)
	}
	return true
}

package asterisk

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// uniqueid is the one form of a leg that is sent: a channel's Uniqueid, which an
// application may have chosen (snoop-both-none in testdata/ari-snoop-seen-by-ami.ami),
// of whatever letters. Asterisk takes it where it takes a name. It holds no slash, as
// every name does: a name could be another channel's by now, and /x/ would be a pattern,
// and drop every match (testdata/sip-hangup-spyer.ami).
var uniqueid = regexp.MustCompile(`^[^/\pC\pZ]([^/\pC]{0,148}[^/\pC\pZ])?$`)

var (
	errNoWatch   = errors.New("there is no connection to the Asterisk")
	errOutlived  = errors.New("the Asterisk has no such channel, but its end was not told")
	errElsewhere = errors.New("the leg is in another bridge than was told, and who is there is not known yet: ask again")
	errOddID     = errors.New("the channel has an id that could be taken for a name or a pattern, so it is not sent")
	errUntold    = errors.New("it cannot be told whom the leg listens to now, and it may be somebody else; with write = call it is marked when it attaches")
)

// goneWait is how long the report of an end may take to follow the end.
const goneWait = 2 * time.Second

// HangUp implements coaching.Dialer. It asks Asterisk where the leg is, has the
// watch take in all that arrived before the answer, and judges by both; then it
// hangs up the leg's own channel and no other: taking the agent's would drop the
// customer as well (testdata/sip-bargekick-hangup-agent-only.ami).
//
// Accepted is no end yet: while nobody on the call is heard, ChanSpy does not let go
// of it (testdata/sip-hangup-spyer-no-media.ami). Asked again, it is accepted again.
func (d *Dialer) HangUp(ctx context.Context, ask coaching.HangUp) (coaching.Verdict, error) {
	w := d.current()
	switch {
	case ctx.Err() != nil:
		return coaching.Unreachable, ctx.Err()
	case w == nil:
		return coaching.Unreachable, errNoWatch
	case !uniqueid.MatchString(ask.Leg):
		return w.unsendable(ctx, ask.Leg)
	}
	status, err := w.conn.List(ctx, ami.NewAction("Status").With("Channel", ask.Leg))
	switch {
	case noSuchChannel(err):
		return w.alreadyGone(ctx, ask.Leg)
	case refused(err):
		return coaching.Refused, err
	case err != nil:
		return coaching.Unreachable, fmt.Errorf("look at the leg: %w", err) // nothing was asked of it
	}
	if err := w.catchUp(ctx); err != nil {
		return coaching.Unreachable, err
	}
	if verdict, err := w.judge(ask, status); verdict != "" {
		return verdict, err
	}
	_, err = w.conn.Do(ctx, ami.NewAction("Hangup").With("Channel", ask.Leg).With("Cause", "16"))
	return w.answered(ctx, ask.Leg, err)
}

// unsendable is the verdict on a leg whose id no Asterisk gets to read.
func (w *watch) unsendable(ctx context.Context, leg string) (coaching.Verdict, error) {
	if err := w.catchUp(ctx); err != nil {
		return coaching.Unreachable, err
	}
	w.dialer.mu.Lock()
	defer w.dialer.mu.Unlock()
	if w.model.legs[leg] == nil {
		return coaching.AlreadyGone, nil
	}
	return coaching.Refused, errOddID
}

// catchUp returns when the model knows all that has arrived.
func (w *watch) catchUp(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case w.catchUps <- done:
	case <-w.ended:
		return errNoWatch
	case <-ctx.Done():
		return ctx.Err()
	}
	<-done
	return nil
}

// judge looks at the leg, and marks it as asked for where nothing speaks against
// it: that is how its end is known for ours.
func (w *watch) judge(ask coaching.HangUp, status ami.Listing) (coaching.Verdict, error) {
	w.dialer.mu.Lock()
	defer w.dialer.mu.Unlock()
	l := w.model.legs[ask.Leg]
	if l == nil || !l.session || l.target != "" && ask.Elsewhere(l.who) {
		return coaching.Moved, nil // on another target, or off to something that is no session
	}
	if l.target == "" && len(ask.Targets) > 0 {
		// The asker knows a target and we do not: it may be on another by now.
		on, elsewhere := w.model.couldBeOn(l, func(extension string) bool { return !ask.Elsewhere(extension) })
		switch {
		case !on:
			return coaching.Moved, nil
		case elsewhere:
			return coaching.Refused, errUntold
		}
	}
	if w.model.isOnItsWay(l, status) {
		w.model.giveUp(l)
		w.wishList() // which has the watch look at what is due
		return coaching.Moved, nil
	}
	if doesElse(status) || l.leftCustomer() {
		return coaching.Moved, nil
	}
	forced := ask.Force && ask.Type == l.kind
	switch {
	case !forced && w.holdsCustomer(l, status):
		return coaching.WouldDropCustomer, nil
	case forced && !l.wasTold(status):
		w.wishList()
		return coaching.Refused, errElsewhere
	}
	l.asked.at = w.clock.now()
	return "", nil
}

// asking is what was asked of a leg: its end.
type asking struct {
	at     time.Time // of the newest ask; zero for none
	agreed bool      // Asterisk said that it would
}

// askCounts is for how long an ask is taken for the cause of a leg's end. One that
// was never answered may not have arrived, and a call that ends much later was not
// ended by it. What ended just before it may have: the two clocks differ.
const (
	askCounts = time.Minute
	askAhead  = 250 * time.Millisecond
)

func (a asking) counts(at time.Time) bool {
	since := at.Sub(a.at)
	return !a.at.IsZero() && since > -askAhead && since < askCounts
}

// answered says what Asterisk's answer to the Hangup means.
func (w *watch) answered(ctx context.Context, leg string, err error) (coaching.Verdict, error) {
	switch {
	case err == nil:
		w.noteAsked(leg, func(a *asking) { a.agreed = true })
		return coaching.Accepted, nil
	case errors.Is(err, ami.ErrNoAnswer):
		return coaching.NoAnswer, err
	case noSuchChannel(err):
		return w.alreadyGone(ctx, leg)
	}
	w.noteAsked(leg, func(a *asking) { a.at = time.Time{} })
	if refused(err) || errors.Is(err, ami.ErrRefused) {
		return coaching.Refused, err
	}
	return coaching.Unreachable, err
}

func (w *watch) noteAsked(leg string, note func(*asking)) {
	w.dialer.mu.Lock()
	defer w.dialer.mu.Unlock()
	if l := w.model.legs[leg]; l != nil {
		note(&l.asked)
	}
}

// wishList has everything listed anew soon. One wish is enough.
func (w *watch) wishList() {
	select {
	case w.relist <- struct{}{}:
	default:
	}
}

// alreadyGone waits until the leg's end was reported: the answer may come before
// the event. Where no event comes a list will miss the channel.
func (w *watch) alreadyGone(ctx context.Context, leg string) (coaching.Verdict, error) {
	if err := w.catchUp(ctx); err != nil {
		return coaching.NoAnswer, err
	}
	w.dialer.mu.Lock()
	l := w.model.legs[leg]
	w.dialer.mu.Unlock()
	if l == nil {
		return coaching.AlreadyGone, nil
	}
	w.wishList()
	late := time.NewTimer(goneWait)
	defer late.Stop()
	select {
	case <-l.over:
		return coaching.AlreadyGone, nil
	case <-late.C:
		return coaching.NoAnswer, errOutlived
	case <-ctx.Done():
		return coaching.NoAnswer, ctx.Err()
	case <-w.ended:
		return coaching.NoAnswer, errNoWatch
	}
}

// noSuchChannel tells whether Asterisk knows no channel by that id.
func noSuchChannel(err error) bool {
	var answer *ami.ResponseError
	return errors.As(err, &answer) && answer.Message == "No such channel"
}

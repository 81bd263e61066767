package asterisk

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// ask begins a snapshot: it marks the place, and has the lists asked for by a
// goroutine of their own, since events must be taken in meanwhile.
func (w *watch) ask(ctx context.Context, helpers *sync.WaitGroup) error {
	w.asking, w.askAgain = true, false
	w.dialer.mu.Lock()
	w.model.unsure, w.model.ended = false, map[string]bool{}
	w.dialer.mu.Unlock()
	if err := w.report(coaching.SnapshotBegun{Boot: w.boot}); err != nil {
		return err
	}
	first := !w.started
	helpers.Go(func() { w.lists <- w.list(ctx, first) })
	return nil
}

// list asks for everything alive. It runs in the lister's goroutine.
func (w *watch) list(ctx context.Context, first bool) lists {
	var l lists
	pong, err := w.conn.Do(ctx, ami.NewAction("Ping"))
	if err != nil && !refused(err) {
		return lists{err: err}
	}
	l.clock = w.clock.read(pong) // it may have been set since
	states, err := w.conn.List(ctx, ami.NewAction("DeviceStateList"))
	if err != nil && !refused(err) {
		return lists{err: err}
	}
	l.states = states.Items
	if first && err != nil {
		w.gaps.warn(gapStates, "error", err)
	}
	if first {
		w.lookAtRights(ctx)
		if l.marks, err = w.marks(ctx); err != nil {
			return lists{err: err}
		}
	}
	if l.queues, err = w.optional(ctx, "QueueStatus"); err != nil {
		return lists{err: err}
	}
	if l.agents, err = w.optional(ctx, "Agents"); err != nil {
		return lists{err: err}
	}
	l.channels, l.err = w.conn.List(ctx, ami.NewAction("CoreShowChannels"))
	if errors.Is(l.err, ami.ErrPermission) {
		l.err = fmt.Errorf("%w: %s: %s", l.err, gapList.text, gapList.line(w.gaps.user))
	}
	return l
}

// lookAtRights asks which actions this user may use: only those are listed. Where
// Asterisk does not say, a try will show.
func (w *watch) lookAtRights(ctx context.Context) {
	commands, err := w.conn.Do(ctx, ami.NewAction("ListCommands"))
	if err != nil {
		return
	}
	if _, can := commands.Lookup("Hangup"); !can {
		w.gaps.warn(gapHangUp)
	}
	if _, can := commands.Lookup("Setvar"); !can {
		w.gaps.noMarks()
		w.marker.stop()
	}
}

// optional asks for a list that not every Asterisk or user has; it is empty then.
func (w *watch) optional(ctx context.Context, action string) (ami.Listing, error) {
	l, err := w.conn.List(ctx, ami.NewAction(action))
	if refused(err) {
		return ami.Listing{}, nil
	}
	return l, err
}

// marks asks for what was written on the channels before us, by another run of
// this service as well.
func (w *watch) marks(ctx context.Context) ([]ami.Message, error) {
	status, err := w.conn.List(ctx, ami.NewAction("Status").With("Variables", markVariable))
	if refused(err) || errors.Is(err, ami.ErrIncompleteList) {
		// Of a channel whose values have an empty line Asterisk splits the item.
		return status.Items, nil
	}
	return status.Items, err
}

// reconcile takes lists in and reports the snapshot. All events that came before
// the end of the list are taken in first: they say how what is missing ended.
func (w *watch) reconcile(l lists) error {
	w.asking = false
	if l.err != nil {
		return fmt.Errorf("list what is alive: %w", l.err)
	}
	d := w.dialer
	d.mu.Lock()
	was := w.clock.now()
	w.clock.set(l.clock)
	if is := w.clock.now(); was.Sub(is) > settleTime {
		w.model.setBack(is)
	}
	d.mu.Unlock()
	if err := w.drain(l.channels.Complete.Seq); err != nil {
		return err
	}
	at := w.clock.now()
	w.gaps.list(l, at)
	d.mu.Lock()
	var before *model
	if !w.started && d.before != nil && d.boot == w.boot && w.boot != "" {
		before = d.before
	}
	w.model.reconcile(l, before, at)
	n := w.model.take()
	snap := w.model.snapshot(at)
	w.askAgain = w.askAgain || len(w.model.unproven) > 0
	due, later := w.model.due, w.model.later
	missed := w.model.missed
	w.model.missed = nil
	if !w.started {
		missed = append(missed, offline(n.told)...)
	}
	d.mu.Unlock()

	for _, end := range missed {
		if err := w.report(end); err != nil {
			return err
		}
	}
	w.schedule(at, due, later)
	if err := w.deliver(n); err != nil {
		return err
	}
	d.mu.Lock()
	w.started, d.watch = true, w // before the report: whoever hears it may ask
	if before != nil {
		d.before = nil
	}
	d.mu.Unlock()
	if err := w.report(snap); err != nil {
		return err
	}
	return w.lookForGaps()
}

// offline are those among reports who were at their phones before; a snapshot has nothing
// of them.
func offline(told []coaching.Sighting) (gone []coaching.Sighting) {
	for _, s := range told {
		if u, ok := s.(coaching.UserSeen); ok && u.Status == coaching.StatusOffline {
			gone = append(gone, u)
		}
	}
	return gone
}

// lookForGaps has it said what manager.conf keeps from us, as far as that shows by
// now: all that has arrived is taken in first.
func (w *watch) lookForGaps() error {
	if err := w.drain(w.conn.Seq()); err != nil {
		return err
	}
	at := w.clock.now()
	w.askAgain = w.gaps.judge(at) || w.askAgain
	if !w.conn.Booted() {
		w.gaps.boot(w.boot, at)
	}
	return nil
}

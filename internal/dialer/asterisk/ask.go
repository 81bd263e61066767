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
func (w *watch) ask(ctx context.Context, lister *sync.WaitGroup) error {
	w.asking, w.askAgain = true, false
	w.dialer.mu.Lock()
	w.model.unsure = false
	w.dialer.mu.Unlock()
	if err := w.report(coaching.SnapshotBegun{Boot: w.boot}); err != nil {
		return err
	}
	first := !w.started
	lister.Go(func() { w.lists <- w.list(ctx, first) })
	return nil
}

// list asks for everything alive. It runs in the lister's goroutine.
func (w *watch) list(ctx context.Context, first bool) lists {
	var l lists
	states, err := w.conn.List(ctx, ami.NewAction("DeviceStateList"))
	if err != nil && !refused(err) {
		return lists{err: err}
	}
	l.states = states.Items
	if first && err != nil {
		w.gaps.noStates(err)
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
	agents, err := w.optional(ctx, "Agents")
	if err != nil {
		return lists{err: err}
	}
	l.agents = agents.Items
	l.channels, l.err = w.conn.List(ctx, ami.NewAction("CoreShowChannels"))
	if errors.Is(l.err, ami.ErrPermission) {
		l.err = fmt.Errorf("%w; the manager user needs write = reporting", l.err)
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
		w.gaps.noHangUp()
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
	if refused(err) {
		return nil, nil
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
	if err := w.drain(l.channels.Complete.Seq); err != nil {
		return err
	}
	at := w.clock.now()
	d := w.dialer
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
	return w.report(snap)
}

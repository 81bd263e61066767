package asterisk

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

var errShutdown = errors.New("the Asterisk is stopping")

// watch is one connection, being watched. Its goroutine is the one of Watch; what
// others use is said.
type watch struct {
	dialer *Dialer
	conn   *ami.Conn // for any goroutine
	report func(coaching.Sighting) error
	clock  clock // set under the Dialer's lock
	gaps   *gaps
	marker *marker
	model  *model // under the Dialer's lock
	boot   string

	seq        uint64 // of the newest event taken in
	lists      chan lists
	asking     bool        // a list is under way
	askAgain   bool        // what was heard since it was asked for needs another
	started    bool        // the first snapshot was reported
	dueTimer   *time.Timer // goes off when the model has something due
	due        time.Time
	laterTimer *time.Timer // goes off when somebody is done with a call
	later      time.Time
	alive      time.Time // when Asterisk was last heard, as reported
	stops      time.Time // when it said that it stops; zero if it did not
	listRest   rest      // between lists

	found      chan proof // of members of queues
	lookingUp  bool       // they are asked about; under the Dialer's lock
	lookUpRest rest       // between two times that they are

	catchUps chan chan struct{} // by any goroutine: closed when all that has arrived is in the model
	relist   chan struct{}      // by any goroutine: has room for one wish to list anew
	ended    chan struct{}      // for any goroutine
}

// Watch implements coaching.Dialer.
func (d *Dialer) Watch(ctx context.Context, report func(coaching.Sighting) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	conn, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	g := newGaps(d.cfg.Log, d.cfg.Variables)
	g.user = d.cfg.Username
	w := &watch{
		dialer: d, conn: conn, report: report, marker: newMarker(conn, g), clock: newClock(d.clock), gaps: g,
		model: newModel(d.cfg, d.people, g),
		lists: make(chan lists, 1), dueTimer: time.NewTimer(time.Hour), laterTimer: time.NewTimer(time.Hour), listRest: newRest(), lookUpRest: newRest(),
		found: make(chan proof, 1), catchUps: make(chan chan struct{}), relist: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	var helpers sync.WaitGroup
	defer helpers.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer d.leave(w)
	helpers.Go(func() { w.marker.run(ctx) })
	err = w.run(ctx, &helpers)
	w.lookForForged()
	if err != nil {
		return fmt.Errorf("watch the Asterisk at %s: %w", d.cfg.Address, err)
	}
	return nil
}

// leave takes the watch back and keeps what it knew for the next one.
func (d *Dialer) leave(w *watch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if w.started {
		d.before, d.boot = w.model, w.boot
	}
	d.watch = nil
	w.dueTimer.Stop()
	w.laterTimer.Stop()
	w.listRest.over.Stop()
	w.lookUpRest.over.Stop()
	close(w.ended)
}

func (w *watch) run(ctx context.Context, helpers *sync.WaitGroup) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	if err := w.ask(ctx, helpers); err != nil {
		return err
	}
	alive, again := time.NewTicker(aliveEvery), time.NewTicker(w.dialer.cfg.SnapshotEvery)
	defer alive.Stop()
	defer again.Stop()
	for {
		var err error
		select {
		case e, open := <-w.conn.Events():
			if !open {
				return w.lost()
			}
			if err = w.take(e); err == nil {
				err = w.drain(w.seq + mostAtOnce)
			}
		case l := <-w.lists:
			err = w.reconcile(l)
			w.listRest.begin(w.dialer.rest)
		case <-w.listRest.over.C:
			w.listRest.on = false
		case <-w.lookUpRest.over.C:
			w.lookUpRest.on = false
		case p := <-w.found:
			err = w.believe(p)
		case caughtUp := <-w.catchUps:
			err = w.drain(w.conn.Seq())
			close(caughtUp)
		case <-again.C:
			w.askAgain = true
		case <-w.relist:
			w.askAgain = true
		case <-alive.C:
			err = w.reportAlive()
		case <-w.dueTimer.C:
			err = w.step(w.due, func() {})
		case <-w.laterTimer.C:
			w.later = time.Time{} // if nobody is done yet it is set again
			err = w.step(w.clock.now(), func() {})
		case <-ctx.Done():
			return ctx.Err()
		}
		if err == nil && w.askAgain && !w.asking && !w.listRest.on {
			err = w.ask(ctx, helpers)
		}
		if err != nil {
			return err
		}
		w.lookUp(ctx, helpers.Go)
	}
}

// rest keeps something from being done again at once.
type rest struct {
	over *time.Timer
	on   bool
}

func newRest() rest { return rest{over: time.NewTimer(time.Hour)} }

func (r *rest) begin(length time.Duration) {
	r.on = length > 0
	r.over.Reset(length)
}

// lost is why the connection has ended. That Asterisk said it would stop explains it
// only if it did so just then: such an event may be forged, and by itself ends nothing.
func (w *watch) lost() error {
	if !w.stops.IsZero() && w.clock.now().Sub(w.stops) < stopTime {
		return errShutdown
	}
	return w.conn.Err()
}

// stopTime is how long Asterisk may take to end a connection once it said that it stops.
const stopTime = 10 * time.Second

// mostAtOnce is how many events are taken in before anything else gets its turn: to
// look at all that a watch waits for costs more than to take in an event.
const mostAtOnce = 256

// take takes an event in and reports what it means.
func (w *watch) take(e ami.Message) error {
	w.seq = e.Seq
	w.gaps.hear(e)
	at := w.clock.of(e)
	switch e.Event() {
	case "Shutdown":
		w.stops = at
		return nil
	case "FullyBooted":
		w.askAgain = w.askAgain || w.started // what was listed while it booted may lack
		return nil
	}
	return w.step(at, func() { w.model.apply(e, at) })
}

// step changes the model and reports what that tells; before, what has become
// certain by then.
func (w *watch) step(at time.Time, change func()) error {
	w.dialer.mu.Lock()
	w.model.expire(at)
	change()
	due, later := w.model.due, w.model.later
	n := w.model.take()
	doubts := len(w.model.unproven) > 0 || w.model.unsure
	w.dialer.mu.Unlock()

	w.schedule(at, due, later)
	w.askAgain = w.askAgain || doubts && !w.asking
	return w.deliver(n)
}

// schedule has the watch look again when something is due: as much later as that is
// than what was just taken in, however late Asterisk told that and however its clock
// was set meanwhile, and no later than it takes to settle.
func (w *watch) schedule(at, due, later time.Time) {
	if !later.Equal(w.later) && !later.IsZero() {
		w.laterTimer.Reset(max(later.Sub(w.clock.now()), 0))
	}
	w.later = later
	if due.Equal(w.due) {
		return
	}
	if w.due = due; !due.IsZero() {
		w.dueTimer.Reset(min(max(due.Sub(at), 0), w.dialer.settle))
	}
}

// deliver reports; before the first snapshot nothing, since that has it all.
func (w *watch) deliver(n news) error {
	w.marker.put(n.marks)
	for _, s := range n.told {
		if !w.started {
			break
		}
		if err := w.report(s); err != nil {
			return err
		}
	}
	for _, ended := range n.over {
		close(ended)
	}
	return nil
}

// drain takes in what has arrived up to a place in the order of arrival, without
// waiting for more.
func (w *watch) drain(until uint64) error {
	for w.seq < until {
		select {
		case e, open := <-w.conn.Events():
			if !open {
				return w.lost()
			}
			if err := w.take(e); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// reportAlive passes on that Asterisk was heard.
func (w *watch) reportAlive() error {
	w.lookForForged()
	if err := w.lookForGaps(); err != nil {
		return err
	}
	heard := w.conn.LastHeard()
	if !w.started || !heard.After(w.alive) {
		return nil
	}
	w.alive = heard
	return w.report(coaching.Alive{At: w.clock.now()})
}

func (w *watch) lookForForged() {
	if w.conn.Discarded().Forged > 0 {
		w.gaps.forged()
	}
}

// refused tells whether Asterisk answered, and said no.
func refused(err error) bool {
	var answer *ami.ResponseError
	return errors.As(err, &answer)
}

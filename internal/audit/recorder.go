package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	// patience is how long a caller waits for an entry to be committed.
	patience = 5 * time.Second
	// committedAtOnce is how many entries one transaction appends at most.
	committedAtOnce = 256
	// lastWords is how long entries that are left may take when the service stops.
	lastWords = time.Second
)

// ErrNotKept tells that an entry was not known to be committed in time, so that what
// it stands for must not be done.
var ErrNotKept = errors.New("the audit could not be written")

// Recorder enters what callers do. Its methods are safe for concurrent use. While
// it does not run, Record waits in vain.
type Recorder struct {
	store Store
	log   *slog.Logger
	keys  keyring

	queue    chan *waiting
	refusals refusals
	logged   int64 // number of the last head that was logged; -1 before the first
}

// waiting is an event whose caller waits for it to be committed.
type waiting struct {
	event Event
	by    Caller
	done  chan error // has room for the one answer
}

// NewRecorder returns a recorder.
func NewRecorder(store Store, log *slog.Logger) *Recorder {
	return &Recorder{
		store: store, log: log, keys: newKeyring(store),
		queue: make(chan *waiting, committedAtOnce), refusals: newRefusals(), logged: -1,
	}
}

// Run commits entries until ctx ends; what is left then is entered if the database
// answers at once. It logs the head of the chain from time to time, and at the end:
// logs that are kept elsewhere anchor the chain there.
func (r *Recorder) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { r.commitLooks(ctx) })
	running.Go(func() { r.enterRefusals(ctx) })
	running.Go(func() { r.logHeads(ctx) })
	running.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	r.logHead(last)
}

// commitLooks commits what callers wait for, until ctx ends.
func (r *Recorder) commitLooks(ctx context.Context) {
	for {
		select {
		case first := <-r.queue:
			r.commit(ctx, r.gathered(first))
		case <-ctx.Done():
			r.commitLast(ctx)
			return
		}
	}
}

// Record returns when the event is committed. An error is ErrNotKept, or tells that
// the caller has gone.
func (r *Recorder) Record(ctx context.Context, by Caller, e Event) error {
	w := &waiting{event: e, by: by, done: make(chan error, 1)}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case r.queue <- w:
	case <-late.C:
		return fmt.Errorf("%w: too many wait", ErrNotKept)
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.done:
		return err
	case <-late.C:
		return fmt.Errorf("%w within %v", ErrNotKept, patience)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Page returns entries, newest first.
func (r *Recorder) Page(ctx context.Context, q Query) (Page, error) { return r.store.AuditPage(ctx, q) }

// Actor is a caller as entries name it, for what the store enters by itself.
func (r *Recorder) Actor(ctx context.Context, by Caller) (Actor, error) {
	if by.personal().text == "" {
		return by.actor(Key{}), nil
	}
	key, err := r.keys.now(ctx)
	if err != nil {
		return Actor{}, fmt.Errorf("%w: %w", ErrNotKept, err)
	}
	return by.actor(key), nil
}

// gathered is the first who waits and all who do so with it: they share a commit.
func (r *Recorder) gathered(first *waiting) []*waiting {
	all := []*waiting{first}
	for len(all) < committedAtOnce {
		select {
		case next := <-r.queue:
			all = append(all, next)
		default:
			return all
		}
	}
	return all
}

// commit enters what these wait for, and answers each.
func (r *Recorder) commit(ctx context.Context, all []*waiting) {
	ctx = context.WithoutCancel(ctx) // the store has limits of its own
	key, err := r.keys.now(ctx)
	var entries []Entry
	var kept []*waiting
	for _, w := range all {
		if err != nil {
			kept = append(kept, w)
			continue
		}
		e, bad := w.event.entry(w.by, key)
		if bad != nil {
			w.done <- bad
			continue
		}
		entries, kept = append(entries, e), append(kept, w)
	}
	if err == nil && len(entries) > 0 {
		err = r.store.AppendAudit(ctx, entries)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrNotKept, err)
	}
	for _, w := range kept {
		w.done <- err
	}
}

func (r *Recorder) commitLast(ctx context.Context) {
	select {
	case first := <-r.queue:
		r.commit(ctx, r.gathered(first))
	default:
	}
}

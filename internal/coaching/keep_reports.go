package coaching

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// keeper takes the reports of one watch from its queue and keeps them: all that
// wait become one transaction, so that a slow database makes larger batches, not
// a longer queue.
type keeper struct {
	floor      *Floor
	dialer     *watched
	tenure     *tenure
	scope      Scope // of all its changes
	queue      *reportQueue
	memory     *Memory
	reconciled bool // a snapshot was kept
}

// storeBackoff is how a change is tried again while the database is away.
func storeBackoff() backoff {
	return backoff{shortest: 50 * time.Millisecond, longest: 2 * time.Second}
}

const (
	batchLimit = 500
	// lastWords is how long a watch that ends may take to keep what it heard.
	lastWords = 3 * time.Second
)

// run keeps reports until the queue is closed and empty. After ctx has ended it
// goes on for lastWords at most.
func (k *keeper) run(ctx context.Context) error {
	defer k.queue.giveUp()
	work, stop := detach(ctx, lastWords)
	defer stop()
	tick := time.NewTicker(k.floor.timing.Heard)
	defer tick.Stop()
	for {
		batch, open := k.queue.take(batchLimit)
		if err := k.keep(work, batch); err != nil {
			k.open(batch)
			return err
		}
		k.open(batch)
		switch {
		case !open:
			return k.lose(work)
		case len(batch) > 0:
			select {
			case <-tick.C: // also where the queue never is empty
				k.keepHeard(work)
			default:
			}
			continue
		}
		select {
		case <-k.queue.filled:
		case <-tick.C:
			k.keepHeard(work)
		case <-work.Done():
			return errNotKept
		}
	}
}

// detach returns a context that outlives ctx by grace.
func detach(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		sleep(work, grace)
		cancel()
	})
	return work, func() { stop(); cancel() }
}

// open opens the barriers of a batch.
func (k *keeper) open(batch []queued) {
	for _, q := range batch {
		if q.barrier != nil {
			close(q.barrier)
		}
	}
}

// keep applies a batch in one transaction and, while the database is away, tries
// again; the queue holds what is reported meanwhile.
func (k *keeper) keep(ctx context.Context, batch []queued) error {
	pause := storeBackoff()
	for {
		err := k.apply(ctx, batch)
		k.floor.noteKept(k.dialer.Name, k.tenure, err)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrSuperseded):
			return err
		case ctx.Err() != nil:
			return errors.Join(errNotKept, err)
		case k.queue.overflowed():
			return errors.Join(errQueueFull, err) // the next watch reconciles
		case errors.Is(err, ErrUnavailable):
			sleep(ctx, pause.next())
			if half := len(batch) / 2; half > 0 { // it may have been too much at a time
				if err := k.keep(ctx, batch[:half]); err != nil {
					return err
				}
				return k.keep(ctx, batch[half:])
			}
		default:
			return k.keepEach(ctx, batch, err)
		}
	}
}

// keepEach isolates the report that cannot be kept, so that it does not take the
// others of its batch with it. That is an error of ours: it is logged, and the
// next snapshot reconciles.
func (k *keeper) keepEach(ctx context.Context, batch []queued, cause error) error {
	if len(batch) == 1 {
		k.floor.log.Error("a report cannot be kept and is left out", "dialer", k.dialer.Name,
			"report", fmt.Sprintf("%T", batch[0].sighting), "error", cause)
		return nil
	}
	for i := range batch {
		if err := k.keep(ctx, batch[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) apply(ctx context.Context, batch []queued) error {
	if !slices.ContainsFunc(batch, func(q queued) bool { return q.sighting != nil }) {
		return nil // nothing but barriers
	}
	var after *Memory
	err := k.floor.change(ctx, scopeOf(k.scope, batch, k.memory), func(b *Board) error {
		b.Recall(k.memory)
		for _, q := range batch {
			if q.sighting != nil {
				b.Observe(Position{Connection: k.scope.Connection, Seq: q.seq}, q.sighting)
			}
		}
		after = b.Remembered()
		return nil
	})
	if err != nil {
		return err
	}
	k.memory = after
	for _, q := range batch {
		if _, ok := q.sighting.(Snapshot); ok && !k.reconciled {
			k.reconciled = true
			k.floor.log.Info("dialer reconciled", "dialer", k.dialer.Name)
		}
	}
	return nil
}

// keepHeard keeps when the dialer was last heard. Before the first snapshot is
// kept the moment of the connection before must stay.
func (k *keeper) keepHeard(ctx context.Context) {
	heard := k.queue.lastHeard()
	if !k.reconciled || heard == nil {
		return
	}
	err := k.floor.store.Heard(ctx, k.scope, *heard)
	k.floor.noteWrite(writer{k.dialer.Name, "heard"}, err)
}

// lose notes the end of the connection, once everything before it is kept.
func (k *keeper) lose(ctx context.Context) error {
	pause := storeBackoff()
	for {
		err := k.floor.change(ctx, k.scope, func(b *Board) error {
			b.Lose()
			if heard := k.queue.lastHeard(); k.reconciled && heard != nil {
				b.Heard(*heard)
			}
			return nil
		})
		k.floor.noteKept(k.dialer.Name, k.tenure, err)
		if err == nil || !errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			return err
		}
		sleep(ctx, pause.next())
	}
}

// scopeOf adds the rows that a batch may touch. What is remembered of an agent's
// calls belongs to it: a session that begins hears them.
func scopeOf(scope Scope, batch []queued, memory *Memory) Scope {
	for _, q := range batch {
		switch s := q.sighting.(type) {
		case SnapshotBegun:
			scope.AllLive, scope.OpenCalls = true, true
		case Snapshot:
			scope.AllLive, scope.OpenCalls = true, true
			for _, a := range s.Legs {
				scope.attached(a, memory)
			}
			for agent := range memory.calls {
				scope.recalled(agent, memory)
			}
			for _, c := range s.Calls {
				scope.call(c)
			}
			for _, u := range s.Users {
				scope.Extensions = append(scope.Extensions, u.Person.Extension)
			}
		case Attached:
			scope.attached(s, memory)
		case Detached:
			scope.Legs = append(scope.Legs, s.Leg)
		case CallSeen:
			scope.call(s)
		case UserSeen:
			scope.Extensions = append(scope.Extensions, s.Person.Extension)
		}
	}
	return scope
}

func (s *Scope) attached(a Attached, memory *Memory) {
	s.Legs = append(s.Legs, a.Leg)
	s.Extensions = append(s.Extensions, a.Supervisor.Extension)
	if a.Target != nil {
		s.recalled(a.Target.Extension, memory)
	}
	s.name(KindCampaign, a.TargetCampaign)
}

func (s *Scope) recalled(agent string, memory *Memory) {
	s.Extensions = append(s.Extensions, agent)
	for _, c := range memory.calls[agent] {
		s.call(c.CallSeen)
	}
}

func (s *Scope) call(c CallSeen) {
	s.Extensions = append(s.Extensions, c.Agent.Extension)
	s.Calls = append(s.Calls, c.CallID)
	s.name(KindCampaign, c.Campaign)
	s.name(KindList, c.List)
	s.name(KindResultCode, c.ResultCode)
}

func (s *Scope) name(kind CatalogueKind, n Named) {
	if n.Key != "" {
		s.Catalogue = append(s.Catalogue, CatalogueReference{Kind: kind, Key: n.Key})
	}
}

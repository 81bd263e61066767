package audit

import (
	"context"
	"time"
)

// logHeadEvery is how often the head is logged, where it moved.
const logHeadEvery = time.Hour

// logHeads logs where the chain ends, at once and from time to time, until ctx ends.
func (r *Recorder) logHeads(ctx context.Context) {
	tick := time.NewTicker(logHeadEvery)
	defer tick.Stop()
	for {
		r.logHead(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// logHead logs where the chain ends, unless that was logged.
func (r *Recorder) logHead(ctx context.Context) {
	head, err := r.store.AuditHead(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.log.Warn("the head of the audit was not read", "error", err)
	case !r.whole(ctx, head):
		r.log.Error("the audit does not end where it should: its last entries are missing, or were changed; see coach-manager audit verify", "number", head.Number, "hash", head.Hash.String())
	case head.Number != r.logged:
		r.log.Info("audit head", "number", head.Number, "hash", head.Hash.String())
		r.logged = head.Number
	}
}

// whole tells whether the chain has the entry that it ends with. What cannot be read
// is told elsewhere.
func (r *Recorder) whole(ctx context.Context, head Head) bool {
	if head.Number == 0 {
		return true
	}
	last, err := r.store.AuditEntries(ctx, head.Number-1, 1)
	return err != nil || len(last) == 1 && last[0].Number == head.Number && last[0].Hash == head.Hash
}

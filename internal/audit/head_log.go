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
	for logged := int64(-1); ; {
		head, err := r.store.AuditHead(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			r.log.Warn("the head of the audit was not read; tried again in an hour", "error", err)
		case err == nil && head.Number != logged:
			r.log.Info("audit head", "number", head.Number, "hash", head.Hash.String())
			logged = head.Number
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

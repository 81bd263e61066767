package coaching

import (
	"context"
	"time"
)

// forsake sees to dialers that nobody watches any more, since they were taken out
// of every process's configuration: they are not connected, and nobody carries out
// what is asked of them. Another process that is about to take one is given time.
func (f *Floor) forsake(ctx context.Context) {
	tick := time.NewTicker(2 * f.timing.Lease)
	defer tick.Stop()
	before := f.forsaken()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := f.forsaken()
		for name, kind := range now {
			if _, stillSo := before[name]; stillSo {
				f.forsakeOne(ctx, name, kind)
			}
		}
		before = now
	}
}

// forsaken are the dialers that nobody holds and that have something to see to;
// the values are their kinds.
func (f *Floor) forsaken() map[string]string {
	dialers := f.view.unheld()
	for name := range dialers {
		if f.watches(name) {
			delete(dialers, name)
		}
	}
	return dialers
}

func (f *Floor) forsakeOne(ctx context.Context, name, kind string) {
	fence, err := f.store.TakeLease(ctx, name, f.self, f.timing.Lease)
	if err != nil {
		return // the next round tries again
	}
	if f.keepTrying(ctx, Scope{Dialer: name, Kind: kind, Fence: &fence, AllLive: true}, (*Board).Forsake) == nil {
		f.log.Info("this dialer is in no configuration any more", "dialer", name)
	}
	f.release(ctx, name, fence)
}

package coaching

import (
	"context"
	"maps"
	"slices"
	"time"
)

// forsake sees to dialers that nobody watches any more, since they were taken out
// of every process's configuration: they are not connected, and nobody carries out
// what is asked of them. Another process that is about to take one is given time.
// Their live sessions stay as they are until somebody says to forget the dialer: it may
// be watched again. So that somebody does, it is said that there are some.
func (f *Floor) forsake(ctx context.Context) {
	tick := time.NewTicker(2 * f.timing.Lease)
	defer tick.Stop()
	before, left, said := f.forsaken(), f.left(), map[string]bool{}
	f.sayLeft(left, left, said) // nobody held them when this process started
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
		leftNow := f.left()
		f.sayLeft(left, leftNow, said)
		left = leftNow
	}
}

// left counts the live sessions of each dialer that nobody watches, and this process
// is not to watch.
func (f *Floor) left() map[string]int {
	dialers := f.view.left()
	maps.DeleteFunc(dialers, func(name string, _ int) bool { return f.watches(name) })
	return dialers
}

// sayLeft says once of each dialer that it was left with live sessions, before and now.
func (f *Floor) sayLeft(before, now map[string]int, said map[string]bool) {
	maps.DeleteFunc(said, func(name string, _ bool) bool { return now[name] == 0 })
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if before[name] == 0 || said[name] {
			continue
		}
		said[name] = true
		f.log.Warn("no process watches this dialer, and it has live sessions, which stay and are stale; "+
			"if it was taken out or renamed, end them with coach-manager dialers forget "+name+", and the same --database",
			"dialer", name, "sessions", now[name])
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
	lease, err := f.store.TakeLease(ctx, name, f.self, f.timing.Lease)
	if err != nil {
		return // the next round tries again
	}
	if f.keepTrying(ctx, Scope{Dialer: name, Kind: kind, Fence: &lease.Fence, AllLive: true}, (*Board).Forsake) == nil {
		f.log.Info("this dialer is in no configuration any more", "dialer", name)
	}
	f.releaseLease(ctx, name, lease.Fence)
}

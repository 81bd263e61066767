package httpapi

import (
	"sync"
	"time"
)

// limiter lets each caller do something so often: burst times at once, and once
// more each time that every has gone by. It remembers those who have not rested
// yet, and of these no more than most: the rest share one place. Its methods are
// safe for concurrent use.
type limiter struct {
	every time.Duration
	burst int
	most  int

	mu     sync.Mutex
	rested map[string]time.Time // when all that a caller has taken is made up for
	swept  time.Time
}

func newLimiter(every time.Duration, burst, most int) *limiter {
	return &limiter{every: every, burst: burst, most: most, rested: map[string]time.Time{}}
}

// take takes one, or tells how long to wait for it.
func (l *limiter) take(caller string) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if _, known := l.rested[caller]; !known && len(l.rested) >= l.most && !l.sweep(now) {
		caller = "others"
	}
	rested := l.rested[caller]
	if rested.Before(now) {
		rested = now
	}
	rested = rested.Add(l.every)
	if wait = rested.Sub(now) - time.Duration(l.burst)*l.every; wait > 0 {
		return wait
	}
	l.rested[caller] = rested
	return 0
}

// sweep forgets who has rested, and tells whether there is room now. It walks
// through all, and so is not done for each of many callers.
func (l *limiter) sweep(now time.Time) bool {
	if now.Sub(l.swept) < time.Second {
		return false
	}
	l.swept = now
	for caller, rested := range l.rested {
		if !rested.After(now) {
			delete(l.rested, caller)
		}
	}
	return len(l.rested) < l.most
}

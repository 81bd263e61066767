package httpapi_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coachmanager/coachmanager/internal/httpapi"
)

func TestALimitIsABurstAndThenARate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := httpapi.NewLimiter(100*time.Millisecond, 5, 10)
		for range 5 {
			if wait := l.Take("a"); wait != 0 {
				t.Fatalf("waits %v within the burst", wait)
			}
		}
		for range 3 { // being refused costs nothing
			if wait := l.Take("a"); wait != 100*time.Millisecond {
				t.Errorf("waits %v", wait)
			}
		}
		if wait := l.Take("b"); wait != 0 {
			t.Errorf("somebody else waits %v", wait)
		}
		<-time.After(100 * time.Millisecond)
		if wait := l.Take("a"); wait != 0 {
			t.Errorf("waits %v after the time it was told", wait)
		}
		if wait := l.Take("a"); wait == 0 {
			t.Error("gets more than the rate")
		}
	})
}

// However many come, what is remembered of them is bounded.
func TestALimitRemembersSoManyOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := httpapi.NewLimiter(time.Second, 2, 10)
		refused := 0
		for i := range 1000 {
			if l.Take(strconv.Itoa(i)) > 0 {
				refused++
			}
		}
		if l.Callers() > 11 || refused < 900 {
			t.Errorf("remembers %d, refused %d of 1000", l.Callers(), refused)
		}
		<-time.After(10 * time.Second)
		if wait := l.Take("new"); wait != 0 || l.Callers() != 1 {
			t.Errorf("when all have rested, somebody new waits %v, and %d are remembered", wait, l.Callers())
		}
	})
}

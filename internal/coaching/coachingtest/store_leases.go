package coachingtest

import (
	"errors"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

var (
	first  = coaching.Holder{Token: "token of the first", Name: "first"}
	second = coaching.Holder{Token: "token of the second", Name: "second"}
)

// lease is the sample dialer's.
func (w *storeWorld) lease() coaching.Lease {
	w.t.Helper()
	leases, err := w.Leases(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, l := range leases {
		if l.Dialer == Dialer {
			return l
		}
	}
	return coaching.Lease{}
}

// take takes the sample dialer's lease, which has to be free.
func (w *storeWorld) take(by coaching.Holder, length time.Duration) coaching.Fence {
	w.t.Helper()
	fence, err := w.TakeLease(w.t.Context(), Dialer, by, length)
	if err != nil {
		w.t.Fatal(err)
	}
	return fence
}

func storeLeases(t *testing.T, w *storeWorld) {
	if got := w.lease(); got.Held || got.Holder != "" {
		t.Errorf("before anybody took it: got %+v", got)
	}
	one := w.take(first, time.Hour)
	if got := w.lease(); !got.Held || got.Holder != "first" || got.Fence != one || one.Token != first.Token {
		t.Errorf("taken under %+v: got %+v", one, got)
	}
	if _, err := w.TakeLease(t.Context(), Dialer, second, time.Hour); !errors.Is(err, coaching.ErrSuperseded) {
		t.Errorf("while another has it: got %v, want ErrSuperseded", err)
	}
	if err := w.ReleaseLease(t.Context(), Dialer, coaching.Fence{Number: one.Number, Token: second.Token}); err != nil || !w.lease().Held {
		t.Errorf("released by somebody else: %v, and it is %+v", err, w.lease())
	}
	again := w.take(first, time.Hour)
	if again.Number <= one.Number {
		t.Errorf("taken again: got %+v after %+v, want a higher number", again, one)
	}
	if err := w.RenewLease(t.Context(), Dialer, one, coaching.Renewal{For: time.Hour}); !errors.Is(err, coaching.ErrSuperseded) {
		t.Errorf("an earlier holding renewed: got %v, want ErrSuperseded", err)
	}
	if err := w.ReleaseLease(t.Context(), Dialer, again); err != nil {
		t.Fatal(err)
	}
	if got := w.lease(); got.Held || got.Holder != "" {
		t.Errorf("after the release: got %+v", got)
	}
	if next := w.take(second, time.Hour); next.Number <= again.Number {
		t.Errorf("the next holding: got %+v after %+v, want a higher number", next, again)
	}
}

// storeLeasesExpire takes and renews leases whose time is over.
func storeLeasesExpire(t *testing.T, w *storeWorld) {
	one := w.take(first, -time.Second)
	if got := w.lease(); got.Held || got.Holder != "first" || got.Until.IsZero() {
		t.Errorf("an expired lease: got %+v, want that it is not held, and who had it", got)
	}
	if err := w.RenewLease(t.Context(), Dialer, one, coaching.Renewal{For: time.Hour}); err != nil || !w.lease().Held {
		t.Errorf("renewed late, and nobody took it: %v, and it is %+v", err, w.lease())
	}
	if err := w.RenewLease(t.Context(), Dialer, one, coaching.Renewal{For: -time.Second}); err != nil {
		t.Fatal(err)
	}
	two := w.take(second, time.Hour)
	w.checkBehind(two)
	if err := w.RenewLease(t.Context(), Dialer, one, coaching.Renewal{For: time.Hour}); !errors.Is(err, coaching.ErrSuperseded) {
		t.Errorf("renewed after another took it: got %v, want ErrSuperseded", err)
	}
	if got := w.lease(); got.Fence != two || !got.Held {
		t.Errorf("got %+v, want that of the second", got)
	}
	if err := w.RenewLease(t.Context(), "none", one, coaching.Renewal{For: time.Hour}); !errors.Is(err, coaching.ErrSuperseded) {
		t.Errorf("of a dialer that nobody took: got %v, want ErrSuperseded", err)
	}
}

// checkBehind has a holder say that it falls behind, and that it no longer does.
func (w *storeWorld) checkBehind(fence coaching.Fence) {
	w.t.Helper()
	renew := func(behind time.Duration) *time.Time {
		if err := w.RenewLease(w.t.Context(), Dialer, fence, coaching.Renewal{For: time.Hour, Behind: behind}); err != nil {
			w.t.Error(err)
		}
		return w.lease().BehindSince
	}
	since := renew(10 * time.Hour)
	if since == nil || (time.Since(*since)-10*time.Hour).Abs() > time.Hour {
		w.t.Fatalf("behind since %v, want 10 hours ago", since)
	}
	if still := renew(20 * time.Hour); still == nil || !still.Equal(*since) {
		w.t.Errorf("behind since %v, want what was said first, %v", still, since)
	}
	if after := renew(0); after != nil {
		w.t.Errorf("behind since %v, want that it no longer is", after)
	}
}

// storeChangeUnderLease makes changes as holders do.
func storeChangeUnderLease(t *testing.T, w *storeWorld) {
	under := func(fence coaching.Fence) error {
		scope, count := CountUp(Dialer)
		scope.Fence = &fence
		_, err := w.Change(t.Context(), scope, count)
		return err
	}
	if err := under(coaching.Fence{}); !errors.Is(err, coaching.ErrSuperseded) {
		t.Errorf("without a lease: got %v, want ErrSuperseded", err)
	}
	one := w.take(first, time.Hour)
	if err := under(one); err != nil {
		t.Errorf("the holder: %v", err)
	}
	two := w.take(first, -time.Second)
	if err := under(two); err != nil {
		t.Errorf("a holder whose time is over, and nobody took it: %v", err)
	}
	three := w.take(second, time.Hour)
	was := w.live()
	for name, fence := range map[string]coaching.Fence{
		"an earlier holding": one, "the holding before": two, "its number, guessed": {Number: three.Number, Token: first.Token},
	} {
		if err := under(fence); !errors.Is(err, coaching.ErrSuperseded) {
			t.Errorf("%s: got %v, want ErrSuperseded", name, err)
		}
	}
	same(t, "live set after refused changes", w.live(), was)
	scope, count := CountUp(Dialer)
	if _, err := w.Change(t.Context(), scope, count); err != nil {
		t.Errorf("a change that anybody may make: %v", err)
	}
}

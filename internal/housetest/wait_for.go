package housetest

import (
	"testing"
	"time"
)

// patience is far beyond what anything here takes on a busy machine.
const patience = 60 * time.Second

// WaitFor looks every few milliseconds whether done, and fails the test when it
// still is not after a long while. It is for what cannot be waited for on a
// channel: another process, a file, a server's answer.
func WaitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

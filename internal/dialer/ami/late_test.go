package ami

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

// A writer that gets to an action after its asker's deadline sends nothing of it,
// though the asker has not noticed: the process may have been paused between.
func TestNothingIsSentAfterTheDeadline(t *testing.T) {
	t.Parallel()
	cfg, err := Config{Address: "-", Username: "-"}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	c := newConn(cfg, ours, ours)
	c.start()
	t.Cleanup(c.Close)
	t.Cleanup(func() { _ = theirs.Close() })

	k := &call{action: "Hangup", over: make(chan struct{})}
	c.outgoing <- outgoing{text: []byte("Action: Hangup\r\n\r\n"), by: time.Now(), of: k}
	<-k.over
	if !errors.Is(k.err, ErrTooLate) {
		t.Errorf("got %v, want %v", k.err, ErrTooLate)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	go func() { _, _ = c.Do(ctx, NewAction("Ping")) }()
	first := make([]byte, len("Action: Ping"))
	if _, err := theirs.Read(first); err != nil || string(first) != "Action: Ping" {
		t.Errorf("the first that was sent is %q (%v), want the action that was in time", first, err)
	}
}

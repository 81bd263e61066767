package ami_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is longer than anything here should take, on a busy machine too.
const patience = 20 * time.Second

// config is for the server's only user.
func config(s *amitest.Server) ami.Config {
	return ami.Config{Address: s.Addr(), Username: "coachsvc", Secret: "s3cret"}
}

// dial connects for the length of the test.
func dial(t *testing.T, cfg ami.Config) *ami.Conn {
	t.Helper()
	conn, err := ami.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// connect is dial for a test that cares for neither.
func connect(t *testing.T, opts amitest.Options) (*amitest.Server, *ami.Conn) {
	t.Helper()
	s := amitest.New(t, opts)
	return s, dial(t, config(s))
}

// await takes events until one has this name.
func await(t *testing.T, conn *ami.Conn, event string) ami.Message {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		select {
		case m, ok := <-conn.Events():
			if !ok {
				t.Fatalf("the connection ended before %s: %v", event, conn.Err())
			}
			if m.Event() == event {
				return m
			}
		case <-deadline.C:
			t.Fatalf("no %s", event)
		}
	}
}

// drain takes events until the connection ends, and returns them and why.
func drain(t *testing.T, conn *ami.Conn) ([]ami.Message, error) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	var events []ami.Message
	for {
		select {
		case m, ok := <-conn.Events():
			if !ok {
				return events, conn.Err()
			}
			events = append(events, m)
		case <-deadline.C:
			t.Fatal("the connection did not end")
		}
	}
}

// wantErr demands each of the targets in err's chain.
func wantErr(t *testing.T, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("got error %v, want %v in its chain", err, target)
		}
	}
}

// wantNotErr demands that none of the targets is in err's chain.
func wantNotErr(t *testing.T, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if errors.Is(err, target) {
			t.Errorf("got error %v, want no %v in its chain", err, target)
		}
	}
}

// soon is a context for what must not take long.
func soon(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func silent(*amitest.Client, ami.Message) {}

package ami_test

import (
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

func TestActionThatIsRefused(t *testing.T) {
	t.Parallel()
	s, conn := connect(t, amitest.Options{})
	many := ami.NewAction("Setvar")
	for range 121 {
		many = many.With("Variable", "x")
	}
	hangup := ami.NewAction("Hangup")
	for name, action := range map[string]ami.Action{
		"a line feed in a value":          hangup.With("Channel", "x\nAction: Originate"),
		"a carriage return in a value":    hangup.With("Channel", "x\rAction: Originate"),
		"a NUL in a value":                hangup.With("Channel", "x\x00"),
		"a line break in a key":           hangup.With("Channel: x\r\nCause", "16"),
		"a colon in a key":                hangup.With("Channel: x", "16"),
		"a key of nothing":                hangup.With("", "x"),
		"a line break in the name":        ami.NewAction("Ping\r\nAction: Hangup"),
		"another action":                  hangup.With("action", "Originate"),
		"another ActionID":                hangup.With("ACTIONID", "1"),
		"a pattern for a channel":         hangup.With("channel", "/PJSIP.*/"),
		"a line Asterisk does not take":   ami.NewAction("Setvar").With("Value", strings.Repeat("x", 994)),
		"a name Asterisk does not take":   ami.NewAction(strings.Repeat("x", 1000)),
		"more headers than it would read": many,
	} {
		_, err := conn.Do(t.Context(), action)
		wantErr(t, err, ami.ErrRefused)
		wantNotErr(t, err, ami.ErrNoAnswer)
		if _, err = conn.List(t.Context(), action); err == nil {
			t.Errorf("%s: List takes it", name)
		}
		if t.Failed() {
			t.Fatalf("case: %s", name)
		}
	}
	if _, err := conn.Do(t.Context(), ami.NewAction("Ping")); err != nil {
		t.Fatal(err)
	}
	if got := s.Untaken(); len(got) != 0 {
		t.Errorf("something was sent: %q", got)
	}
}

func TestActionIsSentAsItIs(t *testing.T) {
	t.Parallel()
	s, conn := connect(t, amitest.Options{Handlers: map[string]amitest.Handler{
		"Setvar": func(c *amitest.Client, m ami.Message) { c.Success(m) },
	}})
	longest := strings.Repeat("x", 1000-len("Value: "))
	base := ami.NewAction("Setvar").With("Variable", "a=b:c").With("Variable", "Zoë\xff")
	one, two := base.With("Value", longest), base.With("Value", "")
	for _, action := range []ami.Action{one, two} {
		if _, err := conn.Do(t.Context(), action); err != nil {
			t.Fatal(err)
		}
	}
	first, second := s.Received("Setvar"), s.Received("Setvar")
	if first.Get("Value") != longest || second.Get("Value") != "" || len(second.Headers) != 5 {
		t.Errorf("got %v and %v", first, second)
	}
	if first.Headers[3].Value != "Zoë\xff" || first.ActionID() == second.ActionID() {
		t.Errorf("got %v and %v", first, second)
	}
}

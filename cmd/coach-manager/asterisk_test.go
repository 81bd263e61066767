package main

import (
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// What this test looks at of a session, beside what the others do.
type (
	heardSession struct {
		session
		Type       string     `json:"type"`
		Dialer     string     `json:"dialer"`
		User       userName   `json:"user"`
		TargetUser *userName  `json:"target_user"`
		Campaign   *idName    `json:"target_campaign"`
		Calls      []callHere `json:"current_calls"`
	}
	userName struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	idName struct {
		Name string `json:"name"`
	}
	callHere struct {
		CallID      string  `json:"call_id"`
		PhoneNumber string  `json:"phone_number"`
		Direction   string  `json:"direction"`
		State       string  `json:"state"`
		Campaign    *idName `json:"campaign"`
		List        *idName `json:"list"`
	}
	listener struct {
		ID       string         `json:"id"`
		Name     string         `json:"name"`
		Sessions []heardSession `json:"sessions"`
	}
)

// realCentre is a real Asterisk on which a customer and an agent talk.
type realCentre struct {
	t     *testing.T
	pbx   *asterisktest.Instance
	hands *ami.Conn
}

func newRealCentre(t *testing.T) *realCentre {
	t.Helper()
	return realCentreOf(t, asterisktest.ContactCentre())
}

func realCentreOf(t *testing.T, conf map[string]string) *realCentre {
	t.Helper()
	return realCentreOn(t, asterisktest.Start(t, conf))
}

func realCentreOn(t *testing.T, pbx *asterisktest.Instance) *realCentre {
	t.Helper()
	c := &realCentre{t: t, pbx: pbx}
	c.connect()
	t.Cleanup(func() { c.hands.Close() })
	c.originate("5551234@customer", "inbound")
	return c
}

// connect takes the hands of the people there; once more after a restart.
func (c *realCentre) connect() {
	c.t.Helper()
	hands, err := ami.Dial(c.t.Context(), ami.Config{Address: c.pbx.AMI, Username: asterisktest.TestUser, Secret: asterisktest.TestSecret})
	if err != nil {
		c.t.Fatal(err)
	}
	c.hands = hands
	go func() {
		for range hands.Events() { // they are the product's to read
		}
	}()
}

func (c *realCentre) originate(phone, context string) {
	c.t.Helper()
	call := ami.NewAction("Originate").With("Channel", "Local/"+phone+"/n").With("Context", context).
		With("Exten", "a1").With("Priority", "1").With("Async", "true")
	if _, err := c.hands.Do(c.t.Context(), call); err != nil {
		c.t.Fatal(err)
	}
}

func (c *realCentre) channels() string {
	c.t.Helper()
	return c.pbx.CLI("core show channels concise")
}

// onlyTheSupervisorWent waits for the supervisor's channel to go, and wants the
// customer and the agent to talk on.
func (c *realCentre) onlyTheSupervisorWent() {
	c.t.Helper()
	waitFor(c.t, "the supervisor's channel to go", func() bool { return !strings.Contains(c.channels(), "Local/s1@phone") })
	if got := c.channels(); strings.Count(got, "Local/5551234@customer") != 2 || strings.Count(got, "Local/a1@phone") < 2 {
		c.t.Errorf("the customer's call was harmed:\n%s", got)
	}
}

// listener waits for the one user who listens, with a call.
func (p *program) listener(t *testing.T) (found listener) {
	t.Helper()
	waitFor(t, "a session with a call", func() bool {
		users := get[page[listener]](p, "/coaching-users").Items
		if len(users) != 1 || len(users[0].Sessions) != 1 || len(users[0].Sessions[0].Calls) != 1 {
			return false
		}
		found = users[0]
		return true
	})
	return found
}

func wantHeard(t *testing.T, u listener, s heardSession, kind string) {
	t.Helper()
	call := s.Calls[0]
	got := map[string]string{
		"user": u.Name, "type": s.Type, "state": s.State, "dialer": s.Dialer, "number": call.PhoneNumber,
		"direction": call.Direction, "call state": call.State,
	}
	if s.TargetUser != nil {
		got["target"] = s.TargetUser.Name
	}
	for what, named := range map[string]*idName{"target campaign": s.Campaign, "campaign": call.Campaign, "list": call.List} {
		if named != nil {
			got[what] = named.Name
		}
	}
	for what, want := range map[string]string{
		"user": "Local/s1@phone", "target": "Local/a1@phone", "type": kind, "state": "active", "dialer": "pbx",
		"number": "5551234", "direction": "inbound", "call state": "talking",
		"target campaign": "Spring Sale", "campaign": "Spring Sale", "list": "L-42",
	} {
		if got[what] != want {
			t.Errorf("%s: got %q, want %q", what, got[what], want)
		}
	}
	if call.CallID == "" {
		t.Error("the call has no id")
	}
}

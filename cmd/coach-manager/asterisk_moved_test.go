package main

import (
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// A supervisor goes on to another agent, and before that is told somebody wants him
// gone from the first: the request has come too late, he is left alone with the second,
// and the answer is that the session is over.
func TestRealAsteriskDisconnectOfWhoHasMovedOn(t *testing.T) {
	t.Parallel()
	p, way := newPlayBy(t)
	p.call("5555678", "a2")
	first := p.listens("s1", "monitor", "a1")
	was := inTheCall("monitor")
	before := p.shows(first, was)

	told := p.events()
	way.Hang()
	p.do("Redirect", "Channel", p.near("s1@phone"), "Context", "coach", "Exten", "a2", "Priority", "1")
	for e := range told {
		if e.Event() == "ChanSpyStart" && strings.HasPrefix(e.Get("SpyeeChannel"), "Local/a2@phone-") {
			break // the program is yet to hear of it
		}
	}
	answer := make(chan string, 1)
	go func() { answer <- p.disconnect(first, before.ETag, "?reason=enough") }()
	waitFor(t, "the request to be kept", func() bool { return get[wholeSession](p.program, "/coaching-sessions/"+first).State == "disconnecting" })
	way.Work() // before the Asterisk has been waited for too long
	if got, want := <-answer, "200 ended"; got != want {
		t.Errorf("DELETE: got %s, want %s", got, want)
	}
	ended := was.ended("moved_on")
	ended.User, ended.Asked = "Local/s1@phone, coaching", []string{"moved"}
	p.shows(first, ended)

	second := p.sessionOf("Local/s1@phone")
	is := inTheNextCall("coach")
	p.shows(second, is)
	p.talkOn("5551234", "a1")
	p.talkOn("5555678", "a2")
	p.wantAnswer("200 ended", second, "", "")
	p.onlyTheSupervisorWent()
	p.shows(second, is.ended("disconnected").by("local", "confirmed"))
}

// events are what the Asterisk tells from now on.
func (p *play) events() <-chan ami.Message {
	p.t.Helper()
	conn, err := ami.Dial(p.t.Context(), ami.Config{Address: p.pbx.AMI, Username: asterisktest.TestUser, Secret: asterisktest.TestSecret})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(conn.Close)
	return conn.Events()
}

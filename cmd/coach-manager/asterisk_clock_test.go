package main

import (
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
	"github.com/coachmanager/coachmanager/internal/housetest/proxytest"
)

// An Asterisk's clock that is set while it is watched ends no session and makes none
// of negative length, and what happens from then on is shown as ever: also once the
// connection is a new one, which goes by the clock as it is set.
func TestRealAsteriskWhoseClockIsSet(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{
		"an hour forward": time.Hour, "an hour back": -time.Hour, "half a minute back": -30 * time.Second, "five minutes forward": 5 * time.Minute, "five minutes back": -5 * time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pbx := asterisktest.StartClocked(t, asterisktest.ContactCentre())
			p := &play{t: t, realCentre: realCentreOn(t, pbx.Instance)}
			p.talk("5551234", "a1")
			way := p.serveBy()
			p.set = ahead
			id := p.listens("s1", "coach", "a1")
			want := inTheCall("coach")
			p.shows(id, want)

			pbx.SetClock(ahead)
			p.do("Redirect", "Channel", p.near("s1@phone"), "Context", "barge", "Exten", "a1", "Priority", "1")
			want = want.switched("barge")
			p.shows(id, want)
			p.anotherComesAndIsEnded()
			p.shows(id, want)
			if strings.Contains(p.logs(), "dialer not watched") {
				t.Error("the watch ended when the clock was set")
			}

			way.Refuse()
			way.Cut()
			p.isConnected(false)
			way.Work()
			p.isConnected(true)
			p.anotherComesAndIsEnded()
			p.shows(id, want)
			pbx.SetClock(0) // once more, the other way
			p.anotherComesAndIsEnded()
			p.hangsUp(p.far("5551234@customer"))
			p.shows(id, want.ended("call_ended").afterTheCall())
			p.call("5555678", "a2")
			p.dials("s1@phone", "monitor", "a2")
			next := p.sessionOf("Local/s1@phone")
			p.shows(next, inTheNextCall("monitor"))
			p.wantAnswer("200 ended", next, "", "")
			p.talkOn("5555678", "a2")
		})
	}
}

// anotherComesAndIsEnded has a second supervisor listen for a moment.
func (p *play) anotherComesAndIsEnded() {
	p.t.Helper()
	id := p.listens("s2", "monitor", "a1")
	want := inTheCall("monitor")
	want.User = "Local/s2@phone, monitoring"
	p.shows(id, want)
	p.wantAnswer("200 ended", id, "", "")
	over := want.ended("disconnected").by("local", "confirmed")
	over.User = "Local/s2@phone, available"
	s := p.shows(id, over)
	if length := s.EndedAt.Sub(s.StartedAt); length > time.Minute {
		p.t.Errorf("a session of a moment is %v long", length)
	}
	waitFor(p.t, "the other supervisor to be gone", func() bool { return p.near("s2@phone") == "" })
	p.talkOn("5551234", "a1")
}

// serveBy serves by a way to the Asterisk that can be cut.
func (p *play) serveBy() *proxytest.Proxy {
	p.t.Helper()
	way := proxytest.New(p.t, "tcp://"+p.pbx.AMI)
	p.serve(asterisktest.CoachUser+"@"+strings.TrimPrefix(way.URL, "tcp://"), asterisktest.CoachSecret)
	p.isConnected(true)
	return way
}

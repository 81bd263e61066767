package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
	"github.com/coachmanager/coachmanager/internal/housetest/proxytest"
)

// newPlayBy has the program watch an Asterisk by a way that fails on demand.
func newPlayBy(t *testing.T) (p *play, way *proxytest.Proxy) {
	t.Helper()
	p = rehearse(t, asterisktest.ContactCentre())
	way = proxytest.New(t, "tcp://"+p.pbx.AMI)
	p.serve(asterisktest.CoachUser+"@"+strings.TrimPrefix(way.URL, "tcp://"), asterisktest.CoachSecret)
	p.isConnected(true)
	return p, way
}

// An Asterisk that is not heard any more, though nothing is cut, is noticed: it is not
// connected, its sessions are stale, and a DELETE does nothing. Once it is heard again a
// session is what it has become meanwhile.
func TestRealAsteriskConnectionHangs(t *testing.T) {
	t.Parallel()
	p, way := newPlayBy(t)
	id := p.listens("s1", "monitor", "a1")
	want := inTheCall("monitor")
	p.shows(id, want)
	way.Hang()
	p.do("Redirect", "Channel", p.near("s1@phone"), "Context", "coach", "Exten", "a1", "Priority", "1")
	p.wantAnswer("503 dialer_unreachable", id, "", "")
	want.Asked = []string{"unreachable"}
	p.isConnected(false)
	want.Stale = true
	p.shows(id, want)
	p.readyIs(http.StatusServiceUnavailable)
	p.wantAnswer("503 dialer_unreachable", id, "", "")
	want.Asked = append(want.Asked, "unreachable")
	p.shows(id, want)

	way.Work()
	p.isConnected(true)
	want.Stale = false
	want = want.switched("coach")
	p.shows(id, want)
	p.talkOn("5551234", "a1")
	p.wantAnswer("200 ended", id, "", "")
	p.onlyTheSupervisorWent()
	p.shows(id, want.ended("disconnected").by("local", append(want.Asked, "confirmed")...))
}

// A connection that was forgotten on its way, as a firewall does, is noticed as well,
// and another one made.
func TestRealAsteriskConnectionForgotten(t *testing.T) {
	t.Parallel()
	p, way := newPlayBy(t)
	id := p.listens("s1", "monitor", "a1")
	want := inTheCall("monitor")
	p.shows(id, want)
	way.Freeze()
	p.do("Redirect", "Channel", p.near("s1@phone"), "Context", "coach", "Exten", "a1", "Priority", "1")
	waitFor(t, "the silence to be noticed", func() bool { return strings.Contains(p.logs(), "the manager is silent") })
	want = want.switched("coach")
	p.shows(id, want)
	p.isConnected(true)
	p.wantAnswer("200 ended", id, "", "")
	p.onlyTheSupervisorWent()
	p.shows(id, want.ended("disconnected").by("local", "confirmed"))
}

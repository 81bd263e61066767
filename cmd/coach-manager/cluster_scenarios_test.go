package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

const (
	// shortLease is over soon when its holder is gone, and renewed in time by one
	// that a busy machine holds up.
	shortLease = 4 * time.Second
	// longLease is lost by nobody because the machine is busy.
	longLease = time.Minute
)

// pair is two members, of which the first watches a quiet centre with one session.
type pair struct {
	*cluster
	sim      *simulator.Simulator
	dialer   *coachingtest.DialerServer
	one, two *program
	leg      string
	session  shownSession
}

func newPair(t *testing.T, lease time.Duration) *pair {
	t.Helper()
	sim := simulator.New(simulator.Config{Seed: 1, Quiet: true, Supervisors: 3, Agents: 3})
	dialer := coachingtest.ServeDialer(t, sim)
	p := &pair{
		cluster: newCluster(t, postgrestest.Database(t), asMember+"="+dialer.Address, lease, "sim=simulator://", "one", "two"),
		sim:     sim, dialer: dialer,
	}
	p.takeNotes()
	programs := p.serve()
	p.one, p.two = programs[0], programs[1]
	p.leg = p.attach("9001", "2001")
	p.session = p.shows(p.one, "active")
	if got := p.shows(p.two, "active"); got.ID != p.session.ID {
		t.Fatalf("one shows %s and two %s", p.session.ID, got.ID)
	}
	return p
}

func (p *pair) attach(supervisor, agent string) (leg string) {
	p.t.Helper()
	leg, err := p.sim.Attach(supervisor, agent, coaching.TypeMonitor)
	if err != nil {
		p.t.Fatal(err)
	}
	return leg
}

func (p *pair) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// shows waits until a process shows one live session, in a state and not stale.
func (p *pair) shows(by *program, state string) (found shownSession) {
	p.t.Helper()
	waitFor(p.t, "one session, "+state+" and not stale", func() bool {
		live := liveList(by)
		if len(live) == 1 {
			found = live[0]
		}
		return len(live) == 1 && found.State == state && !found.Stale
	})
	return found
}

// watchedBy waits until a process shows that one watches, and is connected.
func (p *pair) watchedBy(by *program, name string) {
	p.t.Helper()
	waitFor(p.t, name+" to watch", func() bool { return watches(by, name) })
}

// goesOn wants the session to be what it was, and its end to be seen.
func (p *pair) goesOn(by ...*program) {
	p.t.Helper()
	for _, program := range by {
		if got := p.shows(program, "active"); got.ID != p.session.ID {
			p.t.Errorf("the session is %s now, it was %s", got.ID, p.session.ID)
		}
	}
	p.do(p.sim.Leave(p.leg))
	for _, program := range by {
		waitFor(p.t, "the end to be shown", func() bool { return len(liveList(program)) == 0 })
		got := shown(program, p.session.ID)
		if got.EndReason != "supervisor_left" || got.EndedAtExact == nil || !*got.EndedAtExact {
			p.t.Errorf("the session ended as %+v", got)
		}
	}
}

// disconnect asks one process to end the session.
func (p *pair) disconnect(through *program, reason string) (status int, body string) {
	p.t.Helper()
	status, raw := through.ask(http.MethodDelete, "/api/v1/coaching-sessions/"+p.session.ID+"?reason="+reason)
	return status, string(raw)
}

// outcomes are those of the session's requests, by reason.
func (p *pair) outcomes(by *program) map[string]string {
	p.t.Helper()
	all := map[string]string{}
	for _, r := range shown(by, p.session.ID).Requests {
		all[r.Reason] = r.Outcome
	}
	return all
}

func TestACleanStopHandsOverAtOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t, longLease)
	end := valueOf[time.Time](p.cluster, "SELECT expires_at FROM leases WHERE dialer = 'sim'")
	if err := p.members[0].stop(); err != nil {
		t.Errorf("one ended with %v", err)
	}
	p.watchedBy(p.two, "two")
	if now := valueOf[time.Time](p.cluster, "SELECT clock_timestamp()"); !now.Before(end) {
		t.Errorf("two watches from %v on, when the lease of one would have expired at %v", now, end)
	}
	p.goesOn(p.two)
}

func TestAKilledWatcherIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	p := newPair(t, shortLease)
	p.members[0].kill()
	p.watchedBy(p.two, "two")
	one := p.members[0].serve()
	p.watchedBy(one, "two")
	p.goesOn(one, p.two)
	p.wantCleanNotes()
}

func TestARequestLeftBehindIsCarriedOutByTheNext(t *testing.T) {
	t.Parallel()
	p := newPair(t, shortLease)
	p.sim.NextHangUps(simulator.Answer{Never: true, LegLives: true})
	answered := make(chan int, 1)
	go func() { status, _ := p.disconnect(p.two, "left-behind"); answered <- status }()
	waitFor(t, "one to have asked", func() bool { return len(p.dialer.Asks()) > 0 })
	p.members[0].kill()
	waitFor(t, "the session to end", func() bool {
		return shown(p.two, p.session.ID).EndReason == "disconnected"
	})
	if status := <-answered; status != http.StatusOK && status != http.StatusGatewayTimeout {
		t.Errorf("the asker got %d", status)
	}
	if got := p.outcomes(p.two); len(got) != 1 || got["left-behind"] != "confirmed" {
		t.Errorf("the requests came to %v", got)
	}
	if asks := p.dialer.Asks(); asks[0].Client != "one" || asks[len(asks)-1].Client != "two" {
		t.Errorf("asked: %+v", asks)
	}
	p.wantCleanNotes()
}

// While it is paused, and before the other one watches, things happen of which it
// finds the reports when it wakes up. The request that it had under way was
// carried out.
func TestAPausedWatcherThatWakesUpDoesNothing(t *testing.T) {
	t.Parallel()
	p := newPair(t, shortLease)
	other := p.attach("9002", "2002")
	waitFor(t, "the other session", func() bool { return len(liveList(p.one)) == 2 })
	p.sim.NextHangUps(simulator.Answer{LegLives: true})
	answered := make(chan int, 1)
	go func() { status, _ := p.disconnect(p.two, "lives-on"); answered <- status }()
	waitFor(t, "one to be about to ask again", func() bool {
		return valueOf[int64](p.cluster, "SELECT count(*) FROM disconnect_requests WHERE accepted_at IS NOT NULL") == 1
	})
	p.members[0].pause()
	p.do(p.sim.Leave(other))
	p.attach("9003", "2003")
	p.watchedBy(p.two, "two")
	waitFor(t, "all that is left to be shown", func() bool {
		live := liveList(p.two)
		return len(live) == 1 && !live[0].Stale && p.outcomes(p.two)["lives-on"] == "confirmed"
	})
	if status := <-answered; status != http.StatusOK && status != http.StatusAccepted && status != http.StatusGatewayTimeout {
		t.Errorf("the asker got %d", status)
	}
	head := p.head()

	p.members[0].wake()
	p.watchedBy(p.one, "two")
	waitFor(t, "both to show the same", func() bool {
		one, two := get[shownRevision](p.one, "/coaching-users"), get[shownRevision](p.two, "/coaching-users")
		return one.Revision == two.Revision && slices.EqualFunc(liveList(p.one), liveList(p.two), func(a, b shownSession) bool { return a.ID == b.ID })
	})
	if after := p.head(); after != head {
		t.Errorf("the change log went on from %d to %d, though nothing happened", head, after)
	}
	p.wantCleanNotes()
	p.wantNoLateAsk(p.dialer)
}

// head is the newest revision.
func (c *cluster) head() int64 {
	c.t.Helper()
	return valueOf[int64](c, "SELECT revision FROM counter")
}

// wantNoLateAsk wants that nobody asked the dialer for anything once another watched
// it.
func (c *cluster) wantNoLateAsk(dialer *coachingtest.DialerServer) {
	c.t.Helper()
	watches := dialer.Watches()
	for _, a := range dialer.Asks() {
		for _, w := range watches[a.Watch+1:] {
			if w.Client != a.Client && w.BegunAt.Before(a.WrittenAt) {
				c.t.Errorf("%s asked for the end of %s at %v, when %s had watched since %v", a.Client, a.Leg, a.WrittenAt, w.Client, w.BegunAt)
			}
		}
	}
}

func TestDisconnectThroughTheProcessThatDoesNotWatch(t *testing.T) {
	t.Parallel()
	p := newPair(t, longLease)
	status, body := p.disconnect(p.two, "through-two")
	if status != http.StatusOK || !strings.Contains(body, `"state":"ended"`) || !strings.Contains(body, `"outcome":"confirmed"`) {
		t.Errorf("got %d %s", status, body)
	}
	for _, by := range []*program{p.one, p.two} {
		waitFor(t, "the end to be shown", func() bool { return len(liveList(by)) == 0 })
		if got := shown(by, p.session.ID); got.EndReason != "disconnected" {
			t.Errorf("got %+v", got)
		}
		if got := p.outcomes(by); len(got) != 1 || got["through-two"] != "confirmed" {
			t.Errorf("the requests came to %v", got)
		}
	}
	if asks := p.dialer.Asks(); asks[0].Client != "one" {
		t.Errorf("asked: %+v", asks)
	}
	p.wantAskedOnce()
}

// The dialer agrees, and the leg lives until both requests are there.
func TestTwoDisconnectsThroughTwoProcesses(t *testing.T) {
	t.Parallel()
	p := newPair(t, longLease)
	p.sim.NextHangUps(simulator.Answer{LegAfter: time.Hour})
	answers := make(chan int, 2)
	for reason, through := range map[string]*program{"through-one": p.one, "through-two": p.two} {
		go func() { status, _ := p.disconnect(through, reason); answers <- status }()
	}
	waitFor(t, "both requests to be kept, and the ask", func() bool { return len(p.outcomes(p.one)) == 2 && len(p.dialer.Asks()) > 0 })
	p.do(p.sim.End(p.leg, coaching.EndDisconnected))
	for range 2 {
		// 202: on a busy machine both had waited for long enough.
		if status := <-answers; status != http.StatusOK && status != http.StatusAccepted {
			t.Errorf("an asker got %d", status)
		}
	}
	for _, by := range []*program{p.one, p.two} {
		waitFor(t, "the end to be shown", func() bool { return len(liveList(by)) == 0 })
		if got := p.outcomes(by); len(got) != 2 || got["through-one"] != "confirmed" || got["through-two"] != "confirmed" {
			t.Errorf("the requests came to %v", got)
		}
	}
	p.wantAskedOnce()
}

// againAfter is less than any process waits before it asks again for one request.
const againAfter = 400 * time.Millisecond

// wantAskedOnce wants one process to have asked for the session's end. Where the
// leg has not gone soon, as on a busy machine, it asks again.
func (p *pair) wantAskedOnce() {
	p.t.Helper()
	asks := p.dialer.Asks()
	for i := range asks[1:] {
		if asks[i+1].Client != asks[i].Client || asks[i+1].WrittenAt.Sub(asks[i].WrittenAt) < againAfter {
			p.t.Errorf("asked twice: %+v", asks)
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// delaysOf says of how many sessions delays are measured, and how many calls a second
// churn meanwhile, as in 30@50.
const delaysOf = "COACH_DELAYS"

// TestHowSoonASessionShows has supervisors listen on a real Asterisk while nothing
// else happens there, while calls churn, and while they churn and the filter of the
// README keeps from us what we would make nothing of. It prints how long each session
// took from ChanSpyStart on the wire to the live list of the API, and how late Asterisk
// itself put on the wire what happened; that all of them come is what it wants.
//
// It is over soon unless COACH_DELAYS=30@50 has it measure.
func TestHowSoonASessionShows(t *testing.T) {
	// Not parallel: it measures.
	sessions, rate := 3, 20
	if text := os.Getenv(delaysOf); text != "" {
		if _, err := fmt.Sscanf(text, "%d@%d", &sessions, &rate); err != nil {
			t.Fatalf("%s: %v", delaysOf, err)
		}
	}
	c := newChurn(t)
	for _, one := range []struct {
		name, user string
		rate       int
	}{{"quiet", "plain", 0}, {"flood", "plain", rate}, {"flood, filtered", "filtered", rate}} {
		t.Logf("%s: %s", one.name, c.measure(one.user, one.rate, sessions))
	}
}

// measured is how long sessions took to show, at how many calls a second, and how late
// Asterisk told of what happened at most.
type measured struct {
	delays  []time.Duration
	reached float64
	late    time.Duration
}

func (m measured) String() string {
	slices.Sort(m.delays)
	shown := func(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
	n := len(m.delays)
	return fmt.Sprintf("median %v, p90 %v, most %v of %d sessions, at %.0f calls/s; Asterisk told up to %v late",
		shown(m.delays[n/2]), shown(m.delays[n*9/10]), shown(m.delays[n-1]), n, m.reached, shown(m.late))
}

// measure has the program watch as a user of Asterisk.
func (c *churn) measure(user string, rate, sessions int) (m measured) {
	c.t.Helper()
	folder := c.t.TempDir()
	secret := filepath.Join(folder, "secret")
	if err := os.WriteFile(secret, []byte(user+"-secret"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	p, process := startChild(c.t, folder, "serve", "--database", "sqlite:"+filepath.Join(folder, "coach.db"),
		"--dialer", "pbx=asterisk://"+user+"@"+c.pbx.AMI+"?secret-file="+secret)
	defer func() { _ = process.Stop("TERM", patience) }()
	waitFor(c.t, "the Asterisk to be watched", func() bool {
		return slices.Contains(get[page[dialerState]](p, "/dialers").Items, dialerState{Name: "pbx", Kind: "asterisk", Connected: true})
	})
	ctx, cancel := context.WithCancel(c.t.Context())
	var churning sync.WaitGroup
	defer func() { cancel(); churning.Wait(); c.settle() }()
	churning.Go(func() { c.probe(ctx) })
	if rate > 0 {
		full := c.wire.begun() + 2*3*rate
		churning.Go(func() { c.flood(ctx, rate) })
		waitFor(c.t, "as many calls to end as begin", func() bool { return c.wire.begun() > full })
	}
	began, before := time.Now(), c.wire.begun()
	c.wire.takeLatest()
	for range sessions {
		leg := c.listen()
		m.delays = append(m.delays, p.untilLive(1).Sub(leg.at))
		if _, err := c.hands.Do(ctx, ami.NewAction("Hangup").With("Channel", leg.id)); err != nil {
			c.t.Fatal(err)
		}
		p.untilLive(0)
	}
	m.reached = float64(c.wire.begun()-before) / 2 / time.Since(began).Seconds()
	m.late = c.wire.takeLatest()
	return m
}

// spying is a ChanSpyStart that was seen on the wire.
type spying struct {
	id string
	at time.Time
}

// listen has a supervisor listen. What Asterisk says of him is waited for, however late
// it does; he tries again only where it says that he was not reached, or is gone.
func (c *churn) listen() spying {
	c.t.Helper()
	for range 5 {
		c.originate("s1@phone", "monitor", "a1")
		if leg, ok := c.heard(); ok {
			return leg
		}
	}
	c.t.Fatal("no supervisor could listen")
	return spying{}
}

// heard waits until the supervisor who was called last listens, and tells whether he
// does.
func (c *churn) heard() (leg spying, ok bool) {
	c.t.Helper()
	begun, gone, limit := map[string]time.Time{}, map[string]bool{}, time.After(patience)
	for {
		select {
		case e := <-c.wire.supervisor:
			switch e.Event() {
			case "ChanSpyStart":
				begun[e.Get("SpyerUniqueid")] = e.at
			case "Hangup":
				gone[e.Get("Uniqueid")] = true
			case "OriginateResponse":
				if leg.id = e.Get("Uniqueid"); e.Get("Response") != "Success" {
					c.t.Logf("the supervisor was not reached: reason %s", e.Get("Reason"))
					return leg, false
				}
			}
		case <-limit:
			c.t.Fatalf("waited %v for a supervisor to listen; Asterisk tells %v late", patience, c.wire.late())
		}
		if leg.at, ok = begun[leg.id]; ok {
			return leg, true
		}
		if gone[leg.id] {
			c.t.Log("the supervisor was gone before he listened")
			return leg, false
		}
	}
}

// lookEvery is how often the live list is looked at: a delay is told as the end of the
// look that showed the session.
const lookEvery = 2 * time.Millisecond

// untilLive waits until the live list has a number of users, and says when it had.
func (p *program) untilLive(users int) time.Time {
	p.t.Helper()
	keeping := &http.Client{Timeout: patience}
	defer keeping.CloseIdleConnections()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-look.C {
		request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/api/v1/coaching-users", http.NoBody)
		if err != nil {
			p.t.Fatal(err)
		}
		answer, err := keeping.Do(request)
		if err != nil {
			p.t.Fatal(err)
		}
		var live page[listener]
		err = json.NewDecoder(answer.Body).Decode(&live)
		_ = answer.Body.Close()
		if err == nil && len(live.Items) == users {
			return time.Now()
		}
	}
	p.t.Fatalf("the live list never had %d users", users)
	return time.Time{}
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// delaysOf says of how many sessions delays are measured, and how many calls a second
// churn meanwhile, as in 30@50.
const delaysOf = "COACH_DELAYS"

// TestHowSoonASessionShows has supervisors listen on a real Asterisk while nothing
// else happens there, while calls churn, and while they churn and the filter of the
// README keeps from us what we would make nothing of. It prints how long each session
// took from ChanSpyStart on the wire to the live list of the API; that all of them come
// is what it wants.
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
		delays, reached := c.measure(one.user, one.rate, sessions)
		slices.Sort(delays)
		t.Logf("%s: median %v, p90 %v, most %v of %d sessions, at %.0f calls/s", one.name,
			delays[len(delays)/2], delays[len(delays)*9/10], delays[len(delays)-1], len(delays), reached)
	}
}

// churn is a real Asterisk with a call that is listened to and many that are not.
type churn struct {
	t      *testing.T
	pbx    *asterisktest.Instance
	hands  *ami.Conn
	looker *ami.Conn // hears of ChanSpyStart, and of DialBegin, two for a call
}

// recommended is the filter of the README.
const recommended = `
eventfilter(action(exclude),name(VarSet),header(Variable),method(regex)) = ^([^CLRD_]|DIAL)
eventfilter(action(exclude),name(LocalBridge)) =
eventfilter(action(exclude),name(BridgeCreate)) =
eventfilter(action(exclude),name(BridgeDestroy)) =
`

func newChurn(t *testing.T) *churn {
	t.Helper()
	conf := asterisktest.ContactCentre()
	for name, lines := range map[string]string{
		"plain":    "read = call,dialplan,agent,dtmf,system\nwrite = call,reporting\n",
		"filtered": "read = call,dialplan,agent,dtmf,system\nwrite = call,reporting" + recommended,
		"hands":    "read = system\nwrite = all\n",
		"looker": "read = call,system\nwrite = call\neventfilter(action(include),name(FullyBooted)) =\n" +
			"eventfilter(action(include),name(ChanSpyStart)) =\neventfilter(action(include),name(DialBegin)) =\n",
	} {
		conf["manager.conf"] += "\n[" + name + "]\nsecret = " + name + "-secret\n" + lines
	}
	conf["extensions.conf"] += `
[churn]
exten => b,1,Set(__CAMPAIGN=Churn)
 same => n,Set(__LIST=L-1)
 same => n,Dial(Local/b@brief/n)
; mute: what is spoken costs Asterisk more than what is told of it
[brief]
exten => _[bc],1,Answer()
 same => n,Wait(2)
`
	c := &churn{t: t, pbx: asterisktest.Start(t, conf)}
	c.hands, c.looker = c.logIn("hands"), c.logIn("looker")
	c.originate("5551234@customer", "inbound", "a1")
	waitFor(t, "the agent to talk", func() bool {
		return strings.Count(c.pbx.CLI("core show channels concise"), "Local/a1@phone") >= 2
	})
	return c
}

func (c *churn) logIn(user string) *ami.Conn {
	c.t.Helper()
	conn, err := ami.Dial(c.t.Context(), ami.Config{Address: c.pbx.AMI, Username: user, Secret: user + "-secret"})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(conn.Close)
	return conn
}

func originate(phone, context, exten string) ami.Action {
	return ami.NewAction("Originate").With("Channel", "Local/"+phone+"/n").With("Context", context).
		With("Exten", exten).With("Priority", "1").With("Async", "true")
}

func (c *churn) originate(phone, context, exten string) {
	c.t.Helper()
	if _, err := c.hands.Do(c.t.Context(), originate(phone, context, exten)); err != nil {
		c.t.Fatal(err)
	}
}

// flood begins calls at a rate, until ctx ends. Where Asterisk takes fewer, there are
// fewer.
func (c *churn) flood(ctx context.Context, rate int) {
	const callers = 4
	var all sync.WaitGroup
	defer all.Wait()
	for range callers {
		all.Go(func() {
			next := time.NewTicker(callers * time.Second / time.Duration(rate))
			defer next.Stop()
			for {
				select {
				case <-next.C:
					_, _ = c.hands.Do(ctx, originate("c@brief", "churn", "b"))
				case <-ctx.Done():
					return
				}
			}
		})
	}
}

// measure has the program watch as a user of Asterisk, and tells how long sessions took
// to show, and how many calls a second there were.
func (c *churn) measure(user string, rate, sessions int) (delays []time.Duration, reached float64) {
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
	spied, dials := c.look(ctx)
	if rate > 0 {
		churning.Go(func() { c.flood(ctx, rate) })
		waitFor(c.t, "as many calls to end as begin", func() bool { return dials() > 2*3*rate })
	}
	began, before := time.Now(), dials()
	for range sessions {
		leg := c.listen(spied)
		delays = append(delays, p.untilLive(1).Sub(leg.at))
		if _, err := c.hands.Do(ctx, ami.NewAction("Hangup").With("Channel", leg.id)); err != nil {
			c.t.Fatal(err)
		}
		p.untilLive(0)
	}
	return delays, float64(dials()-before) / 2 / time.Since(began).Seconds()
}

// settle waits until nobody is left but the customer and the agent.
func (c *churn) settle() {
	c.t.Helper()
	waitFor(c.t, "the other calls to end", func() bool {
		return !strings.Contains(c.pbx.CLI("core show channels concise"), "@brief")
	})
}

// spying is a ChanSpyStart that was seen on the wire.
type spying struct {
	id string
	at time.Time
}

// look tells of ChanSpyStart as soon as it arrives, and how many dials there were.
func (c *churn) look(ctx context.Context) (spied <-chan spying, dials func() int) {
	seen, count, mu := make(chan spying, 100), 0, sync.Mutex{}
	go func() {
		for {
			select {
			case e, open := <-c.looker.Events():
				if !open {
					return
				}
				if e.Event() == "ChanSpyStart" {
					seen <- spying{e.Get("SpyerUniqueid"), time.Now()}
				}
				mu.Lock()
				count++
				mu.Unlock()
			case <-ctx.Done():
				return
			}
		}
	}()
	return seen, func() int { mu.Lock(); defer mu.Unlock(); return count }
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

// listen has a supervisor listen. In a flood a ChanSpy may end before it found the
// channel; then he tries again.
func (c *churn) listen(spied <-chan spying) spying {
	c.t.Helper()
	for range 10 {
		c.originate("s1@phone", "monitor", "a1")
		for there := true; there; there = strings.Contains(c.pbx.CLI("core show channels concise"), "Local/s1@phone") {
			select {
			case leg := <-spied:
				return leg
			case <-time.After(3 * time.Second):
			}
		}
		c.t.Log("a ChanSpy ended before it began")
	}
	c.t.Fatal("no supervisor could listen")
	return spying{}
}

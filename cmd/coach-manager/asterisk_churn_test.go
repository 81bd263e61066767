package main

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// churn is a real Asterisk with a call that is listened to and many that are not.
type churn struct {
	t     *testing.T
	pbx   *asterisktest.Instance
	hands *ami.Conn
	wire  *wire
}

// recommended is the filter of the README.
const recommended = `
eventfilter(action(exclude),name(VarSet),header(Variable),method(regex)) = ^([^CLRD_]|DIAL)
eventfilter(action(exclude),name(LocalBridge)) =
eventfilter(action(exclude),name(BridgeCreate)) =
eventfilter(action(exclude),name(BridgeDestroy)) =
`

// heeded is what the test itself is told: of the calls that they are dialled, of the
// supervisor all that happens to him, and its own probes.
const heeded = `
eventfilter(action(include),name(FullyBooted)) =
eventfilter(action(include),name(VarSet),header(Variable),method(exact)) = PROBE
eventfilter(action(include),name(DialBegin)) =
eventfilter(action(include),name(ChanSpyStart)) =
eventfilter(action(include),name(OriginateResponse),header(Context),method(exact)) = monitor
eventfilter(action(include),name(Hangup),header(Channel),method(starts_with)) = Local/s1@phone
`

func newChurn(t *testing.T) *churn {
	t.Helper()
	conf := asterisktest.ContactCentre()
	for name, lines := range map[string]string{
		"plain":    "read = call,dialplan,agent,dtmf,system\nwrite = call,reporting\n",
		"filtered": "read = call,dialplan,agent,dtmf,system\nwrite = call,reporting" + recommended,
		"hands":    "read = system\nwrite = all\n",
		"looker":   "read = call,dialplan,system\nwrite = call" + heeded,
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
	c.hands, c.wire = c.logIn("hands"), &wire{supervisor: make(chan told, 1000)}
	go c.wire.listen(c.logIn("looker"))
	c.originate("5551234@customer", "inbound", "a1")
	waitFor(t, "the agent to talk", func() bool { return c.channels("Local/a1@phone") >= 2 })
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

// channels counts those whose name has a part.
func (c *churn) channels(part string) (count int) {
	c.t.Helper()
	list, err := c.hands.List(c.t.Context(), ami.NewAction("CoreShowChannels"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, channel := range list.Items {
		if strings.Contains(channel.Get("Channel"), part) {
			count++
		}
	}
	return count
}

// settle waits until nobody is left but the customer and the agent.
func (c *churn) settle() {
	c.t.Helper()
	waitFor(c.t, "the other calls to end", func() bool { return c.channels("@brief") == 0 })
}

// mostLate is how late Asterisk may tell of what happens before no more calls begin. On
// a machine that has too little for them it does not refuse calls: what it has to tell
// waits in a queue of its own (core show taskprocessors: stasis/m:manager:core), which
// would grow until a ChanSpyStart came minutes late.
const mostLate = time.Second

// flood begins calls at a rate, until ctx ends. Where Asterisk cannot keep up with
// telling of them, there are fewer.
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
					if c.wire.late() < mostLate {
						_, _ = c.hands.Do(ctx, originate("c@brief", "churn", "b"))
					}
				case <-ctx.Done():
					return
				}
			}
		})
	}
}

// probe has Asterisk tell us something, again and again: how long that takes is how
// late it tells of anything. A UserEvent or an OriginateResponse would not do: they
// overtake what waits.
func (c *churn) probe(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if c.wire.ask() {
				_, _ = c.hands.Do(ctx, ami.NewAction("Setvar").With("Variable", "PROBE").With("Value", "1"))
			}
		case <-ctx.Done():
			return
		}
	}
}

// wire is what the test itself hears of an Asterisk.
type wire struct {
	supervisor chan told // what happens to him

	mu       sync.Mutex
	dials    int
	asked    time.Time // since when a probe is under way; zero: none is
	mostLate time.Duration
}

// told is an event, and when it was told.
type told struct {
	ami.Message
	at time.Time
}

// listen hears until the connection ends.
func (w *wire) listen(looker *ami.Conn) {
	for e := range looker.Events() {
		switch e.Event() {
		case "VarSet":
			w.answered()
		case "DialBegin":
			w.mu.Lock()
			w.dials++
			w.mu.Unlock()
		default:
			w.supervisor <- told{e, time.Now()}
		}
	}
}

// begun is how many dials there were: two for a call.
func (w *wire) begun() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dials
}

// ask notes that a probe is sent, unless one is under way.
func (w *wire) ask() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.asked.IsZero() {
		return false
	}
	w.asked = time.Now()
	return true
}

func (w *wire) answered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mostLate = max(w.mostLate, time.Since(w.asked))
	w.asked = time.Time{}
}

// late is how late Asterisk is at least, as far as the probe under way tells.
func (w *wire) late() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked.IsZero() {
		return 0
	}
	return time.Since(w.asked)
}

// takeLatest is how late it was at most since this was asked last.
func (w *wire) takeLatest() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	most := w.mostLate
	w.mostLate = 0
	return most
}

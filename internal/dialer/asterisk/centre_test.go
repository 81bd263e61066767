package asterisk

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

// centre is an Asterisk with phones, played over a manager's socket: what people
// do there makes the events that were recorded of a real one.
type centre struct {
	t      *testing.T
	server *amitest.Server

	mu     sync.Mutex
	client *amitest.Client // who asked for the last list; nil for nobody
	lines  []*phoneLine    // oldest first
	made   int
	run    int
	epoch  int64

	refuse, ignore bool
	forbidden      []string        // actions that the user may not use
	hungUp         []string        // what was asked to be hung up
	deaf           map[string]bool // events that are kept from the client
}

// phoneLine is a channel.
type phoneLine struct {
	name, id, linked  string
	application, data string
	bridge, number    string
	spied             *phoneLine
	variables         map[string]string
}

func newCentre(t *testing.T) *centre {
	c := &centre{t: t, epoch: time.Now().Unix(), deaf: map[string]bool{}}
	c.server = amitest.New(t, amitest.Options{Username: "coach", Secret: "lab", Handlers: map[string]amitest.Handler{
		"Ping":             func(to *amitest.Client, m ami.Message) { to.Success(m, "Ping", "Pong", "Timestamp", stampNow()) },
		"CoreStatus":       c.coreStatus,
		"CoreShowChannels": c.coreShowChannels,
		"DeviceStateList":  func(to *amitest.Client, m ami.Message) { to.List(m, "DeviceStateListComplete") },
		"ListCommands":     c.listCommands,
		"Setvar":           c.setvar,
		"Status":           c.status,
		"Hangup":           c.hangUp,
	}})
	return c
}

func (c *centre) dialer() *Dialer {
	return New(Config{
		Address: c.server.Addr(), Username: "coach", Secret: "lab",
		Variables: Variables{Campaign: "CAMPAIGN"},
	})
}

func stampNow() string {
	now := time.Now()
	return fmt.Sprintf("%d.%06d", now.Unix(), now.Nanosecond()/1000)
}

func (c *centre) coreStatus(to *amitest.Client, m ami.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	to.Success(m, "CoreStartupDate", "2026-03-02", "CoreStartupTime", fmt.Sprintf("09:00:%02d", c.run))
}

func (c *centre) coreShowChannels(to *amitest.Client, m ami.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client = to
	var items [][]string
	for _, l := range c.lines {
		items = append(items, append([]string{"CoreShowChannel"}, append(l.snapshot(""),
			"Application", l.application, "ApplicationData", l.data, "Duration", "00:00:01", "BridgeId", l.bridge)...))
	}
	to.List(m, "CoreShowChannelsComplete", items...)
}

// listCommands names what the user may use, as far as the adapter asks.
func (c *centre) listCommands(to *amitest.Client, m ami.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var may []string
	for _, action := range []string{"Hangup", "Setvar"} {
		if !slices.Contains(c.forbidden, action) {
			may = append(may, action, "It is done.")
		}
	}
	to.Success(m, may...)
}

func (c *centre) setvar(to *amitest.Client, m ami.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.line(m.Get("Channel"))
	switch {
	case slices.Contains(c.forbidden, "Setvar"):
		c.t.Error("Setvar was tried, which the user may not")
		to.Error(m, "Permission denied")
	case l == nil:
		to.Error(m, "No such channel")
	default:
		l.variables[m.Get("Variable")] = m.Get("Value")
		to.Success(m, "Message", "Variable Set")
	}
}

func (c *centre) status(to *amitest.Client, m ami.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var items [][]string
	for _, l := range c.lines {
		if id := m.Get("Channel"); id != "" && id != l.id {
			continue
		}
		item := append(l.snapshot(""), "BridgeID", l.bridge, "Application", l.application, "Data", l.data)
		if name := m.Get("Variables"); name != "" {
			value, set := l.variables[name]
			if !set {
				value = "(null)"
			}
			item = append(item, "Variable", name+"="+value)
		}
		items = append(items, append([]string{"Status", "Privilege", "Call"}, item...))
	}
	if m.Get("Channel") != "" && len(items) == 0 {
		to.Error(m, "No such channel")
		return
	}
	to.List(m, "StatusComplete", items...)
}

// hangUp obeys as Asterisk does: Success first, then what comes of it.
func (c *centre) hangUp(to *amitest.Client, m ami.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hungUp = append(c.hungUp, m.Get("Channel")+" cause "+m.Get("Cause"))
	l := c.line(m.Get("Channel"))
	switch {
	case c.ignore:
	case c.refuse:
		to.Error(m, "Permission denied")
	case l == nil:
		to.Error(m, "No such channel")
	default:
		to.Success(m, "Message", "Channel Hungup")
		c.end(l)
	}
}

func (c *centre) line(id string) *phoneLine {
	for _, l := range c.lines {
		if l.id == id {
			return l
		}
	}
	return nil
}

func (c *centre) onDevice(device string) *phoneLine {
	for _, l := range c.lines {
		if strings.HasPrefix(l.name, device+"-") {
			return l
		}
	}
	return nil
}

// tell sends an event to who listens. It is held under the lock, so that a list is
// of one moment.
func (c *centre) tell(event string, keyValues ...string) {
	if c.client != nil && !c.deaf[event] {
		c.client.Event(event, append([]string{"Timestamp", stampNow()}, keyValues...)...)
	}
}

func (c *centre) about(event string, l *phoneLine, keyValues ...string) {
	c.tell(event, append(l.snapshot(""), keyValues...)...)
}

func (c *centre) spying(event string, l *phoneLine) {
	c.tell(event, append(l.snapshot("Spyer"), l.spied.snapshot("Spyee")...)...)
}

func (l *phoneLine) snapshot(prefix string) []string {
	return []string{
		prefix + "Channel", l.name, prefix + "ChannelState", "6", prefix + "ChannelStateDesc", "Up",
		prefix + "CallerIDName", "<unknown>", prefix + "ConnectedLineNum", l.number,
		prefix + "Uniqueid", l.id, prefix + "Linkedid", l.linked, prefix + "ChanVariable", "CAMPAIGN=Spring Sale",
	}
}

func (c *centre) pickUp(device, linked, number string) *phoneLine {
	l := &phoneLine{
		name: fmt.Sprintf("%s-%08x", device, c.made), id: fmt.Sprintf("%d.%d", c.epoch, c.made), linked: linked, number: number,
		variables: map[string]string{},
	}
	if linked == "" {
		l.linked = l.id
	}
	c.made++
	c.lines = append(c.lines, l)
	c.about("Newchannel", l)
	return l
}

// call has an agent talk to a customer, unless he does.
func (c *centre) call(agent string) *phoneLine {
	if l := c.onDevice(agent); l != nil {
		return l
	}
	customer := c.pickUp("PJSIP/trunk", "", agent)
	l := c.pickUp(agent, customer.id, "+15550100")
	c.tell("DialBegin", append(append(customer.snapshot(""), l.snapshot("Dest")...), "DialString", strings.TrimPrefix(agent, "PJSIP/"))...)
	c.enter(l, "talk-"+l.id)
	c.enter(customer, "talk-"+l.id)
	return l
}

func (c *centre) enter(l *phoneLine, bridge string) {
	c.leave(l)
	l.bridge = bridge
	c.about("BridgeEnter", l, "BridgeUniqueid", bridge)
}

func (c *centre) leave(l *phoneLine) {
	if l.bridge != "" {
		c.about("BridgeLeave", l, "BridgeUniqueid", l.bridge)
		l.bridge = ""
	}
}

func (c *centre) end(l *phoneLine) {
	if l.spied != nil {
		c.spying("ChanSpyStop", l)
		l.spied = nil
	}
	c.leave(l)
	c.lines = slices.DeleteFunc(c.lines, func(other *phoneLine) bool { return other == l })
	c.about("Hangup", l, "Cause", "16")
}

func (c *centre) spy(l, on *phoneLine, options string) {
	l.application, l.data = "ChanSpy", on.name+",qu"+options
	c.about("Newexten", l, "Application", l.application, "AppData", l.data)
	l.spied = on
	c.spying("ChanSpyStart", l)
}

func options(t coaching.Type) string {
	return map[coaching.Type]string{coaching.TypeCoach: "wE", coaching.TypeBarge: "BE"}[t]
}

func (c *centre) attach(supervisor, agent string, t coaching.Type) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	on := c.call(agent)
	l := c.pickUp(supervisor, "", nobody)
	c.spy(l, on, options(t))
	return l.id
}

// hangsUp is what a phone does.
func (c *centre) hangsUp(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.line(id)
	c.about("HangupRequest", l)
	c.end(l)
}

func (c *centre) setType(id string, t coaching.Type) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.line(id)
	if t != coaching.TypeBargeKick {
		c.spying("ChanSpyStop", l)
		c.spy(l, l.spied, options(t))
		return
	}
	agent, bridge := l.spied, "taken-"+l.id
	customer := c.line(agent.linked)
	c.enter(customer, bridge)
	c.leave(agent)
	l.spied, l.application, l.data = nil, "", "" // no ChanSpyStop: testdata/sip-bargekick-bridge.ami
	c.enter(l, bridge)
	c.end(agent)
}

func (c *centre) move(id, agent string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, on := c.line(id), c.call(agent)
	c.spying("ChanSpyStop", l)
	l.spied = on
	c.spying("ChanSpyStart", l)
}

func (c *centre) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client = nil
	c.server.Drop()
}

func (c *centre) restart() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines, c.run = nil, c.run+1
	c.client = nil
	c.server.Drop()
}

func (c *centre) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

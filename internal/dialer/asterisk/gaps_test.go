package asterisk

import (
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// account is what Asterisk told of itself: lists, events, and time that passes.
type account struct {
	g     *gaps
	said  *strings.Builder
	at    time.Time
	looks []time.Duration // when another list was wanted
}

func newAccount() *account {
	a := &account{said: new(strings.Builder), at: time.Unix(1_800_000_000, 0).UTC()}
	a.g = newGaps(slog.New(slog.NewTextHandler(a.said, nil)), testVariables)
	a.g.user = "coach"
	return a
}

func (a *account) tells(class, event string, keyValues ...string) {
	a.g.hear(message(append([]string{"Event", event, "Privilege", class + ",all", "Timestamp", "1800000000.5"}, keyValues...)...))
}

// shows is a list of channels, each its Uniqueid, bridge, application and priority.
func (a *account) shows(channels ...[4]string) {
	var l lists
	for _, c := range channels {
		l.channels.Items = append(l.channels.Items, message("Event", "CoreShowChannel", "Uniqueid", c[0], "BridgeId", c[1],
			"Application", c[2], "Context", "inbound", "Exten", "1800", "Priority", c[3], "ChannelStateDesc", "Up"))
	}
	a.g.list(l, a.at)
}

func (a *account) showsMember(paused string) { a.g.list(lists{queues: queueList(paused)}, a.at) }

// passes has time pass, of which nothing is heard.
func (a *account) passes(d time.Duration) {
	for end := a.at.Add(d); a.at.Before(end); a.at = a.at.Add(time.Second) {
		if a.g.judge(a.at) {
			a.looks = append(a.looks, a.at.Sub(a.g.listed))
		}
	}
}

var (
	talks = [4]string{"1.1", "b1", "Dial", "5"}
	dials = [4]string{"1.2", "", "Dial", "5"}
)

// What a manager's user may not read is said once it is certain, and not before.
func TestWhatMayNotBeReadIsSaid(t *testing.T) {
	t.Parallel()
	const call, dialplan, agent = "nothing of class call", "nothing of class dialplan", "nothing of class agent"
	cases := map[string]struct {
		happens func(a *account)
		says    []string
	}{
		"no calls":                           {func(a *account) { a.shows(); a.passes(time.Hour); a.shows() }, nil},
		"calls of which nothing changes":     {func(a *account) { a.shows(talks); a.passes(time.Hour); a.shows(talks) }, nil},
		"a call without a word":              {func(a *account) { a.shows(talks); a.shows(talks, dials); a.passes(time.Minute) }, []string{call, dialplan}},
		"a call that is gone without a word": {func(a *account) { a.shows(talks); a.shows(); a.passes(time.Minute) }, []string{call}},
		"an answer without a word": {func(a *account) {
			a.shows(dials)
			a.shows([4]string{"1.2", "b2", "Dial", "5"})
			a.passes(time.Minute)
		}, []string{call}},
		"a call whose events are late": {func(a *account) {
			a.shows(talks)
			a.shows(talks, dials)
			a.passes(patience - time.Second)
			a.tells("call", "Newchannel", "Uniqueid", dials[0])
			a.tells("dialplan", "Newexten", "Uniqueid", dials[0])
			a.passes(time.Minute)
		}, nil},
		"a call whose events came before": {func(a *account) {
			a.shows()
			a.tells("call", "Newchannel", "Uniqueid", dials[0])
			a.tells("dialplan", "Newexten", "Uniqueid", dials[0])
			a.shows(dials)
			a.passes(time.Minute)
		}, nil},
		"a call and nothing of its dialplan": {func(a *account) {
			a.shows()
			a.tells("call", "Newchannel", "Uniqueid", dials[0])
			a.shows(dials)
			a.passes(time.Minute)
		}, []string{dialplan}},
		"what an Originate runs has no dialplan": {func(a *account) {
			a.shows()
			a.tells("call", "Newchannel", "Uniqueid", "1.2")
			a.shows([4]string{"1.2", "", "ChanSpy", "1"})
			a.passes(time.Minute)
		}, nil},
		"forged events name nothing that is there": {func(a *account) {
			a.shows(talks)
			a.tells("call", "Newchannel", "Uniqueid", "6.6")
			a.tells("dialplan", "Newexten", "Uniqueid", "6.6")
			a.shows(talks, dials)
			a.passes(time.Minute)
		}, []string{call, dialplan}},
		"forged events alone": {func(a *account) {
			a.shows(talks)
			a.tells("call", "Newchannel", "Uniqueid", "6.6")
			a.tells("call", "BridgeEnter", "Uniqueid", "6.6", "Priority", "7")
			a.shows(talks)
			a.passes(time.Hour)
		}, nil},
		"an Asterisk that is late with much": {func(a *account) {
			a.shows(talks)
			for i := range enough {
				a.tells("call", "Newchannel", "Uniqueid", "0."+strconv.Itoa(i))
				a.tells("dialplan", "Newexten", "Uniqueid", "0."+strconv.Itoa(i))
			}
			a.shows(talks, dials)
			a.passes(time.Minute)
		}, nil},
		"a pause without a word": {func(a *account) { a.showsMember("0"); a.showsMember("1"); a.passes(time.Minute) }, []string{agent}},
		"a pause that is told": {func(a *account) {
			a.showsMember("0")
			a.tells("agent", "QueueMemberPause", "Interface", "PJSIP/agent1")
			a.showsMember("1")
			a.passes(time.Minute)
		}, nil},
		"a count that the console sets back": {func(a *account) {
			for _, calls := range []string{"17", "0"} {
				a.g.list(lists{queues: ami.Listing{Items: []ami.Message{message("Event", "QueueMember", "Location", "PJSIP/agent1", "CallsTaken", calls)}}}, a.at)
			}
			a.passes(time.Minute)
		}, nil},
		"a call that is counted without a word": {func(a *account) {
			for _, calls := range []string{"9", "10"} {
				a.g.list(lists{queues: ami.Listing{Items: []ami.Message{message("Event", "QueueMember", "Location", "PJSIP/agent1", "CallsTaken", calls)}}}, a.at)
			}
			a.passes(time.Minute)
		}, []string{agent}},
		"one event without its time": {func(a *account) { a.g.hear(message("Event", "Newchannel", "Privilege", "call,all")) }, nil},
		"a forged event without its time": {func(a *account) {
			a.tells("dialplan", "Newexten")
			a.g.hear(message("Event", "Newchannel", "Privilege", "call,all"))
			a.g.hear(message("Event", "Newchannel", "Privilege", "call,all"))
		}, nil},
		"events without their time": {func(a *account) {
			a.g.hear(message("Event", "FullyBooted", "Privilege", "system,all"))
			a.g.hear(message("Event", "Newchannel", "Privilege", "call,all"))
			a.g.hear(message("Event", "Newstate", "Privilege", "call,all"))
		}, []string{"timestampevents = yes"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount()
			c.happens(a)
			a.passes(time.Minute) // and it is said once
			if lines := strings.Count(a.said.String(), "\n"); lines != len(c.says) {
				t.Errorf("got %d lines, want %d: %s", lines, len(c.says), a.said)
			}
			for _, want := range c.says {
				if !strings.Contains(a.said.String(), want) {
					t.Errorf("%q is not said, but %s", want, a.said)
				}
			}
		})
	}
}

// Another list is asked for where it may show what is kept from us, and few times.
func TestListsThatAreAskedForEarly(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		happens func(a *account)
		want    int
	}{
		"nothing is up":            {func(a *account) { a.shows() }, 0},
		"calls and nothing heard":  {func(a *account) { a.shows(talks) }, mostLooks},
		"calls, and no dialplan":   {func(a *account) { a.shows(talks); a.tells("call", "Newstate", "Uniqueid", "1.1") }, mostLooks},
		"a dialplan, and no calls": {func(a *account) { a.shows(); a.tells("dialplan", "Newexten", "Uniqueid", "1.1") }, mostLooks},
		"a session of unknown type, though": {func(a *account) {
			a.shows(talks)
			a.passes(time.Hour)
			a.g.typeUnknown()
		}, mostLooks + 1},
		"all is heard": {func(a *account) {
			a.shows(talks)
			a.tells("call", "Newstate", "Uniqueid", "1.1")
			a.tells("dialplan", "Newexten", "Uniqueid", "1.1")
			a.g.typeUnknown()
		}, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount()
			c.happens(a)
			a.passes(time.Hour)
			if len(a.looks) != c.want || len(a.looks) > 0 && a.looks[0] < firstLook {
				t.Errorf("got %v, want %d", a.looks, c.want)
			}
		})
	}
}

// That it has not said to have booted is said only of an Asterisk that has.
func TestBooted(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 16, 50, 30, 0, time.UTC)
	for run, want := range map[string]time.Duration{
		"2026-11-22 16:50:30": 0, "2026-11-22 16:50:00": 30 * time.Second, "2026-11-22 16:40:30": 10 * time.Minute,
		"2026-11-22 11:49:30": time.Minute, "2026-11-22 22:34:30": time.Minute, // in zones to the west and the east
		"2026-11-21 16:50:30": 0, "2026-11-22 16:50:31": 0, "": 0, " ": 0,
	} {
		if got := ranFor(run, at); got != want {
			t.Errorf("%q: got %v, want %v", run, got, want)
		}
	}
	a := newAccount()
	a.shows(dials)
	a.g.boot("2026-11-22 16:50:30", at)
	a.g.boot("", at)
	if a.said.Len() > 0 {
		t.Errorf("it may be booting: %s", a.said)
	}
	a.shows(talks)
	a.g.boot("2026-11-22 16:50:30", at)
	if !strings.Contains(a.said.String(), "read = system") {
		t.Errorf("phones talk: %s", a.said)
	}
}

// channelvars= is judged by a list, or by more than one event.
func TestVariablesThatDoNotCome(t *testing.T) {
	t.Parallel()
	d := newDesk()
	var said strings.Builder
	d.m.gaps.log = slog.New(slog.NewTextHandler(&said, nil))
	d.about("Newchannel", sup, supID)
	if said.Len() > 0 {
		t.Errorf("one event may be forged: %s", said.String())
	}
	d.about("Newchannel", cust, custID)
	d.about("Newchannel", ag1, ag1ID)
	if strings.Count(said.String(), "event sets them: CAMPAIGN,SPY_TYPE") != 1 {
		t.Errorf("got %s", said.String())
	}
	d, said = newDesk(), strings.Builder{}
	d.m.gaps.log = slog.New(slog.NewTextHandler(&said, nil))
	d.list(nil, append(listed(cust, custID, "Dial", "", ""), "ChanVariable", "CAMPAIGN="))
	if strings.Count(said.String(), "event sets them: SPY_TYPE") != 1 {
		t.Errorf("got %s", said.String())
	}
}

// A session that may be switched by keypad says that this may not be told.
func TestKeypadThatMayNotBeTold(t *testing.T) {
	t.Parallel()
	d := newDesk()
	var said strings.Builder
	d.m.gaps.log = slog.New(slog.NewTextHandler(&said, nil))
	d.everybody()
	for range 2 {
		d.runs("ChanSpy", "PJSIP/agent1,qd")
		d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
	}
	if strings.Count(said.String(), "level=INFO msg=\"a session may be switched by keypad") != 1 {
		t.Errorf("got %s", said.String())
	}
}

// A user with write = reporting alone watches; what it cannot do is said at the
// start, and is not tried but for a hang-up that somebody asks for.
func TestAUserWhoMayOnlyWatch(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	c.forbidden, c.refuse = []string{"Hangup", "Setvar"}, true
	var said strings.Builder
	d := c.dialer()
	d.cfg.Log = slog.New(slog.NewTextHandler(&said, nil))
	w := watched(t, d)
	w.snapshot()
	leg := c.attach(supervisor1, agent1, monitor)
	w.attached(leg, monitor)
	if got, _ := d.HangUp(t.Context(), coaching.HangUp{Leg: leg, Targets: []string{agent1}, Type: monitor}); got != coaching.Refused {
		t.Errorf("hang up: got %s, want %s", got, coaching.Refused)
	}
	w.stop()
	for _, want := range []string{"cannot be ended", "cannot be marked"} {
		if strings.Count(said.String(), want) != 1 {
			t.Errorf("%q is to be said once, got %s", want, said.String())
		}
	}
	if slices.Contains(c.server.Untaken(), "Setvar") {
		t.Error("a mark was tried")
	}
}

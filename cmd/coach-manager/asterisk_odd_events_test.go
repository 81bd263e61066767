package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

// oddities is an Asterisk of calls and supervisors whose events come as none should:
// by a clock that jumps, twice, too late, without what belongs to them, or not at all.
// What it lists is true.
type oddities struct {
	*manager
	chance *rand.Rand
	held   string // an event that comes after the next one

	mu    sync.Mutex
	asked int // lists
	made  int
	alive [][]string // as they are listed
}

func newOddities(t *testing.T, seed uint64) *oddities {
	t.Helper()
	o := &oddities{manager: newManager(t), chance: rand.New(rand.NewPCG(seed, 0))}
	o.Handle("Ping", func(c *amitest.Client, ask ami.Message) {
		c.Success(ask, "Ping", "Pong", "Timestamp", stampOf(time.Now()))
	})
	o.Handle("CoreShowChannels", func(c *amitest.Client, ask ami.Message) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.asked++
		c.List(ask, "CoreShowChannelsComplete", o.alive...)
	})
	return o
}

func stampOf(at time.Time) string { return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000) }

// says sends an event, in whatever way chance has it.
func (o *oddities) says(event string, keyValues ...string) {
	jumps := []time.Duration{0, 0, 0, time.Hour, -time.Hour, 5 * time.Minute, -5 * time.Minute, 20 * time.Second, -20 * time.Second}
	at := stampOf(time.Now().Add(jumps[o.chance.IntN(len(jumps))]))
	if o.chance.IntN(8) == 0 {
		at = []string{"", "0.0", "-1.5", "x", "99999999999999.9"}[o.chance.IntN(5)]
	}
	if o.chance.IntN(12) == 0 {
		lost := 2 * o.chance.IntN(len(keyValues)/2)
		keyValues = append(keyValues[:lost:lost], keyValues[lost+2:]...)
	}
	text := amitest.Text(append([]string{"Event", event, "Privilege", "call,all", "Timestamp", at}, keyValues...)...)
	switch o.chance.IntN(10) {
	case 0:
		text += text
	case 1:
		return
	case 2:
		o.held, text = text, o.held
	default:
		text, o.held = text+o.held, ""
	}
	o.Client().Send(text)
}

// phone makes a channel of a phone.
func (o *oddities) phone(name, application, data, bridge string) (channel []string) {
	o.mu.Lock()
	o.made++
	id := fmt.Sprintf("%d.%d", time.Now().Unix(), o.made)
	channel = []string{"Channel", fmt.Sprintf("PJSIP/%s-%08x", name, o.made), "Uniqueid", id, "Linkedid", id, "ChannelStateDesc", "Up"}
	o.alive = append(o.alive, append([]string{"CoreShowChannel", "Application", application, "ApplicationData", data, "BridgeId", bridge}, channel...))
	o.mu.Unlock()
	o.says("Newchannel", channel...)
	o.says("Newexten", append(channel[:8:8], "Application", application, "AppData", data)...)
	if bridge != "" {
		o.says("BridgeEnter", append(channel[:8:8], "BridgeUniqueid", bridge)...)
	}
	return channel
}

// hangsUp ends a channel.
func (o *oddities) hangsUp(channel []string) {
	o.mu.Lock()
	for i, c := range o.alive {
		if c[8] == channel[1] {
			o.alive = append(o.alive[:i:i], o.alive[i+1:]...)
			break
		}
	}
	o.mu.Unlock()
	o.says("Hangup", channel...)
}

// spies is the event of a spying.
func (o *oddities) spies(event string, spyer, spyee []string) {
	var both []string
	for i := 0; i < len(spyer); i += 2 {
		both = append(both, "Spyer"+spyer[i], spyer[i+1], "Spyee"+spyee[i], spyee[i+1])
	}
	o.says(event, both...)
}

// session is a call of an agent to whom a supervisor listens for a while.
func (o *oddities) session(round int) {
	number := strconv.Itoa(round % 3)
	bridge := "bridge" + strconv.Itoa(round)
	customer := o.phone("trunk", "Dial", "PJSIP/agent"+number, bridge)
	agent := o.phone("agent"+number, "AppDial", "(Outgoing Line)", bridge)
	spyer := o.phone("sup"+number, "ChanSpy", "PJSIP/agent"+number+"-,q"+[]string{"", "w", "B"}[o.chance.IntN(3)], "")
	o.spies("ChanSpyStart", spyer, agent)
	if o.chance.IntN(2) == 0 {
		o.spies("ChanSpyStop", spyer, agent)
		o.spies("ChanSpyStart", spyer, agent)
	}
	for _, i := range o.chance.Perm(3) {
		o.hangsUp([][]string{customer, agent, spyer}[i])
	}
}

// However oddly an Asterisk tells, its watch goes on, lists are asked for in reason, and
// no session has times that cannot be. In the end nobody listens.
func TestAsteriskThatTellsOddly(t *testing.T) {
	t.Parallel()
	const rounds = 60
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("by chance %d", seed), func(t *testing.T) {
			t.Parallel()
			o := newOddities(t, seed)
			file := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(file, []byte("lab"), 0o600); err != nil {
				t.Fatal(err)
			}
			p := &play{t: t, program: start(t, nil, "serve", "--database", "sqlite:"+filepath.Join(t.TempDir(), "coach.db"),
				"--dialer", "pbx=asterisk://lab@"+o.addr+"?secret-file="+file)}
			p.isConnected(true)
			for round := range rounds {
				o.session(round)
			}
			o.last(p)
			if got := get[page[listener]](p.program, "/coaching-users").Items; len(got) > 1 {
				t.Errorf("in the end these listen: %+v", got)
			}
			sessions := get[page[struct{ ID string }]](p.program, "/coaching-sessions?limit=200").Items
			for _, row := range sessions {
				if wrong := get[wholeSession](p.program, "/coaching-sessions/"+row.ID).unsound(); len(wrong) > 0 {
					t.Errorf("session %s: %q", row.ID, wrong)
				}
			}
			if len(sessions) < rounds/3 {
				t.Errorf("of %d sessions %d were seen; asked %d %s", rounds, len(sessions), o.asked, p.logs())
			}
			if strings.Contains(p.logs(), "dialer not watched") {
				t.Errorf("the watch ended:\n%s", p.logs())
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			if o.asked > 4*rounds {
				t.Errorf("it was asked for %d lists", o.asked)
			}
		})
	}
}

// last has a supervisor be there as he should, once all before is told.
func (o *oddities) last(p *play) {
	p.t.Helper()
	o.Client().Send(o.held)
	o.chance = nil
	o.mu.Lock()
	o.alive = [][]string{channelsListed[0], slices.Clone(channelsListed[1])}
	o.alive[1][2] = "PJSIP/boss-00000002"
	o.mu.Unlock()
	// A start of spying by a channel that nobody knows is looked for in a list.
	o.Client().Event("ChanSpyStart", "SpyerChannel", "PJSIP/boss-00000002", "SpyerUniqueid", "1795326001.2", "SpyeeChannel", "PJSIP/agent1-00000001", "SpyeeUniqueid", "1795326000.1")
	waitFor(p.t, "the last session alone", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		items := get[page[listener]](p.program, "/coaching-users").Items
		return len(items) == 1 && items[0].Name == "PJSIP/boss" && len(items[0].Sessions) == 1
	})
}

// unsound are the times of a session that cannot be by any clock.
func (s wholeSession) unsound() (wrong []string) {
	if s.LengthSeconds != nil && *s.LengthSeconds < 0 || s.EndedAt != nil && s.EndedAt.Before(s.StartedAt) {
		wrong = append(wrong, "it ends before it starts")
	}
	for i, kind := range s.Types {
		if kind.Since.Before(s.StartedAt) || i > 0 && kind.Since.Before(s.Types[i-1].Since) {
			wrong = append(wrong, "its types are in no order")
		}
	}
	for _, c := range s.Calls {
		if c.HeardUntil != nil && c.HeardUntil.Before(*c.HeardFrom) {
			wrong = append(wrong, "a call is heard until before it is heard")
		}
		if c.AnsweredAt != nil && c.AnsweredAt.Before(c.StartedAt) {
			wrong = append(wrong, "a call is answered before it begins")
		}
	}
	return wrong
}

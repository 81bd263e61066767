package main

import (
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

// manager is an Asterisk that a test can have go wrong: one where a supervisor coaches
// an agent.
type manager struct {
	*amitest.Server
	t    *testing.T
	addr string // by which it is reached

	mu    sync.Mutex
	met   int              // connections
	other func(c net.Conn) // what is there in its place; nil for nothing
}

func newManager(t *testing.T) *manager {
	t.Helper()
	door, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{Server: amitest.New(t, amitest.Options{}), t: t, addr: door.Addr().String()}
	m.works()
	var guests sync.WaitGroup
	guests.Go(func() {
		for {
			guest, err := door.Accept()
			if err != nil {
				return
			}
			guests.Go(func() { m.meet(guest) })
		}
	})
	t.Cleanup(func() {
		_ = door.Close()
		m.Close()
		guests.Wait()
	})
	return m
}

// meet has a guest speak to the manager, or to what is in its place.
func (m *manager) meet(guest net.Conn) {
	defer func() { _ = guest.Close() }()
	m.mu.Lock()
	m.met++
	other := m.other
	m.mu.Unlock()
	if other != nil {
		other(guest)
		return
	}
	host, err := new(net.Dialer).DialContext(m.t.Context(), "tcp", m.Addr())
	if err != nil {
		return
	}
	var answers sync.WaitGroup
	answers.Go(func() {
		_, _ = io.Copy(guest, host)
		_ = guest.Close()
	})
	_, _ = io.Copy(host, guest)
	_ = host.Close()
	answers.Wait()
}

// becomes has something else be there for whoever connects from now on.
func (m *manager) becomes(other func(c net.Conn)) {
	m.mu.Lock()
	m.other = other
	m.mu.Unlock()
	m.Drop()
}

func (m *manager) connections() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.met
}

// lists has it answer to CoreShowChannels so, from the next connection on.
func (m *manager) lists(answer amitest.Handler) {
	m.Handle("CoreShowChannels", answer)
	m.Drop()
}

// works has it do as it should.
func (m *manager) works() {
	m.mu.Lock()
	m.other = nil
	m.mu.Unlock()
	m.Handle("Ping", nil)
	m.Handle("CoreStatus", func(c *amitest.Client, ask ami.Message) {
		c.Success(ask, "CoreStartupDate", "2026-11-22", "CoreStartupTime", "08:00:00")
	})
	m.Handle("CoreShowChannels", func(c *amitest.Client, ask ami.Message) {
		c.List(ask, "CoreShowChannelsComplete", channelsListed...)
	})
}

var channelsListed = [][]string{
	{"CoreShowChannel", "Channel", "PJSIP/agent1-00000001", "Uniqueid", "1795326000.1", "Linkedid", "1795326000.1", "ChannelStateDesc", "Up", "Application", "Wait"},
	{
		"CoreShowChannel", "Channel", "PJSIP/sup1-00000002", "Uniqueid", "1795326001.2", "Linkedid", "1795326001.2", "ChannelStateDesc", "Up",
		"Application", "ChanSpy", "ApplicationData", "PJSIP/agent1-,qw",
	},
}

// opened begins a list.
func opened(c *amitest.Client, ask ami.Message) {
	c.Success(ask, "EventList", "start")
}

// listItem is one of a list that may have many.
func listItem(ask ami.Message, more ...string) string {
	return amitest.Text(append([]string{"Event", "CoreShowChannel", "ActionID", ask.ActionID()}, more...)...)
}

// silently waits for the other side to go.
func silently(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// noise are bytes of every kind, line ends among them; two in a row are none.
func noise(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < n {
		if c := byte(random.Uint32()); c != '\r' && (c != '\n' || !strings.HasSuffix(b.String(), "\n")) {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Whatever goes wrong at an Asterisk, or is there in its place: the program says so in
// a line for each of few tries, ends no session by it, and goes on once it is over.
func TestAsteriskThatGoesWrong(t *testing.T) {
	t.Parallel()
	const much = 17 << 20
	for name, wrong := range map[string]struct {
		goes func(m *manager)
		said string // why it is not watched
	}{
		"it answers nothing to CoreShowChannels": {func(m *manager) {
			m.lists(func(*amitest.Client, ami.Message) {})
		}, "CoreShowChannels: no answer"},
		"its list breaks off": {func(m *manager) {
			m.lists(func(c *amitest.Client, ask ami.Message) {
				opened(c, ask)
				c.Send(listItem(ask, channelsListed[0][1:]...))
			})
		}, "CoreShowChannels"},
		"its list lacks an item": {func(m *manager) {
			m.lists(func(c *amitest.Client, ask ami.Message) {
				opened(c, ask)
				c.Send(amitest.Text("Event", "CoreShowChannelsComplete", "ActionID", ask.ActionID(), "EventList", "Complete", "ListItems", "2"))
			})
		}, "incomplete list"},
		"its list has no end": {func(m *manager) {
			m.lists(func(c *amitest.Client, ask ami.Message) {
				opened(c, ask)
				for item := listItem(ask, "Channel", strings.Repeat("x", 60_000)); ; c.Send(item) {
					select {
					case <-c.Gone():
						return
					default:
					}
				}
			})
		}, "incomplete list"},
		"it answers noise": {func(m *manager) {
			m.lists(func(c *amitest.Client, _ ami.Message) { c.Send(noise(much)) })
		}, "manager protocol violated"},
		"it stops reading": {func(m *manager) {
			m.lists(func(c *amitest.Client, _ ami.Message) { <-c.Gone() })
		}, "no answer"},
		"it sends half a message and waits": {func(m *manager) {
			m.Handle("Ping", func(*amitest.Client, ami.Message) {})
			m.Client().Send("Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 17953")
		}, "the manager is silent"},
		"it is silent": {func(m *manager) {
			m.becomes(silently)
		}, "read greeting"},
		"it hangs up at once": {func(m *manager) {
			m.becomes(func(net.Conn) {})
		}, "EOF"},
		"it is another service": {func(m *manager) {
			m.becomes(func(c net.Conn) {
				_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n")
				silently(c)
			})
		}, "not an Asterisk manager"},
		"it is noise from the start": {func(m *manager) {
			m.becomes(func(c net.Conn) {
				_, _ = io.WriteString(c, noise(1<<20))
				silently(c)
			})
		}, "not an Asterisk manager"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newManager(t)
			p := &play{t: t}
			file := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(file, []byte("lab"), 0o600); err != nil {
				t.Fatal(err)
			}
			p.program = start(t, nil, "serve", "--database", "sqlite:"+filepath.Join(t.TempDir(), "coach.db"),
				"--dialer", "pbx=asterisk://lab@"+m.addr+"?secret-file="+file)
			p.isConnected(true)
			id := p.sessionOf("PJSIP/sup1")
			before := get[wholeSession](p.program, "/coaching-sessions/"+id)

			wrong.goes(m)
			p.isConnected(false)
			p.readyIs(http.StatusServiceUnavailable)
			if got := get[wholeSession](p.program, "/coaching-sessions/"+id); !got.Stale || got.State != "active" {
				t.Errorf("meanwhile the session is %s, stale %v", got.State, got.Stale)
			}
			waitFor(t, "the reason, and another try", func() bool { return len(p.whyNotWatched(wrong.said)) > 0 && len(p.whyNotWatched("")) > 1 })
			if met, said := m.connections(), len(p.whyNotWatched("")); met > said+1 {
				t.Errorf("it tried %d times, and said why it failed %d times", met, said)
			}

			m.works()
			m.Drop()
			p.isConnected(true)
			p.readyIs(http.StatusOK)
			waitFor(t, "the session to be there as before", func() bool {
				got := get[wholeSession](p.program, "/coaching-sessions/"+id)
				return !got.Stale && got.State == "active" && got.StartedAt.Equal(before.StartedAt) && got.Type == "coach"
			})
		})
	}
}

// whyNotWatched are the lines of the log that say so, of a reason.
func (p *play) whyNotWatched(reason string) (lines []string) {
	for line := range strings.Lines(p.logs()) {
		if strings.Contains(line, "dialer not watched") && strings.Contains(line, reason) && strings.Contains(line, "retry_in=") && strings.Contains(line, "dialer=pbx") {
			lines = append(lines, line)
		}
	}
	return lines
}

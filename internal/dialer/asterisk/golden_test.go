package asterisk

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

var update = flag.Bool("update", false, "write what is understood to testdata/*.want; read it before it is committed")

// Each recording of a real Asterisk is understood as written beside it.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, path := range recordings(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".ami")
		for how, pieces := range map[string]amitest.Pieces{"whole": nil, "cut": amitest.Cut(3)} {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				got := understood(t, amitest.Load(t, path), pieces, directions[name])
				file := strings.TrimSuffix(path, ".ami") + ".want"
				if *update && pieces != nil {
					return
				}
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
					return
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(settled(got), settled(string(want))); diff != "" {
					t.Errorf("got -, want +:\n%s", diff)
				}
			})
		}
	}
}

// unsettled is a snapshot that was begun as the recording ended: whether it was had
// is a matter of moments.
var unsettled = regexp.MustCompile(`snapshot of the run since [^\n]*\n(?:end of snapshot\n)?(ended: cut)`)

func settled(text string) string { return unsettled.ReplaceAllString(text, "$1") }

// directions name the variable of the calls' direction, where it is looked at: no
// recording has it in channelvars=.
var directions = map[string]string{"sip-spy-on-the-customer-leg": "DIRECTION"}

func recordings(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.ami")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	return paths
}

// understood plays a recording to a Dialer, a watch for each of its connections,
// and writes down what is reported.
func understood(t *testing.T, rec *amitest.Recording, pieces amitest.Pieces, direction string) string {
	t.Helper()
	var b strings.Builder
	s := newStage(t, pieces)
	s.dialer.cfg.Variables.Direction = direction
	for i, c := range rec.Connections {
		if i > 0 {
			b.WriteString("\n---- again\n")
		}
		p := splitUp(c)
		b.WriteString(s.watch(p))
	}
	return b.String()
}

// stage is a manager that plays recorded connections, and the Dialer that watches
// it, on a clock that stands still.
type stage struct {
	t      *testing.T
	server *amitest.Server
	dialer *Dialer
	logged strings.Builder

	mu     sync.Mutex
	part   part                    // what is played now: a client that was cut off may still ask
	marked map[string]string       // what was written on channels, and outlives a connection
	told   map[membership][]string // what was told last of members of queues
}

func (s *stage) setvar(c *amitest.Client, m ami.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marked[m.Get("Channel")] = m.Get("Value")
	c.Success(m, "Message", "Variable Set")
}

func (s *stage) status(c *amitest.Client, m ami.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var items [][]string
	for id, mark := range s.marked {
		items = append(items, []string{"Status", "Uniqueid", id, "Variable", markVariable + "=" + mark})
	}
	c.List(m, "StatusComplete", items...)
}

// queueStatus is the list as it was recorded; of one member what was told of him last.
func (s *stage) queueStatus(c *amitest.Client, m ami.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := s.part.queues
	if member := m.Get("Member"); member != "" {
		items = [][]string{append([]string{"QueueMember"}, s.told[membership{m.Get("Queue"), member}]...)}
	}
	c.List(m, "QueueStatusComplete", items...)
}

// play sends events; after each of a queue's member what is asked about him is awaited,
// since Asterisk took longer from one to the next than to answer.
func (s *stage) play(client *amitest.Client, events string) {
	var next strings.Builder
	for message := range strings.SplitAfterSeq(events, "\r\n\r\n") {
		next.WriteString(message)
		m, err := ami.NewReader(strings.NewReader(message)).Read()
		if who := membershipOf(m); err == nil && who.queue != "" && who.location != "" {
			s.mu.Lock()
			s.told[who] = pairs(m)[1:]
			s.mu.Unlock()
			client.Send(next.String())
			next.Reset()
			s.settle(client)
		}
	}
	client.Send(next.String())
}

func (s *stage) playing() part {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.part
}

// standing is where the clock stands. Asterisk's is set to the first event of a
// recording, so that nothing falls due but by the events' own times.
var standing = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

func newStage(t *testing.T, pieces amitest.Pieces) *stage {
	s := &stage{t: t, marked: map[string]string{}, told: map[membership][]string{}}
	s.server = amitest.New(t, amitest.Options{Pieces: pieces, Handlers: map[string]amitest.Handler{
		"Ping": func(c *amitest.Client, m ami.Message) { c.Success(m, "Timestamp", s.playing().began) },
		"ListCommands": func(c *amitest.Client, m ami.Message) {
			c.Success(m, "Hangup", "Hangup channel.", "Setvar", "Sets a variable.")
		},
		"Setvar":           s.setvar,
		"Status":           s.status,
		"CoreStatus":       func(c *amitest.Client, m ami.Message) { c.Success(m, s.playing().boot...) },
		"CoreShowChannels": func(c *amitest.Client, m ami.Message) { c.List(m, "CoreShowChannelsComplete", s.playing().channels...) },
		"QueueStatus":      s.queueStatus,
		"DeviceStateList":  func(c *amitest.Client, m ami.Message) { c.List(m, "DeviceStateListComplete", s.playing().states...) },
	}})
	s.dialer = New(Config{
		Address: s.server.Addr(), Username: "coach", Secret: "lab",
		Variables: Variables{Campaign: "CAMPAIGN", List: "LIST", ResultCode: "RESULT_CODE"},
		Log:       slog.New(slog.NewTextHandler(&s.logged, &slog.HandlerOptions{ReplaceAttr: withoutTime})),
	})
	s.dialer.clock, s.dialer.settle, s.dialer.rest = func() time.Time { return standing }, time.Hour, 0
	return s
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// watch plays one connection and returns what was reported and logged. The events
// come after the first snapshot, and then the connection is cut.
func (s *stage) watch(p part) string {
	s.t.Helper()
	whole := strings.HasSuffix(p.events, "\r\n\r\n")
	s.mu.Lock()
	s.part = p
	s.mu.Unlock()
	s.logged.Reset()
	var b strings.Builder
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	var played chan struct{}
	err := s.dialer.Watch(ctx, func(told coaching.Sighting) error {
		if _, ok := told.(coaching.Alive); ok {
			return nil
		}
		b.WriteString(line(told))
		if _, ok := told.(coaching.Snapshot); ok && played == nil {
			played = make(chan struct{})
			client := s.server.Client()
			go func() {
				defer close(played)
				s.play(client, p.events)
				if whole {
					s.settle(client)
				}
				client.Cut()
			}()
		}
		return nil
	})
	if played == nil {
		s.t.Fatalf("no snapshot: %v", err)
	}
	<-played
	switch {
	case errors.Is(err, errShutdown):
		b.WriteString("ended: stopping\n")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		b.WriteString("ended: cut\n")
	default:
		b.WriteString("ended: " + err.Error() + "\n")
	}
	return b.String() + s.logged.String()
}

// settle returns when all that was sent has been understood, what is to be asked was,
// and what is to be written on channels.
func (s *stage) settle(client *amitest.Client) {
	var w *watch
	if !eventually(client, func() bool { w = s.dialer.current(); return w != nil }) {
		return
	}
	if _, err := w.conn.Do(s.t.Context(), ami.NewAction("Ping")); err != nil || w.catchUp(s.t.Context()) != nil {
		return // it is over
	}
	eventually(client, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.dialer.mu.Lock()
		defer s.dialer.mu.Unlock()
		if w.lookingUp || len(w.model.unlisted) > 0 {
			return false
		}
		for id, l := range w.model.legs {
			if l.ch.mark != "" && s.marked[id] != l.ch.mark {
				return false
			}
		}
		return true
	})
}

// eventually looks every few milliseconds whether done, until a client is gone.
func eventually(client *amitest.Client, done func() bool) bool {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-client.Gone():
			return false
		}
	}
	return true
}

// part is one recorded connection: what was answered to the lists, and the events.
type part struct {
	boot                     []string
	began                    string // Timestamp of the first event that has one
	channels, states, queues [][]string
	events                   string
}

// splitUp takes the answers out of what Asterisk sent. A first connection began
// with nothing alive; its lists came in the midst of events, and say nothing new.
func splitUp(c amitest.Connection) part {
	p := part{began: "1767225600.000000", boot: []string{"CoreStartupDate", "2026-11-22", "CoreStartupTime", "05:00:00"}}
	var events strings.Builder
	seen := false
	for message := range strings.SplitAfterSeq(c.FromServer(), "\r\n\r\n") {
		m, err := ami.NewReader(strings.NewReader(message)).Read()
		second := ""
		if len(m.Headers) > 1 {
			second = m.Headers[1].Key
		}
		switch {
		case err == nil && m.Get("CoreStartupTime") != "":
			p.boot = []string{"CoreStartupDate", m.Get("CoreStartupDate"), "CoreStartupTime", m.Get("CoreStartupTime")}
		case err == nil && m.Response() != "", m.Event() == "FullyBooted", strings.HasPrefix(message, "Asterisk Call Manager"):
		case m.Event() == "CoreShowChannel" && !seen:
			p.channels = append(p.channels, pairs(m))
		case m.Event() == "QueueMember" && !seen:
			p.queues = append(p.queues, pairs(m))
		case m.Event() == "DeviceStateChange" && second == "ActionID" && !seen:
			p.states = append(p.states, pairs(m))
		case m.Event() != "" && (second == "ActionID" || m.ActionID() != "" && m.Event() != "OriginateResponse"):
		default:
			if !seen && m.Get("Timestamp") != "" {
				p.began = m.Get("Timestamp")
			}
			seen = true
			events.WriteString(message)
		}
	}
	p.events = events.String()
	return p
}

// pairs are an item's name, and its headers after that but for the ActionID.
func pairs(m ami.Message) []string {
	item := []string{m.Event()}
	for _, h := range m.Headers[1:] {
		if h.Key != "ActionID" {
			item = append(item, h.Key, h.Value)
		}
	}
	return item
}

// No cut of a recording, at whatever byte, brings the adapter down, and no order
// of its messages.
func TestBrokenRecordings(t *testing.T) {
	t.Parallel()
	for _, path := range recordings(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			luck := chance(7)
			s := newStage(t, nil)
			p := splitUp(amitest.Load(t, path).Connections[0])
			whole := p.events
			if whole == "" {
				return // of the protocol only
			}
			for range 3 {
				p.events = whole[luck.IntN(len(whole)):]
				s.watch(p)
				p.events = whole[:luck.IntN(len(whole))]
				s.watch(p)
			}
			messages := strings.SplitAfter(whole, "\r\n\r\n")
			for range 2 {
				luck.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
				p.events = strings.Join(append(slices.Clone(messages), messages[:len(messages)/2]...), "")
				s.watch(p)
			}
		})
	}
}

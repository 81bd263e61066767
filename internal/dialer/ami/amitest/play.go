package amitest

import (
	"strings"
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// script is one recorded connection, made ready for another client.
type script struct {
	lines  []line
	hangUp bool // at the end; otherwise that is left to the client

	mu      sync.Mutex
	open    map[string]int           // actions still to come, by name
	waiting map[string][]ami.Message // that came and were not reached yet
	arrived chan struct{}            // closed and replaced when waiting grows
	played  chan struct{}
}

// line of the play: either text of the server, or an action to wait for.
type line struct {
	text       string
	action, id string // name in lower case; recorded ActionID
}

// newScript takes the actions for which awaited is true as cues, and leaves out
// the others with their answers.
func newScript(rec *Recording, number int, awaited func(action string) bool) *script {
	recorded := rec.Connections[number]
	s := &script{
		hangUp:  recorded.ClosedByServer || number+1 < len(rec.Connections),
		open:    make(map[string]int),
		waiting: make(map[string][]ami.Message),
		arrived: make(chan struct{}),
		played:  make(chan struct{}),
	}
	dropped := make(map[string]bool) // ActionIDs
	said := ""                       // by the client, until its empty line
	for _, step := range recorded.Steps {
		if !step.FromClient {
			s.lines = append(s.lines, line{text: without(step.Text, dropped)})
			continue
		}
		var actions []ami.Message
		actions, said = wholeActions(said + step.Text)
		for _, m := range actions {
			name := strings.ToLower(m.Get("Action"))
			switch {
			case name == "":
			case !awaited(name):
				dropped[m.ActionID()] = true
			default:
				s.lines = append(s.lines, line{action: name, id: m.ActionID()})
				s.open[name]++
			}
		}
	}
	return s
}

// wholeActions returns the actions in text and what follows the last of them.
func wholeActions(text string) (actions []ami.Message, rest string) {
	end := 0
	for _, blank := range []string{"\n\r\n", "\n\n"} {
		if at := strings.LastIndex(text, blank); at >= 0 {
			end = max(end, at+len(blank))
		}
	}
	reader := ami.NewReader(strings.NewReader(text[:end]))
	for {
		m, err := reader.Read()
		if err != nil {
			return actions, text[end:]
		}
		actions = append(actions, m)
	}
}

// without leaves out the answers to actions that the client does not send. What
// comes of an Originate is an event for all, with the ActionID of who asked.
func without(text string, dropped map[string]bool) string {
	var b strings.Builder
	for message := range strings.SplitAfterSeq(text, "\r\n\r\n") {
		id, _, _ := actionID(message)
		if id == "" || !dropped[id] || strings.HasPrefix(message, "Event: OriginateResponse\r\n") {
			b.WriteString(message)
		}
	}
	return b.String()
}

// withIDs puts the client's ActionIDs in the place of the recorded ones.
func withIDs(text string, ids map[string]string) string {
	var b strings.Builder
	for message := range strings.SplitAfterSeq(text, "\r\n\r\n") {
		id, from, to := actionID(message)
		if theirs, ok := ids[id]; ok && id != "" {
			message = message[:from] + theirs + message[to:]
		}
		b.WriteString(message)
	}
	return b.String()
}

// actionID finds the first ActionID of a message.
func actionID(message string) (id string, from, to int) {
	const key = "\r\nActionID: "
	at := strings.Index(message, key)
	if at < 0 {
		return "", 0, 0
	}
	from = at + len(key)
	to = from + strings.Index(message[from:]+"\r\n", "\r\n")
	return message[from:to], from, to
}

// take takes an action for which the script has a cue left.
func (s *script) take(m ami.Message) bool {
	name := strings.ToLower(m.Get("Action"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[name] == 0 {
		return false
	}
	s.open[name]--
	s.waiting[name] = append(s.waiting[name], m)
	close(s.arrived)
	s.arrived = make(chan struct{})
	return true
}

// next returns the oldest action of this name that waits, or a channel that is
// closed when it is worth asking again.
func (s *script) next(name string) (m ami.Message, ok bool, again <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.waiting[name]; len(w) > 0 {
		s.waiting[name] = w[1:]
		return w[0], true, nil
	}
	return m, false, s.arrived
}

// play speaks the server's part to the client.
func (c *Client) play() {
	ids := make(map[string]string) // the client's by the recorded
	for _, l := range c.script.lines {
		if l.action == "" {
			c.Send(withIDs(l.text, ids))
			continue
		}
		m, ok := c.cue(l.action)
		if !ok {
			return
		}
		ids[l.id] = m.ActionID()
	}
	close(c.script.played)
	if c.script.hangUp {
		c.Cut()
	}
}

// cue waits for an action of the client.
func (c *Client) cue(action string) (ami.Message, bool) {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		m, ok, again := c.script.next(action)
		if ok {
			return m, true
		}
		select {
		case <-again:
		case <-c.gone:
			return m, false
		case <-deadline.C:
			c.server.t.Errorf("the recording waited %s for action %s of the client", patience, action)
			c.Cut()
			return m, false
		}
	}
}

// Played is closed when all of the client's recorded connection has been sent. It
// is nil, and so never, for a client without a recording.
func (c *Client) Played() <-chan struct{} {
	if c.script == nil {
		return nil
	}
	return c.script.played
}

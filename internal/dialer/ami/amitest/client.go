package amitest

import (
	"cmp"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// Client is one connection to the Server, seen from the manager's side. Its
// methods may be called by any goroutine; each message is sent whole.
type Client struct {
	server *Server
	raw    net.Conn
	stream net.Conn
	script *script // nil without a recording
	gone   chan struct{}
	cut    sync.Once

	writing   sync.Mutex
	challenge string
	loggedIn  bool
}

func newClient(s *Server, raw, stream net.Conn, number int) *Client {
	c := &Client{server: s, raw: raw, stream: stream, gone: make(chan struct{})}
	if rec := s.opts.Recording; rec != nil && number < len(rec.Connections) {
		c.script = newScript(rec, number, c.scripted)
	}
	return c
}

// serve speaks to the client until either side ends the connection.
func (c *Client) serve() {
	defer c.Cut()
	switch {
	case c.script != nil:
		c.server.served.Go(c.play)
	case !c.server.opts.Mute:
		c.Send(cmp.Or(c.server.opts.Banner, "Asterisk Call Manager/11.0.0") + "\r\n")
	}
	actions := ami.NewReader(c.stream)
	for {
		m, err := actions.Read()
		if err != nil {
			return
		}
		c.server.note(func() { c.server.received = append(c.server.received, m) })
		c.answer(m)
	}
}

// scripted reports whether an action of the recording is awaited from the client.
func (c *Client) scripted(action string) bool {
	if strings.EqualFold(action, "Challenge") || c.server.handler(action) != nil {
		return false
	}
	for _, skipped := range c.server.opts.Skip {
		if strings.EqualFold(action, skipped) {
			return false
		}
	}
	return true
}

func (c *Client) answer(m ami.Message) {
	name := m.Get("Action")
	if h := c.server.handler(name); h != nil {
		h(c, m)
		return
	}
	if c.script != nil && c.script.take(m) {
		return
	}
	c.defaultAnswer(m)
}

// Send sends text as it is, in the pieces of Options. What cannot be sent is lost:
// the client has gone, and that is its test's business.
func (c *Client) Send(text string) {
	c.writing.Lock()
	defer c.writing.Unlock()
	pieces := c.server.opts.Pieces
	if pieces == nil {
		pieces = Whole
	}
	if err := c.stream.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return
	}
	for len(text) > 0 {
		n := min(max(pieces(len(text)), 1), len(text))
		if _, err := c.stream.Write([]byte(text[:n])); err != nil {
			return
		}
		text = text[n:]
	}
}

// Success answers an action. More headers follow as key, value, key, value.
func (c *Client) Success(action ami.Message, keyValues ...string) {
	c.Send(Text(append([]string{"Response", "Success", "ActionID", action.ActionID()}, keyValues...)...))
}

// Error refuses an action with Asterisk's text.
func (c *Client) Error(action ami.Message, text string) {
	c.Send(Text("Response", "Error", "ActionID", action.ActionID(), "Message", text))
}

// List answers a list action whole: items hold their name, then key, value, ….
func (c *Client) List(action ami.Message, complete string, items ...[]string) {
	id := action.ActionID()
	text := Text("Response", "Success", "ActionID", id, "EventList", "start", "Message", "Items will follow")
	for _, item := range items {
		text += Text(append([]string{"Event", item[0], "ActionID", id}, item[1:]...)...)
	}
	text += Text("Event", complete, "ActionID", id, "EventList", "Complete", "ListItems", strconv.Itoa(len(items)))
	c.Send(text)
}

// Event sends an event of class call to the client.
func (c *Client) Event(name string, keyValues ...string) {
	c.Send(Text(append([]string{"Event", name, "Privilege", "call,all"}, keyValues...)...))
}

// Cut ends the connection at once.
func (c *Client) Cut() {
	c.cut.Do(func() {
		close(c.gone)
		c.raw.Close()
	})
}

// Gone is closed when the connection has ended, from either side.
func (c *Client) Gone() <-chan struct{} { return c.gone }

// Text is a message as it is on the wire, of key, value, key, value, ….
func Text(keyValues ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(keyValues); i += 2 {
		b.WriteString(keyValues[i] + ": " + keyValues[i+1] + "\r\n")
	}
	return b.String() + "\r\n"
}

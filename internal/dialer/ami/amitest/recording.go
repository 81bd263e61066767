package amitest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Recording is what went over the wire between a client and a real Asterisk: one
// or more connections, one after the other.
type Recording struct {
	Connections []Connection
}

// Connection is one of them.
type Connection struct {
	Steps          []Step
	ClosedByServer bool
}

// Step is what one side sent before the other side spoke again.
type Step struct {
	FromClient bool
	Text       string
}

// Load reads a recording from a file.
func Load(t testing.TB, path string) *Recording {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("load a recording: %v", err)
	}
	return Parse(string(text))
}

// speaker is a marker line, or one at the end of a line that was cut there.
var speaker = regexp.MustCompile(`(>>>|<<<) \d+\.\d+\n$`)

// Parse reads a recording. Lines that end in LF alone are markers (`>>> t` the
// client speaks, `<<< t` the server, `===` the end, `#` a comment), all others are
// bytes of the wire. A client also sent lines that end in LF alone, and markers
// stand within its lines where it paused: whatever looks like no marker is wire.
// (testdata/protocol-oddities.ami)
func Parse(text string) *Recording {
	p := parser{rec: new(Recording)}
	for line := range strings.Lines(text) {
		p.line(line)
	}
	return p.rec
}

type parser struct {
	rec        *Recording
	fromClient bool
	ended      bool // the connection being read has ended, or none has begun
	started    bool
}

func (p *parser) line(line string) {
	if strings.HasSuffix(line, "\r\n") {
		p.wire(line)
		return
	}
	switch at := speaker.FindStringIndex(line); {
	case at != nil:
		if at[0] > 0 {
			p.wire(line[:at[0]])
		}
		p.fromClient = line[at[0]] == '>'
	case strings.HasPrefix(line, "=== closed"):
		if p.started && !p.ended {
			p.last().ClosedByServer = strings.HasPrefix(line, "=== closed by server")
		}
		p.ended = true
	case strings.HasPrefix(line, "# "):
	default:
		p.wire(line)
	}
}

func (p *parser) wire(text string) {
	if !p.started || p.ended {
		p.rec.Connections = append(p.rec.Connections, Connection{})
		p.started, p.ended = true, false
	}
	c := p.last()
	if n := len(c.Steps); n > 0 && c.Steps[n-1].FromClient == p.fromClient {
		c.Steps[n-1].Text += text
		return
	}
	c.Steps = append(c.Steps, Step{FromClient: p.fromClient, Text: text})
}

func (p *parser) last() *Connection {
	return &p.rec.Connections[len(p.rec.Connections)-1]
}

// FromServer returns all that Asterisk sent on this connection.
func (c Connection) FromServer() string { return c.sent(false) }

// FromClient returns all that the recorded client sent.
func (c Connection) FromClient() string { return c.sent(true) }

func (c Connection) sent(fromClient bool) string {
	var b strings.Builder
	for _, s := range c.Steps {
		if s.FromClient == fromClient {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

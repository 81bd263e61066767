package proxytest

import (
	"context"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy is a way to a server. Its methods may be called at any time, from any
// goroutine, and hold for connections that are there and for new ones, unless they
// say otherwise.
type Proxy struct {
	// URL is the server's, with the proxy in the place of its host and port.
	URL string

	target string

	mu       sync.Mutex
	lines    map[*line]bool
	open     chan struct{} // closed while new connections carry
	refusing bool
}

// line is a connection from a client and the one to the server that goes with it.
// Its fields are under the Proxy's lock, but for over.
type line struct {
	client, server net.Conn      // server is nil until it is there
	open           chan struct{} // closed while it carries
	frozen         bool
	over           chan struct{} // closed with both connections
}

// New begins a way to the server of a URL. It works.
func New(t testing.TB, server string) *Proxy {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{target: u.Host, lines: map[*line]bool{}, open: closed()}
	u.Host = listener.Addr().String()
	p.URL = u.String()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.carry(ctx, client) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		p.Refuse() // those that were accepted just now
		p.Cut()
		all.Wait()
	})
	return p
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// Work has everything work. What was held back while it hung goes on its way, late;
// connections that were frozen are cut.
func (p *Proxy) Work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = false
	for l := range p.lines {
		if l.frozen {
			p.cut(l)
		} else {
			carryOn(l.open)
		}
	}
	carryOn(p.open)
}

func carryOn(open chan struct{}) {
	select {
	case <-open:
	default:
		close(open)
	}
}

// Hang has everything hang, as a network that has broken in two: nothing is
// carried, nothing is refused, and not even an end is noticed.
func (p *Proxy) Hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = make(chan struct{})
	for l := range p.lines {
		if !l.frozen {
			l.open = p.open
		}
	}
}

// Freeze has the connections that are there carry nothing any more, as a firewall
// that has forgotten them. New ones work.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		l.open, l.frozen = make(chan struct{}), true
	}
}

// Cut ends the connections that are there, without a word. New ones work.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		p.cut(l)
	}
}

// Refuse refuses new connections. Those that are there work.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = true
}

// cut ends a line; the other sides are told by a reset.
func (p *Proxy) cut(l *line) {
	reset(l.client)
	if l.server != nil {
		reset(l.server)
	}
	p.end(l)
}

func reset(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = conn.Close()
}

func (p *Proxy) end(l *line) {
	if !p.lines[l] {
		return
	}
	delete(p.lines, l)
	_ = l.client.Close()
	if l.server != nil {
		_ = l.server.Close()
	}
	close(l.over)
}

// carry carries one client's connection until either side ends it.
func (p *Proxy) carry(ctx context.Context, client net.Conn) {
	l, ok := p.begin(client)
	if !ok || !p.passes(l) {
		return
	}
	server, err := new(net.Dialer).DialContext(ctx, "tcp", p.target)
	p.mu.Lock()
	switch {
	case err != nil:
		p.cut(l)
	case !p.lines[l]: // it was cut meanwhile
		_ = server.Close()
	default:
		l.server = server
	}
	alive := p.lines[l]
	p.mu.Unlock()
	if !alive {
		return
	}
	var back sync.WaitGroup
	back.Go(func() { p.pump(l, client, server) })
	p.pump(l, server, client)
	back.Wait()
}

func (p *Proxy) begin(client net.Conn) (*line, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refusing {
		reset(client)
		return nil, false
	}
	l := &line{client: client, open: p.open, over: make(chan struct{})}
	p.lines[l] = true
	return l, true
}

// pump carries one direction. An end is carried as all else, and ends both.
func (p *Proxy) pump(l *line, to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !p.passes(l) {
			return
		}
		if _, bad := to.Write(buffer[:n]); err != nil || bad != nil {
			p.mu.Lock()
			p.end(l)
			p.mu.Unlock()
			return
		}
	}
}

// passes waits while a line hangs, and tells whether it goes on.
func (p *Proxy) passes(l *line) bool {
	for {
		p.mu.Lock()
		open := l.open
		p.mu.Unlock()
		select {
		case <-l.over:
			return false
		case <-open:
		}
		p.mu.Lock()
		still, alive := l.open == open, p.lines[l]
		p.mu.Unlock()
		if still || !alive {
			return alive
		}
	}
}

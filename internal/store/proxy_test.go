package store

import (
	"io"
	"net"
	neturl "net/url"
	"sync"
	"testing"
)

// proxy is a way to a database that can hang.
type proxy struct {
	url    string
	target string

	mu     sync.Mutex
	conns  []net.Conn
	frozen chan struct{} // closed when the connections there are then carry nothing more
	shut   bool          // new ones are frozen from the start
}

func newProxy(t *testing.T, database string) *proxy {
	t.Helper()
	u, err := neturl.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{target: u.Host, frozen: make(chan struct{})}
	u.Host = listener.Addr().String()
	p.url = u.String()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.carry(client, &all) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		all.Wait()
	})
	return p
}

func (p *proxy) carry(client net.Conn, all *sync.WaitGroup) {
	p.mu.Lock()
	p.conns = append(p.conns, client)
	frozen, shut := p.frozen, p.shut
	p.mu.Unlock()
	if shut {
		return // open, and silent
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.conns = append(p.conns, server)
	p.mu.Unlock()
	pump := func(to, from net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			select {
			case <-frozen:
				_, _ = io.Copy(io.Discard, from)
				return
			default:
			}
			if _, bad := to.Write(buffer[:n]); err != nil || bad != nil {
				_ = to.Close()
				return
			}
		}
	}
	all.Go(func() { pump(server, client) })
	pump(client, server)
}

// freeze has all connections hang; new ones work.
func (p *proxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.frozen)
	p.frozen = make(chan struct{})
}

// hang has all connections hang, also new ones.
func (p *proxy) hang() {
	p.freeze()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = true
}

// work has new connections work again.
func (p *proxy) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = false
}

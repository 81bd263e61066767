package proxytest_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/housetest/proxytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patience = 20 * time.Second
	// aWhile is how long a silence is listened to: too short a while only makes a
	// test see less.
	aWhile = 50 * time.Millisecond
)

// echo is a server that sends back what it gets, until the test ends. It returns a
// URL.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		all.Wait()
	})
	return "echo://user@" + listener.Addr().String() + "/name?option=1"
}

// caller is a client's connection.
type caller struct {
	t *testing.T
	net.Conn
}

func call(t *testing.T, p *proxytest.Proxy) caller {
	t.Helper()
	conn, err := dial(t, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return caller{t, conn}
}

func dial(t *testing.T, p *proxytest.Proxy) (net.Conn, error) {
	t.Helper()
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	return net.DialTimeout("tcp", u.Host, patience)
}

// refuses wants a new connection to come to nothing, at once or in a moment.
func refuses(t *testing.T, p *proxytest.Proxy) {
	t.Helper()
	if conn, err := dial(t, p); err == nil {
		defer func() { _ = conn.Close() }()
		caller{t, conn}.isCut()
	}
}

func (c caller) says(text string) {
	c.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c caller) hears(text string) {
	c.t.Helper()
	if got, err := c.listen(len(text), patience); got != text {
		c.t.Fatalf("got %q (%v), want %q", got, err, text)
	}
}

func (c caller) hearsNothing() {
	c.t.Helper()
	if got, err := c.listen(1, aWhile); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("got %q (%v), want a connection that is silent", got, err)
	}
}

func (c caller) isCut() {
	c.t.Helper()
	if got, err := c.listen(1, patience); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("got %q (%v), want a connection that is cut", got, err)
	}
}

func (c caller) listen(n int, within time.Duration) (string, error) {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		c.t.Fatal(err)
	}
	buffer := make([]byte, n)
	n, err := io.ReadFull(c, buffer)
	return string(buffer[:n]), err
}

func works(t *testing.T, p *proxytest.Proxy) caller {
	t.Helper()
	c := call(t, p)
	c.says("hello")
	c.hears("hello")
	return c
}

func TestTheURLIsTheServersByAnotherWay(t *testing.T) {
	t.Parallel()
	server := echo(t)
	got, err := url.Parse(proxytest.New(t, server).URL)
	if err != nil {
		t.Fatal(err)
	}
	want, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	if got.Host == want.Host {
		t.Errorf("got the server's own host %s", got.Host)
	}
	want.Host = got.Host
	if got.String() != want.String() {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhatWasHeldBackComesLate(t *testing.T) {
	t.Parallel()
	p := proxytest.New(t, echo(t))
	old := works(t, p)
	p.Hang()
	anew := call(t, p)
	for _, c := range []caller{old, anew} {
		c.says("late")
		c.hearsNothing()
	}
	p.Work()
	for _, c := range []caller{old, anew} {
		c.hears("late")
		c.says("and more")
		c.hears("and more")
	}
}

func TestAnEndIsHeldBackToo(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	p := proxytest.New(t, "any://"+listener.Addr().String())
	client := call(t, p)
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server := caller{t, conn}
	defer func() { _ = server.Close() }()
	client.says("hello")
	server.hears("hello")
	p.Hang()
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	server.hearsNothing()
	p.Work()
	server.isCut()
}

func TestFrozenConnectionsStaySo(t *testing.T) {
	t.Parallel()
	p := proxytest.New(t, echo(t))
	old := works(t, p)
	p.Freeze()
	old.says("lost")
	old.hearsNothing()
	works(t, p)
	p.Hang() // takes the frozen ones for nothing else
	p.Work()
	old.isCut()
	works(t, p)
}

func TestCutConnections(t *testing.T) {
	t.Parallel()
	p := proxytest.New(t, echo(t))
	old := works(t, p)
	p.Cut()
	old.isCut()
	works(t, p)
}

func TestCutWhileItHangs(t *testing.T) {
	t.Parallel()
	p := proxytest.New(t, echo(t))
	old := works(t, p)
	p.Hang()
	old.says("lost")
	p.Cut()
	old.isCut()
	p.Work()
	works(t, p)
}

func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	p := proxytest.New(t, echo(t))
	old := works(t, p)
	p.Refuse()
	refuses(t, p)
	old.says("on")
	old.hears("on")
	p.Work()
	works(t, p)
}

func TestAServerThatIsAway(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	p := proxytest.New(t, "any://"+listener.Addr().String())
	refuses(t, p)
}

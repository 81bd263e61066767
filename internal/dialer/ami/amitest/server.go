package amitest

import (
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// patience bounds every wait for the client under test.
const patience = 20 * time.Second

// Options say what manager to be. The zero value greets, accepts any login, says
// FullyBooted, and answers Ping and Logoff; any other action is unknown to it.
type Options struct {
	Banner string // "Asterisk Call Manager/11.0.0" if empty; a line end is added

	// Username and Secret, when set, are the only ones to be let in.
	Username, Secret string
	NotBooted        bool // do not say FullyBooted after a login
	Mute             bool // do not greet
	TLS              *tls.Config

	// Handlers answer actions by name, before everything else: before the
	// recording, and before the login.
	Handlers map[string]Handler

	// Recording is played: its first connection to the first client, and so on;
	// later clients meet the manager without a recording. An action of the
	// recording is awaited from the client, by name, and answered as recorded,
	// with the client's ActionID. What the client asks beyond that goes to the
	// default answers.
	Recording *Recording
	// Skip names recorded actions that this client will not send, such as the
	// Originate with which the recording was made. They are not awaited, and
	// their answers are left out.
	Skip []string

	// Pieces cuts what is sent; Whole if nil.
	Pieces Pieces
}

// Handler answers one action, or does not. The handlers of one client run one
// after the other, as in Asterisk.
type Handler func(c *Client, action ami.Message)

// Server is a manager for one test. Its methods may be called by any goroutine of
// the test.
type Server struct {
	t        testing.TB
	opts     Options
	listener net.Listener
	served   sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	handlers map[string]Handler
	clients  []*Client
	received []ami.Message // not yet taken by Received
	changed  chan struct{} // closed and replaced when clients or received grow
}

// New starts a manager that ends with the test.
func New(t testing.TB, opts Options) *Server {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start a manager: %v", err)
	}
	s := &Server{
		t: t, opts: opts, listener: listener,
		handlers: make(map[string]Handler),
		changed:  make(chan struct{}),
	}
	for name, h := range opts.Handlers {
		s.Handle(name, h)
	}
	s.served.Go(s.accept)
	t.Cleanup(s.Close)
	return s
}

// Addr is where to dial, host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Handle sets the answer to an action from now on.
func (s *Server) Handle(action string, h Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers[strings.ToLower(action)] = h
}

func (s *Server) handler(action string) Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handlers[strings.ToLower(action)]
}

// Client returns the newest client, waiting for the first.
func (s *Server) Client() *Client {
	s.t.Helper()
	var c *Client
	s.wait("a client", func() bool {
		if n := len(s.clients); n > 0 {
			c = s.clients[n-1]
		}
		return c != nil
	})
	return c
}

// Received waits for the next action of this name, from any client, and takes it:
// a second call waits for a second one.
func (s *Server) Received(action string) ami.Message {
	s.t.Helper()
	var found ami.Message
	s.wait("action "+action, func() bool {
		for i, m := range s.received {
			if strings.EqualFold(m.Get("Action"), action) {
				found = m
				s.received = append(s.received[:i:i], s.received[i+1:]...)
				return true
			}
		}
		return false
	})
	return found
}

// Untaken returns the names of the actions that came and that Received has not
// taken, logins and pings left out.
func (s *Server) Untaken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, m := range s.received {
		switch name := m.Get("Action"); strings.ToLower(name) {
		case "challenge", "login", "ping":
		default:
			names = append(names, name)
		}
	}
	return names
}

// wait returns when found, which runs under the lock, returns true.
func (s *Server) wait(what string, found func() bool) {
	s.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		ok, changed := found(), s.changed
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			s.t.Fatalf("the manager waited %s for %s", patience, what)
		}
	}
}

func (s *Server) note(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Drop cuts all connections and takes new ones as before.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		c.Cut()
	}
}

// Close ends the manager and returns when its goroutines are gone.
func (s *Server) Close() {
	s.listener.Close()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Drop()
	s.served.Wait()
}

func (s *Server) accept() {
	for number := 0; ; number++ {
		raw, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		stream := raw
		if s.opts.TLS != nil {
			stream = tls.Server(raw, s.opts.TLS)
		}
		c := newClient(s, raw, stream, number)
		s.note(func() {
			s.clients = append(s.clients, c)
			if s.closed {
				c.Cut()
			}
		})
		s.served.Go(c.serve)
	}
}

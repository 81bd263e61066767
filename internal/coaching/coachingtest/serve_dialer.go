package coachingtest

import (
	"context"
	"encoding/gob"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// DialerServer serves a dialer to any number of FarDialers.
//
// Only one of them watches: whoever comes next is told everything from then on.
// The one before is told nothing any more, and not that either: its connection
// stays open, with what was on its way, as when the one who watched was paused and
// nobody knew. It may still ask for hang-ups, which are carried out.
//
// A client that does not read is cut off after a while; it holds nobody up.
type DialerServer struct {
	Address string

	dialer coaching.Dialer
	ctx    context.Context // of the server's life
	all    sync.WaitGroup

	turn     sync.Mutex // one watch begins at a time
	watching *farClient // who began last; nil before the first

	mu      sync.Mutex
	watches []FarWatch
	asks    []FarAsk
}

// FarWatch is a watch that a client of a DialerServer began.
type FarWatch struct {
	Client  string
	BegunAt time.Time
}

// FarAsk is a hang-up that a client of a DialerServer asked for.
type FarAsk struct {
	coaching.HangUp
	Client     string
	Watch      int       // which of the watches asked: an index of Watches
	WrittenAt  time.Time // when the client began to write it
	AnsweredAt time.Time // zero while it is not answered
	Verdict    coaching.Verdict
}

// farClient is the server's end of a watch's connection.
type farClient struct {
	conn  net.Conn
	watch int
	tell  chan farTold
	gone  chan struct{} // closed when the connection is over
	// supersede ends the watch for somebody else's; ended is closed when it is over.
	supersede context.CancelCauseFunc
	ended     chan struct{}
}

// farRoom is how many reports wait for a client that does not read.
const farRoom = 1 << 12

var (
	errFarSlow       = errors.New("the client took too long: reports were lost")
	errFarSuperseded = errors.New("somebody else watches")
)

// ServeDialer serves a dialer on a port of the loopback until the test ends.
func ServeDialer(t testing.TB, dialer coaching.Dialer) *DialerServer {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &DialerServer{Address: listener.Addr().String(), dialer: dialer, ctx: ctx}
	s.all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.all.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		s.all.Wait()
	})
	return s
}

// Watches are all watches that were begun, in that order.
func (s *DialerServer) Watches() []FarWatch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.watches)
}

// Asks are all hang-ups that were asked for, in the order of their arrival.
func (s *DialerServer) Asks() []FarAsk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asks)
}

// serve serves one connection until the client ends it, or it is cut.
func (s *DialerServer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(s.ctx, func() { _ = conn.Close() })()
	receive := gob.NewDecoder(conn)
	var hello farHello
	if receive.Decode(&hello) != nil {
		return
	}
	ctx, end := context.WithCancelCause(s.ctx)
	defer end(nil)
	c := &farClient{
		conn: conn, tell: make(chan farTold, farRoom), gone: make(chan struct{}),
		supersede: end, ended: make(chan struct{}),
	}
	defer close(c.gone)
	s.begin(c, hello.Client)
	s.all.Go(c.write)
	s.all.Go(func() { s.watch(ctx, c) })
	for {
		var ask farAsk
		if receive.Decode(&ask) != nil {
			return
		}
		s.all.Go(func() { s.hangUp(c, hello.Client, ask) })
	}
}

// begin ends the watch of the one before, if it lasts.
func (s *DialerServer) begin(c *farClient, client string) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if before := s.watching; before != nil {
		before.supersede(errFarSuperseded)
		<-before.ended
	}
	s.watching = c
	s.mu.Lock()
	defer s.mu.Unlock()
	c.watch = len(s.watches)
	s.watches = append(s.watches, FarWatch{Client: client, BegunAt: time.Now()})
}

// watch has a client told what the dialer reports.
func (s *DialerServer) watch(ctx context.Context, c *farClient) {
	defer close(c.ended)
	err := s.dialer.Watch(ctx, func(told coaching.Sighting) error { return c.report(farTold{Sighting: told}) })
	switch {
	case errors.Is(context.Cause(ctx), errFarSuperseded):
	case errors.Is(err, errFarSlow):
		_ = c.conn.Close()
	default:
		_ = c.report(farTold{Lost: err.Error()})
	}
}

func (c *farClient) report(told farTold) error {
	select {
	case c.tell <- told:
		return nil
	default:
		return errFarSlow
	}
}

// write writes what a client is to be told, until it is told that this is all, or
// is gone.
func (c *farClient) write() {
	for send := gob.NewEncoder(c.conn); ; {
		select {
		case told := <-c.tell:
			if err := send.Encode(told); err != nil || told.Lost != "" {
				_ = c.conn.Close()
				return
			}
		case <-c.gone:
			return
		}
	}
}

// hangUp has the dialer carry out an ask, whoever it is from.
func (s *DialerServer) hangUp(c *farClient, client string, ask farAsk) {
	s.mu.Lock()
	n := len(s.asks)
	s.asks = append(s.asks, FarAsk{HangUp: ask.HangUp, Client: client, Watch: c.watch, WrittenAt: ask.WrittenAt})
	s.mu.Unlock()
	ctx := s.ctx
	if ask.Within > 0 {
		bounded, cancel := context.WithTimeout(ctx, ask.Within)
		defer cancel()
		ctx = bounded
	}
	verdict, err := s.dialer.HangUp(ctx, ask.HangUp)
	s.mu.Lock()
	s.asks[n].Verdict, s.asks[n].AnsweredAt = verdict, time.Now()
	s.mu.Unlock()
	answer := farAnswer{ID: ask.ID, Verdict: verdict}
	if err != nil {
		answer.Cause = err.Error()
	}
	_ = c.report(farTold{Answer: &answer}) // who does not read is not told
}

package coachingtest

import (
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// FarDialer is the dialer that ServeDialer serves at an address, perhaps in another
// process. The client's name is for the server's records.
//
// A watch is one connection, on which hang-ups are asked for too: so the answer to
// one comes after all that was reported before it.
func FarDialer(address, client string) coaching.Dialer {
	return &farDialer{address: address, client: client}
}

type farDialer struct {
	address, client string

	mu   sync.Mutex
	line *farLine // of the watch under way; nil if there is none
}

// What goes over a line. It is gob: the first is a farHello, then the client sends
// farAsks and the server farTolds.
type (
	farHello struct{ Client string }

	farAsk struct {
		ID        int
		HangUp    coaching.HangUp
		WrittenAt time.Time
		Within    time.Duration // how long the answer is waited for
	}

	// farTold is a report, an answer, or why there is nothing more to come.
	farTold struct {
		Sighting coaching.Sighting
		Answer   *farAnswer
		Lost     string
	}

	farAnswer struct {
		ID      int
		Verdict coaching.Verdict
		Cause   string // "" for none
	}
)

func init() {
	for _, s := range []coaching.Sighting{
		coaching.SnapshotBegun{}, coaching.Snapshot{}, coaching.Attached{}, coaching.Detached{},
		coaching.CallSeen{}, coaching.UserSeen{}, coaching.Alive{},
	} {
		gob.Register(s)
	}
}

var errFarAway = errors.New("there is no connection to the dialer")

// farLine is the client's end of a watch's connection.
type farLine struct {
	conn net.Conn
	lost chan struct{} // closed when the watch is over

	mu      sync.Mutex
	send    *gob.Encoder
	asks    int
	answers map[int]chan farAnswer // of asks that are waited for; each has room for its answer
}

// Watch implements coaching.Dialer.
func (d *farDialer) Watch(ctx context.Context, report func(coaching.Sighting) error) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.address)
	if err != nil {
		return cmp.Or(ctx.Err(), fmt.Errorf("connect to the dialer: %w", err))
	}
	hangUp := func() { _ = conn.Close() }
	defer hangUp()
	defer context.AfterFunc(ctx, hangUp)()
	l := &farLine{conn: conn, lost: make(chan struct{}), send: gob.NewEncoder(conn), answers: map[int]chan farAnswer{}}
	if err := l.send.Encode(farHello{d.client}); err != nil {
		return cmp.Or(ctx.Err(), fmt.Errorf("greet the dialer: %w", err))
	}
	d.use(l)
	defer d.drop(l)
	return l.listen(ctx, report)
}

// use has hang-ups asked for on a line.
func (d *farDialer) use(l *farLine) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.line = l
}

func (d *farDialer) drop(l *farLine) {
	d.use(nil)
	close(l.lost)
}

func (l *farLine) listen(ctx context.Context, report func(coaching.Sighting) error) error {
	for receive := gob.NewDecoder(l.conn); ; {
		var told farTold
		err := receive.Decode(&told)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("the connection to the dialer is lost: %w", err)
		case told.Lost != "":
			return errors.New(told.Lost)
		case told.Answer != nil:
			l.answer(*told.Answer)
			continue
		}
		if err := report(told.Sighting); err != nil {
			return err
		}
	}
}

func (l *farLine) answer(a farAnswer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if waiting := l.answers[a.ID]; waiting != nil {
		waiting <- a
		delete(l.answers, a.ID)
	}
}

// HangUp implements coaching.Dialer.
func (d *farDialer) HangUp(ctx context.Context, ask coaching.HangUp) (coaching.Verdict, error) {
	d.mu.Lock()
	l := d.line
	d.mu.Unlock()
	if l == nil {
		return coaching.Unreachable, errFarAway
	}
	answer, err := l.ask(ctx, ask)
	if err != nil {
		return coaching.Unreachable, err
	}
	select {
	case a := <-answer:
		return a.verdict()
	case <-l.lost:
		err = errFarAway
	case <-ctx.Done():
		err = ctx.Err()
	}
	select {
	case a := <-answer: // it came in the same instant
		return a.verdict()
	default:
		return coaching.NoAnswer, fmt.Errorf("waiting for the dialer's answer: %w", err)
	}
}

// ask writes an ask, unless it is too late for that by the clock. An error tells
// that nothing was asked: what was not wholly written, nobody reads.
func (l *farLine) ask(ctx context.Context, ask coaching.HangUp) (<-chan farAnswer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer := make(chan farAnswer, 1)
	l.asks++
	l.answers[l.asks] = answer
	out := farAsk{ID: l.asks, HangUp: ask, WrittenAt: time.Now()}
	if deadline, ok := ctx.Deadline(); ok {
		out.Within = deadline.Sub(out.WrittenAt)
	}
	err := ctx.Err()
	if err == nil && out.Within < 0 {
		err = context.DeadlineExceeded
	}
	if err == nil {
		err = l.send.Encode(out)
	}
	if err != nil {
		delete(l.answers, out.ID)
		return nil, fmt.Errorf("ask the dialer: %w", err)
	}
	return answer, nil
}

func (a farAnswer) verdict() (coaching.Verdict, error) {
	if a.Cause != "" {
		return a.Verdict, errors.New(a.Cause)
	}
	return a.Verdict, nil
}

package ami

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is one connection to a manager, logged in.
//
// All methods may be called by any number of goroutines at once, except that
// Events is one queue: what one consumer takes no other sees. Two goroutines serve
// a Conn, one reads and one writes, until it ends: by Close, by the peer, or by
// one of the errors Err may return. It does not connect again; Dial does.
type Conn struct {
	cfg    Config
	banner string
	raw    net.Conn // to close
	stream net.Conn // to write; the same without TLS
	reader *Reader

	ids      ids
	mu       sync.Mutex
	calls    map[string]*call // by ActionID; guarded by mu
	outgoing chan outgoing    // unbuffered: taken means it may have been sent
	queue    *queue
	seq      atomic.Uint64 // newest Message.Seq
	discards discards

	booted   chan struct{} // closed at the first FullyBooted
	isBooted bool          // the reader's own
	born     time.Time
	heard    atomic.Int64 // nanoseconds after born, on the monotonic clock

	ending sync.Once
	done   chan struct{}
	err    error // why it ended; readable once done is closed
	served sync.WaitGroup
}

func newConn(cfg Config, raw, stream net.Conn) *Conn {
	c := &Conn{
		cfg: cfg, raw: raw, stream: stream,
		ids:      ids{connection: rand.Text()},
		calls:    make(map[string]*call),
		outgoing: make(chan outgoing),
		queue:    newQueue(cfg.QueueLength, cfg.QueueBytes),
		booted:   make(chan struct{}),
		born:     time.Now(),
		done:     make(chan struct{}),
	}
	c.reader = NewReader(hearing{c})
	c.reader.Ignore(cfg.Ignored)
	return c
}

func (c *Conn) start() {
	c.served.Go(c.readAll)
	c.served.Go(c.writeAll)
}

// hearing notes the time of every read that brought something.
type hearing struct{ c *Conn }

func (h hearing) Read(p []byte) (int, error) {
	n, err := h.c.stream.Read(p)
	if n > 0 {
		h.c.heard.Store(int64(time.Since(h.c.born)))
	}
	return n, err
}

// LastHeard returns when the peer last sent anything at all; before that, when the
// connection was made.
func (c *Conn) LastHeard() time.Time {
	return c.born.Add(time.Duration(c.heard.Load()))
}

// Banner returns the manager's greeting, as in "Asterisk Call Manager/11.0.0".
func (c *Conn) Banner() string { return c.banner }

// Booted reports whether the manager has said FullyBooted. If it has not when Dial
// returns, either the user lacks the read class "system", or Asterisk is still
// booting: then FullyBooted comes as an event later, and what was listed before
// should be listed again.
func (c *Conn) Booted() bool {
	select {
	case <-c.booted:
		return true
	default:
		return false
	}
}

// Seq returns the Message.Seq of the newest message that arrived, whether or not
// it was taken from Events.
func (c *Conn) Seq() uint64 { return c.seq.Load() }

// Err returns nil while the connection lives, and then why it ended, always the
// same: ErrClosed after Close, ErrOverflow, ErrSilent, ErrProtocol, io.EOF or
// io.ErrUnexpectedEOF when the peer hung up, or the network's error.
func (c *Conn) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// endError is Err for one who wanted something of an ended connection.
func (c *Conn) endError() error {
	cause := c.Err()
	if errors.Is(cause, ErrClosed) {
		return cause
	}
	return fmt.Errorf("%w: %w", ErrClosed, cause)
}

// Close ends the connection, if it has not ended, and returns when its goroutines
// are gone. Whoever waits in Do or List gets ErrClosed. It may be repeated.
func (c *Conn) Close() {
	c.end(ErrClosed)
	c.served.Wait()
}

// end ends the connection; the first cause stays. It waits for nobody.
func (c *Conn) end(cause error) {
	c.ending.Do(func() {
		if errors.Is(cause, io.EOF) {
			cause = fmt.Errorf("the manager hung up: %w", cause)
		}
		c.err = cause
		close(c.done)
		c.raw.Close()
	})
}

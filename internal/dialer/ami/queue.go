package ami

import "fmt"

// Events returns the events in the order they arrived, from the login on: all that
// the user may read, OriginateResponse included, list items and answers not. It is
// closed after the last event of an ended connection; Err says then why it ended.
//
// It is a channel, because its consumer has more to wait for in the same select:
// requests to hang up, a timer to list again, its own end. It is one queue,
// bounded by number and by memory, and nothing in it is ever dropped. Whoever does
// not keep up loses the connection instead, with ErrOverflow, and so knows that he
// must ask for everything anew.
func (c *Conn) Events() <-chan Message { return c.queue.out }

// queue bounds the bytes of a buffered channel. Only the reader pushes.
type queue struct {
	out      chan Message
	maxBytes uint64
	pushed   uint64   // messages so far
	sums     []uint64 // bytes of the first n messages, at n modulo its length
}

func newQueue(length, bytes int) *queue {
	return &queue{
		out:      make(chan Message, length),
		maxBytes: uint64(bytes),
		sums:     make([]uint64, length+1),
	}
}

// push puts m into the queue or returns ErrOverflow. The consumer may take at the
// same time: then more is thought to be waiting than is, never less.
func (q *queue) push(m Message) error {
	waiting := uint64(len(q.out))
	size := uint64(m.size())
	sum := *q.sum(q.pushed)
	if held := sum - *q.sum(q.pushed - waiting); waiting > 0 && held+size > q.maxBytes {
		return fmt.Errorf("%w: %d events, %d bytes", ErrOverflow, waiting, held)
	}
	select {
	case q.out <- m:
	default:
		return fmt.Errorf("%w: %d events", ErrOverflow, waiting)
	}
	q.pushed++
	*q.sum(q.pushed) = sum + size
	return nil
}

func (q *queue) sum(messages uint64) *uint64 {
	return &q.sums[messages%uint64(len(q.sums))]
}

func (q *queue) close() { close(q.out) }

// size is about what the message takes in memory.
func (m Message) size() int {
	const message, header = 64, 32
	return message + header*len(m.Headers) + m.bytes
}

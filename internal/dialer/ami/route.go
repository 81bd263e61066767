package ami

import (
	"strings"
	"time"
)

// readAll reads until the connection ends. It is the only one to read, to put into
// the queue and to close it, and it never waits for a consumer: a client that
// stops reading is dropped by Asterisk after 3 MB, without a word why.
func (c *Conn) readAll() {
	defer c.queue.close()
	for {
		m, err := c.reader.Read()
		if err != nil {
			c.end(err)
			return
		}
		c.seq.Store(m.Seq)
		if err := c.route(m); err != nil {
			c.end(err)
			return
		}
	}
}

// route gives a message to whom it belongs. Answers, list items and events come
// interleaved; only the ActionID tells to which action one belongs.
func (c *Conn) route(m Message) error {
	switch {
	case m.Event() != "":
		return c.routeEvent(m)
	case m.Response() != "":
		c.routeAnswer(m)
	default:
		c.discards.debris.Add(1)
	}
	return nil
}

func (c *Conn) routeEvent(m Message) error {
	id := m.ActionID()
	switch {
	case c.ids.isList(id):
		c.routeItem(id, m)
	case m.privileged():
		if !c.isBooted && m.Event() == "FullyBooted" {
			c.isBooted = true
			close(c.booted)
		}
		return c.queue.push(m)
	case c.ids.ours(id):
		c.discards.unasked.Add(1) // items of a list that was asked for with Do
	default:
		c.discards.forged.Add(1)
	}
	return nil
}

func (c *Conn) routeItem(id string, m Message) {
	call := c.call(id)
	if call == nil {
		c.discards.unasked.Add(1)
		return
	}
	call.moved.Store(int64(time.Since(c.born)))
	if call.item(m, c.cfg.QueueBytes) {
		c.forget(id)
	}
}

func (c *Conn) routeAnswer(m Message) {
	id := m.ActionID()
	if id == c.ids.ping() {
		return // that it was heard is all that was wanted
	}
	call := c.call(id)
	if call == nil {
		c.discards.unasked.Add(1)
		return
	}
	if call.answered(m) {
		c.forget(id)
	}
}

func (c *Conn) call(id string) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[id]
}

func (c *Conn) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, id)
}

// isWord compares the words of the protocol, such as start and Complete, whose
// case differs between versions and modules.
func isWord(value, word string) bool {
	return strings.EqualFold(strings.TrimSpace(value), word)
}

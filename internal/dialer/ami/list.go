package ami

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Listing is a whole list.
type Listing struct {
	// Asked is the Seq of the newest message that had arrived when the list was
	// asked for. What an event after it tells may be newer than the list; what
	// one before it tells is not. Nothing more is known of their order: an
	// event that comes after the list may be older than it.
	Asked    uint64
	Start    Message // the answer that opens the list
	Items    []Message
	Complete Message // the event that closes it
}

// List sends an action that answers with a list and returns it whole. A list that
// does not begin, breaks off or lacks items is an error; only a list the manager
// itself calls empty is empty. Errors are those of Do, and ErrIncompleteList: the
// items beside that one are true, and not all.
func (c *Conn) List(ctx context.Context, a Action) (Listing, error) {
	call, err := c.ask(ctx, a, true)
	switch {
	case errors.Is(err, ErrIncompleteList):
		return Listing{Items: call.listing.Items}, err
	case err != nil:
		return Listing{}, err
	}
	return call.listing, nil
}

// opened takes the answer to a list action and reports whether that was all.
func (k *call) opened(m Message) (over bool) {
	switch {
	case isWord(m.Response(), "Error"):
		k.end(&ResponseError{Action: k.action, Message: m.Get("Message")})
		return true
	case !isWord(m.Get("EventList"), "start"):
		k.end(fmt.Errorf("%s: %w: answered %q without a list", k.action, ErrIncompleteList, m.Response()))
		return true
	}
	k.listing.Start = m
	return false
}

// item takes an event of the list and reports whether the list is over. The last one is
// named so, as in StatusComplete: an EventList in another is of a value with a line break.
func (k *call) item(m Message, maxBytes int) (over bool) {
	if word, ends := m.Lookup("EventList"); ends && strings.HasSuffix(m.Event(), "Complete") {
		k.listing.Complete = m
		k.end(k.verdict(word))
		return true
	}
	if k.size += m.size(); k.size > maxBytes {
		k.end(fmt.Errorf("%s: %w: more than %d bytes", k.action, ErrIncompleteList, maxBytes))
		return true
	}
	k.listing.Items = append(k.listing.Items, m)
	return false
}

// verdict judges a list by its last event. It may be cancelled instead of complete;
// it counts the items in all 94 lists recorded, but need not.
func (k *call) verdict(word string) error {
	l := k.listing
	if l.Start.Seq == 0 || !isWord(word, "Complete") {
		return fmt.Errorf("%s: %w: ended with %.40q", k.action, ErrIncompleteList, word)
	}
	if count, counted := l.Complete.Lookup("ListItems"); counted && count != strconv.Itoa(len(l.Items)) {
		return fmt.Errorf("%s: %w: %d items of %.40q", k.action, ErrIncompleteList, len(l.Items), count)
	}
	return nil
}

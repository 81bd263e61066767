package ami

import (
	"strconv"
	"strings"
	"sync/atomic"
)

// ids makes the ActionIDs of one connection and knows them again.
//
// They begin with a random text, so that nobody who gets a line break into a value
// can forge an answer or a list item of ours; and they tell lists apart from other
// actions, so that the late items of a list that was given up are still known as
// such, and do not pass for events (Status items have a Privilege).
type ids struct {
	connection string
	last       atomic.Uint64
}

func (i *ids) next(list bool) string {
	kind := "-a"
	if list {
		kind = "-l"
	}
	return i.connection + kind + strconv.FormatUint(i.last.Add(1), 10)
}

func (i *ids) ping() string { return i.connection + "-p" }

func (i *ids) ours(id string) bool { return strings.HasPrefix(id, i.connection) }

func (i *ids) isList(id string) bool {
	kind, ours := strings.CutPrefix(id, i.connection)
	return ours && strings.HasPrefix(kind, "-l")
}

package asterisk

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// remember has what is known of a leg written on its channel, if that is news.
func (m *model) remember(l *leg) {
	if text := m.memory(l).mark(); text != l.ch.mark && !l.ch.gone {
		l.ch.mark = text
		m.marks[l.ch.id] = text
	}
}

// marker writes marks by a goroutine of its own, one after the other: an answer may
// take long, and events must be taken in meanwhile. Of a leg only the newest mark
// counts.
type marker struct {
	conn *ami.Conn
	gaps *gaps
	wake chan struct{} // has room for one

	mu      sync.Mutex
	pending map[string]string
	off     bool // this user may not
}

func newMarker(conn *ami.Conn, g *gaps) *marker {
	return &marker{conn: conn, gaps: g, wake: make(chan struct{}, 1), pending: map[string]string{}}
}

// put takes marks to be written. It never waits.
func (k *marker) put(marks map[string]string) {
	if len(marks) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.off {
		return
	}
	for leg, text := range marks {
		k.pending[leg] = text
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *marker) take() map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	marks := k.pending
	k.pending = map[string]string{}
	return marks
}

// stop has no further mark written.
func (k *marker) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.off, k.pending = true, map[string]string{}
}

// run writes until ctx ends. A mark that could not be written, because its leg is
// gone or the connection is, is nobody's loss.
func (k *marker) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		}
		for leg, text := range k.take() {
			_, err := k.conn.Do(ctx, ami.NewAction("Setvar").With("Channel", leg).With("Variable", markVariable).With("Value", text))
			if errors.Is(err, ami.ErrPermission) {
				k.gaps.noMarks()
				k.stop()
			}
		}
	}
}

// markOf is the mark that the status of a channel shows.
func markOf(status ami.Message) string {
	for line := range status.All("Variable") {
		if text, ok := strings.CutPrefix(line, markVariable+"="); ok && text != "(null)" {
			return text
		}
	}
	return ""
}

package ami

import "bytes"

// Ignored names the events that a Reader may read over without making messages of
// them: those of a name for which when says so, or all of it where when is nil. In a
// flood that is most of the work.
type Ignored map[string]func(Draft) (when bool)

// Draft is an event as it lies in the Reader's buffer. It is valid only during the
// call that it is handed to.
type Draft struct{ lines []byte }

// Get is that of Message, for a key as the manager writes it; nil for none.
func (d Draft) Get(key string) []byte {
	for line := range bytes.Lines(d.lines) {
		if len(line) > len(key) && line[len(key)] == ':' && string(line[:len(key)]) == key {
			return bytes.TrimPrefix(trimEnd(line[len(key)+1:]), []byte(" "))
		}
	}
	return nil
}

// Ignore has the Reader leave events out where it can, which is not a promise: of
// those alone that the manager sends to all who may read them, no answers and no
// items of lists, and in its own spelling. They are not counted in Seq.
func (r *Reader) Ignore(i Ignored) { r.ignored = i }

// readOver reads over what is ignored and lies whole in the buffer.
func (r *Reader) readOver() {
	for len(r.ignored) > 0 {
		ahead, _ := r.in.Peek(r.in.Buffered())
		name, rest, _ := bytes.Cut(ahead, []byte("\r\n"))
		name, isEvent := bytes.CutPrefix(name, []byte("Event: "))
		if !isEvent || !bytes.HasPrefix(rest, []byte("Privilege: ")) {
			return
		}
		when, listed := r.ignored[string(name)]
		if !listed {
			return
		}
		last := bytes.Index(rest, []byte("\n\r\n"))
		if last < 0 || bytes.Contains(rest[:last], []byte("\n\n")) || when != nil && !when(Draft{rest[:last]}) {
			return
		}
		_, _ = r.in.Discard(len(ahead) - len(rest) + last + len("\n\r\n")) // it is all there
	}
}

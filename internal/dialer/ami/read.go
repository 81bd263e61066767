package ami

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits of what is read. The longest line recorded from Asterisk 22 has 910
// bytes, the longest message 106 lines; Asterisk itself cuts most values far
// below 64 KiB.
const (
	maxLine       = 64 << 10 // bytes, with the line end
	maxMessage    = 256 << 10
	maxHeaders    = 2048
	maxUnfinished = 16 << 20 // bytes without an empty line
	maxBanner     = 256
)

// Reader reads messages from a stream. It is for one goroutine.
//
// A line or a message beyond the limits does not end the stream: a caller who
// gets an absurd value into a channel variable would otherwise cut us off again
// with every event about that channel. What is too long is dropped and the
// message says so (Truncated); a message whose first line was dropped is dropped
// whole, since that line says what it is. Only a peer that never comes to an end
// of its message is given up: memory is bounded by the limits whatever it sends.
type Reader struct {
	in      *bufio.Reader
	text    []byte // the lines of the message being read, one after the other
	spans   []span
	ignored Ignored
	seq     uint64
	total   int  // bytes of the message being read, dropped ones included
	lines   int  // of the message being read, dropped ones included
	cut     bool // lines of the message being read were dropped
	behead  bool // its first line was dropped
}

// span is where a header lies in text: the key up to the colon, the value to end.
type span struct {
	key, colon, value, end int
}

// NewReader returns a Reader of r, which reads ahead.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, maxLine)}
}

// Banner reads the line with which a manager greets, as in "Asterisk Call
// Manager/11.0.0", and returns it; it is read once, before the first message.
// Anything else is ErrNotManager.
func (r *Reader) Banner() (string, error) {
	var line []byte
	for len(line) == 0 || line[len(line)-1] != '\n' {
		c, err := r.in.ReadByte()
		if err != nil {
			return "", unexpected(err)
		}
		if line = append(line, c); len(line) > maxBanner {
			break
		}
	}
	banner := string(trimEnd(line))
	if len(line) > maxBanner || !strings.Contains(banner, "Call Manager/") {
		return "", fmt.Errorf("%w: it greets with %.40q", ErrNotManager, banner)
	}
	return banner, nil
}

// Read returns the next message. Lines may end in CRLF or LF, blanks after the
// colon may be missing, and lines without a colon are left out. Empty lines where
// a message could begin are skipped: they are what remains of a value with line
// breaks (testdata/local-utf8-and-hostile-values.ami).
//
// The error is io.EOF between messages, io.ErrUnexpectedEOF within one, and
// ErrProtocol for a message without an end.
func (r *Reader) Read() (Message, error) {
	for {
		r.readOver()
		m, err := r.readOne()
		if err != nil || len(m.Headers) > 0 {
			return m, err
		}
	}
}

// readOne reads up to an empty line. The message is empty when nothing of it
// could be kept.
func (r *Reader) readOne() (Message, error) {
	r.text, r.spans = r.text[:0], r.spans[:0]
	r.total, r.lines, r.cut, r.behead = 0, 0, false, false
	for {
		line, err := r.in.ReadSlice('\n')
		r.total += len(line)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if err := r.skipLine(); err != nil {
				return Message{}, err
			}
			r.drop()
		case err != nil && r.total > 0:
			return Message{}, unexpected(err)
		case err != nil:
			return Message{}, err
		default:
			if line = trimEnd(line); len(line) == 0 {
				return r.finish(), nil
			}
			r.keep(line)
		}
		r.lines++
		if r.total > maxUnfinished {
			return Message{}, fmt.Errorf("%w: %d bytes without the end of a message", ErrProtocol, r.total)
		}
	}
}

// skipLine reads over the rest of a line that is too long.
func (r *Reader) skipLine() error {
	for {
		rest, err := r.in.ReadSlice('\n')
		r.total += len(rest)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return unexpected(err)
		case r.total > maxUnfinished:
			return fmt.Errorf("%w: %d bytes without the end of a line", ErrProtocol, r.total)
		}
	}
}

// keep adds one line to the message, if it is a header and there is room.
func (r *Reader) keep(line []byte) {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return
	}
	if len(r.spans) == maxHeaders || len(r.text)+len(line) > maxMessage {
		r.drop()
		return
	}
	key, value := len(r.text), len(r.text)+colon+1
	r.text = append(r.text, line...)
	if value < len(r.text) && r.text[value] == ' ' {
		value++
	}
	r.spans = append(r.spans, span{key: key, colon: key + colon, value: value, end: len(r.text)})
}

func (r *Reader) drop() {
	r.cut = true
	r.behead = r.behead || r.lines == 0
}

// finish makes the message of what was kept. All its strings share one
// allocation: at 19,000 events a second that is what reading costs.
func (r *Reader) finish() Message {
	if r.behead || len(r.spans) == 0 {
		return Message{}
	}
	text := string(r.text)
	m := Message{Headers: make([]Header, len(r.spans)), Truncated: r.cut, bytes: len(text)}
	for i, s := range r.spans {
		m.Headers[i] = Header{Key: text[s.key:s.colon], Value: text[s.value:s.end]}
	}
	r.seq++
	m.Seq = r.seq
	return m
}

// trimEnd takes the line end off: LF or CRLF, and no more.
func trimEnd(line []byte) []byte {
	end := len(line)
	if end > 0 && line[end-1] == '\n' {
		end--
	}
	if end > 0 && line[end-1] == '\r' {
		end--
	}
	return line[:end]
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

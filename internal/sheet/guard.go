package sheet

import (
	"errors"
	"io"
)

// guard hands a file on to a reader that would read a record of any length: to its
// next line break, or to the quote that is never closed.
type guard struct {
	from io.Reader
	left int // how much may be read until the next record is done
}

var errTooLong = errors.New("too long a record")

func (g *guard) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, errTooLong
	}
	n, err := g.from.Read(p[:min(len(p), g.left)])
	g.left -= n
	return n, err
}

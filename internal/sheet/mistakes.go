package sheet

import (
	"fmt"
	"strings"
)

// mostMistakes is how many mistakes are told one by one.
const mostMistakes = 20

// Mistakes is the error of a file that is wrong.
type Mistakes struct {
	First []string // each with its line, and its column where there is one
	More  int      // how many there are beyond those
}

func (m *Mistakes) Error() string {
	text := strings.Join(m.First, "; ")
	if m.More > 0 {
		text += fmt.Sprintf("; and %d more", m.More)
	}
	return text
}

func (m *Mistakes) add(line int, column, format string, args ...any) {
	if len(m.First) == mostMistakes {
		m.More++
		return
	}
	where := fmt.Sprintf("line %d", line)
	if column != "" {
		where += ", column " + column
	}
	m.First = append(m.First, where+": "+fmt.Sprintf(format, args...))
}

// none is nil where there is no mistake.
func (m *Mistakes) none() error {
	if len(m.First) == 0 {
		return nil
	}
	return m
}

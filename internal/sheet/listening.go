package sheet

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// listeningColumns are those of a file that tells who listened to somebody.
var listeningColumns = []string{
	"started_at", "started_at_exact", "ended_at", "ended_at_exact", "length_seconds", "types", "supervisor", "dialer", "end_reason",
}

// Listening writes a file that tells when, by whom and how somebody was listened to.
// It knows no call and no customer. It belongs to one goroutine.
type Listening struct {
	out     *csv.Writer
	started bool
}

// NewListening returns a file that is written to w.
func NewListening(w io.Writer) *Listening { return &Listening{out: csv.NewWriter(w)} }

// Write adds a session. Where it goes on, its end and its length are empty.
func (l *Listening) Write(s *coaching.Session) error {
	l.begin()
	var types []string
	for _, t := range s.HadTypes() {
		types = append(types, string(t))
	}
	row := []string{
		s.StartedAt.UTC().Format(time.RFC3339), strconv.FormatBool(s.StartedAtExact), "", "", "",
		strings.Join(types, " "), tamed(s.User.Name), tamed(s.Dialer), string(s.EndReason),
	}
	if s.EndedAt != nil {
		row[2], row[3] = s.EndedAt.UTC().Format(time.RFC3339), strconv.FormatBool(s.EndedAtExact)
		row[4] = strconv.FormatInt(int64(s.Length()/time.Second), 10)
	}
	return l.out.Write(row)
}

// Close writes what is left to write.
func (l *Listening) Close() error {
	l.begin()
	l.out.Flush()
	return l.out.Error()
}

func (l *Listening) begin() {
	if !l.started {
		l.started = true
		_ = l.out.Write(listeningColumns) // Error tells
	}
}

package asterisk

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// flood is a call with a session that a real Asterisk told with all classes and no
// filter, many times over: each time with ids and names of its own.
func flood(b *testing.B, calls int) (wire []byte, sessions int) {
	b.Helper()
	raw, err := os.ReadFile("testdata/local-varset-newexten-full.ami")
	if err != nil {
		b.Fatal(err)
	}
	var messages []string
	for message := range strings.SplitAfterSeq(string(wireOf(raw)), "\r\n\r\n") {
		if strings.HasPrefix(message, "Event: ") && strings.Contains(message, "Privilege: ") && !strings.Contains(message, "FullyBooted") {
			messages = append(messages, message)
		}
	}
	one := strings.Join(messages, "")
	var all bytes.Buffer
	for i := range calls {
		n := strconv.Itoa(i)
		all.WriteString(strings.NewReplacer("1795327091.", "17953"+n+"7.", "1795327090.", "17953"+n+"6.", "-0000000", "-"+n+"f", "@phone", "@phone"+n, "@customer", "@customer"+n).Replace(one))
	}
	return all.Bytes(), calls * strings.Count(one, "Event: ChanSpyStart")
}

// wireOf leaves out a recording's markers, whose lines end in LF alone.
func wireOf(recording []byte) []byte {
	var wire bytes.Buffer
	for line := range bytes.Lines(recording) {
		if bytes.HasSuffix(line, []byte("\r\n")) {
			wire.Write(line)
		}
	}
	return wire.Bytes()
}

// spent is the processor time that this process took so far: on a busy machine the
// wall clock says little.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkFlood measures what the adapter makes of a flood beside a loop that only
// splits the same bytes into messages.
func BenchmarkFlood(b *testing.B) {
	wire, sessions := flood(b, 200)
	split := func(take func(ami.Message)) (messages int) {
		for r := ami.NewReader(bytes.NewReader(wire)); ; messages++ {
			m, err := r.Read()
			if errors.Is(err, io.EOF) {
				return messages
			}
			take(m)
		}
	}
	run := func(b *testing.B, take func() func(ami.Message)) {
		b.SetBytes(int64(len(wire)))
		messages := 0
		began := spent(b)
		for b.Loop() {
			messages += split(take())
		}
		b.ReportMetric(float64(messages)/(spent(b)-began).Seconds(), "events/s/core")
	}
	b.Run("split", func(b *testing.B) {
		run(b, func() func(ami.Message) { return func(ami.Message) {} })
	})
	b.Run("adapter", func(b *testing.B) {
		begun := 0
		run(b, func() func(ami.Message) {
			v := Variables{Campaign: "CAMPAIGN", List: "LIST", ResultCode: "RESULT_CODE", Direction: "DIRECTION"}
			m := newModel(Config{Variables: v}, people{}, newGaps(slog.New(slog.DiscardHandler), v))
			m.listed, begun = true, 0
			c := clock{local: time.Now}
			return func(e ami.Message) {
				m.gaps.hear(e)
				at, _ := c.of(e)
				m.expire(at)
				m.apply(e, at)
				for _, s := range m.take().told {
					if _, ok := s.(coaching.Attached); ok {
						begun++
					}
				}
			}
		})
		if begun != sessions {
			b.Errorf("%d sessions were told of %d", begun, sessions)
		}
	})
}

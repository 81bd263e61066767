package asterisk

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
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
	_, bridge, _ := strings.Cut(one, "BridgeUniqueid: ")
	bridge, _, _ = strings.Cut(bridge, "\r\n")
	var all bytes.Buffer
	for i := range calls {
		n := strconv.Itoa(i)
		all.WriteString(strings.NewReplacer("1795327091.", "17953"+n+"7.", "1795327090.", "17953"+n+"6.", "-0000000", "-"+n+"f", "@phone", "@phone"+n, "@customer", "@customer"+n, bridge, bridge+n).Replace(one))
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

// split reads all messages and counts them: the bare loop.
func split(b *testing.B, r *ami.Reader, take func(ami.Message)) (messages int) {
	b.Helper()
	for ; ; messages++ {
		m, err := r.Read()
		if errors.Is(err, io.EOF) {
			return messages
		}
		if err != nil {
			b.Fatal(err)
		}
		take(m)
	}
}

// adapt makes reports of what is read and counts the sessions that began: the adapter
// without its connection.
func adapt(b *testing.B, wire []byte) (begun int) {
	b.Helper()
	v := testVariables
	m := newModel(Config{Variables: v}, people{}, newGaps(slog.New(slog.DiscardHandler), v))
	m.listed = true
	c := newClock(time.Now)
	r := ami.NewReader(bytes.NewReader(wire))
	r.Ignore(v.ignored())
	split(b, r, func(e ami.Message) {
		m.gaps.hear(e)
		at := c.of(e)
		m.expire(at)
		m.apply(e, at)
		for _, s := range m.take().told {
			if _, ok := s.(coaching.Attached); ok {
				begun++
			}
		}
	})
	return begun
}

// receive splits what comes through a socket.
func receive(b *testing.B, wire string) {
	b.Helper()
	server := amitest.New(b, amitest.Options{})
	defer server.Close()
	conn, err := new(net.Dialer).DialContext(b.Context(), "tcp", server.Addr())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	r := ami.NewReader(conn)
	if _, err := r.Banner(); err != nil {
		b.Fatal(err)
	}
	client := server.Client()
	go func() { client.Send(wire); client.Cut() }()
	split(b, r, func(ami.Message) {})
}

// watchFlood has a Dialer watch what comes through a socket, and counts the sessions
// that were reported. Its user may not mark legs: what that costs is the manager's.
func watchFlood(b *testing.B, wire string) (begun int) {
	b.Helper()
	none := func(c *amitest.Client, m ami.Message) { c.List(m, m.Get("Action")+"Complete") }
	server := amitest.New(b, amitest.Options{Handlers: map[string]amitest.Handler{
		"ListCommands": func(c *amitest.Client, m ami.Message) { c.Success(m, "Hangup", "It is done.") },
		"CoreStatus":   func(c *amitest.Client, m ami.Message) { c.Success(m) },
		"QueueStatus":  none, "Agents": none, "Status": none, "DeviceStateList": none, "CoreShowChannels": none,
	}})
	defer server.Close()
	d := New(Config{Address: server.Addr(), Username: "coach", Variables: testVariables, Log: slog.New(slog.DiscardHandler)})
	err := d.Watch(b.Context(), func(s coaching.Sighting) error {
		switch s.(type) {
		case coaching.Snapshot:
			client := server.Client()
			go func() {
				client.Send(wire + "Event: Shutdown\r\nPrivilege: system,all\r\n\r\n")
				client.Cut()
			}()
		case coaching.Attached:
			begun++
		}
		return nil
	})
	if !errors.Is(err, errShutdown) {
		b.Fatal(err)
	}
	return begun
}

// BenchmarkFlood measures what the adapter makes of a flood beside a loop that only
// splits the same bytes into messages: read from memory, and through a socket, with
// all that stands between.
func BenchmarkFlood(b *testing.B) {
	wire, sessions := flood(b, 200)
	text := string(wire)
	events := split(b, ami.NewReader(bytes.NewReader(wire)), func(ami.Message) {})
	for _, one := range []struct {
		name  string
		begun func(*testing.B) int
	}{
		{"memory/split", func(b *testing.B) int {
			split(b, ami.NewReader(bytes.NewReader(wire)), func(ami.Message) {})
			return sessions
		}},
		{"memory/adapter", func(b *testing.B) int { return adapt(b, wire) }},
		{"socket/split", func(b *testing.B) int { receive(b, text); return sessions }},
		{"socket/adapter", func(b *testing.B) int { return watchFlood(b, text) }},
	} {
		b.Run(one.name, func(b *testing.B) {
			b.SetBytes(int64(len(wire)))
			began, times := spent(b), 0
			for ; b.Loop(); times++ {
				if begun := one.begun(b); begun != sessions {
					b.Fatalf("%d sessions were told of %d", begun, sessions)
				}
			}
			b.ReportMetric(float64(events*times)/(spent(b)-began).Seconds(), "events/s/core")
		})
	}
}

package ami_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

var update = flag.Bool("update", false, "write the .want files of testdata/torture anew")

// told is all that a Reader makes of a stream, greeting and end included.
func told(r *ami.Reader) string {
	var b strings.Builder
	banner, err := r.Banner()
	if err != nil {
		return fmt.Sprintf("! %v\n", err)
	}
	fmt.Fprintf(&b, "%s\n", banner)
	for {
		m, err := r.Read()
		if err != nil {
			return b.String() + fmt.Sprintf("! %v\n", err)
		}
		fmt.Fprintf(&b, "%d event=%q response=%q truncated=%v, %d headers\n", m.Seq, m.Event(), m.Response(), m.Truncated, len(m.Headers))
		for _, h := range m.Headers[:min(len(m.Headers), 10)] {
			fmt.Fprintf(&b, "\t%.100q = %.100q\n", h.Key, h.Value)
		}
	}
}

// TestTorture reads testdata/torture/*.in, {…} written out, and compares with
// what must be made of it, however the stream is cut.
func TestTorture(t *testing.T) {
	t.Parallel()
	long := strings.NewReplacer(
		"{1MB}", strings.Repeat("x", 1<<20),
		"{20MB}", strings.Repeat("x", 20<<20),
		"{3000 lines}", strings.Repeat("Key: value\r\n", 3000),
		"{3000000 lines}", strings.Repeat("Key: value\r\n", 3_000_000),
	)
	files, err := filepath.Glob("testdata/torture/*.in")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".in")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text := long.Replace(string(raw))
			got := told(ami.NewReader(strings.NewReader(text)))
			wantFile := strings.TrimSuffix(file, ".in") + ".want"
			if *update {
				if err := os.WriteFile(wantFile, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(wantFile)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(text) > 1<<21 {
				return
			}
			if diff := cmp.Diff(got, told(ami.NewReader(iotest.OneByteReader(strings.NewReader(text))))); diff != "" {
				t.Errorf("byte by byte it reads otherwise: %s", diff)
			}
		})
	}
}

// FuzzRead holds that no stream makes the reader panic, hang or keep more than its
// limits, and that a stream reads the same however it is cut.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"testdata/*.ami", "testdata/torture/*.in"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if strings.HasSuffix(file, ".ami") {
				text = []byte(amitest.Parse(string(text)).Connections[0].FromServer())
			}
			f.Add(text[:min(len(text), 8<<10)])
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		whole := told(ami.NewReader(bytes.NewReader(text)))
		halves := told(ami.NewReader(iotest.HalfReader(bytes.NewReader(text))))
		if whole != halves {
			t.Errorf("cut elsewhere it reads otherwise:\n%s", cmp.Diff(whole, halves))
		}
		r := ami.NewReader(bytes.NewReader(text))
		for n := uint64(1); ; n++ {
			m, err := r.Read()
			if err != nil {
				return
			}
			checkMessage(t, m, n)
		}
	})
}

func checkMessage(t *testing.T, m ami.Message, seq uint64) {
	t.Helper()
	if m.Seq != seq || len(m.Headers) == 0 {
		t.Errorf("message %d has Seq %d and %d headers", seq, m.Seq, len(m.Headers))
	}
	if m.Event() != "" && m.Response() != "" {
		t.Errorf("both an event and an answer: %v", m)
	}
	for _, h := range m.Headers {
		if strings.ContainsAny(h.Key, "\n:") || strings.Contains(h.Value, "\n") {
			t.Errorf("a line end or colon in header %q: %q", h.Key, h.Value)
		}
		m.Text(h.Key)
		for range m.Variables("") {
		}
	}
}

// BenchmarkRead reads the events of a recorded call over and over, and beside that
// only splits the same bytes into messages, which is the least anyone could do.
func BenchmarkRead(b *testing.B) {
	text, err := os.ReadFile("testdata/sip-reconnect-during-session.ami")
	if err != nil {
		b.Fatal(err)
	}
	_, events, _ := strings.Cut(amitest.Parse(string(text)).Connections[0].FromServer(), "\r\n")
	flood := strings.Repeat(events, 200)
	messages := strings.Count(flood, "\r\n\r\n")
	run := func(b *testing.B, once func()) {
		b.SetBytes(int64(len(flood)))
		b.ReportAllocs()
		for b.Loop() {
			once()
		}
		b.ReportMetric(float64(messages*b.N)/b.Elapsed().Seconds(), "messages/s")
	}
	b.Run("messages", func(b *testing.B) {
		run(b, func() {
			r := ami.NewReader(strings.NewReader(flood))
			for range messages {
				if _, err := r.Read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("split only", func(b *testing.B) {
		run(b, func() {
			split := bufio.NewScanner(strings.NewReader(flood))
			split.Split(func(data []byte, _ bool) (int, []byte, error) {
				if at := bytes.Index(data, []byte("\r\n\r\n")); at >= 0 {
					return at + 4, data[:at], nil
				}
				return 0, nil, nil
			})
			for split.Scan() {
			}
		})
	})
}

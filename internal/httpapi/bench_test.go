package httpapi_test

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/httpapi"
)

// A poll of thirty supervisors at work, of whom nothing changes.
func BenchmarkListCoachingUsers(b *testing.B) {
	w := newWorldOf(b, coaching.Timing{}, simulator.Config{Seed: 1, Quiet: true, Supervisors: 30})
	for i := range 30 {
		_, s := w.listen(fmt.Sprint(9001+i), fmt.Sprint(2001+i), coaching.TypeMonitor)
		w.talk(fmt.Sprint(2001+i), s)
	}
	first := w.get("/coaching-users")
	encoded := httpapi.UsersEncoded(w.handler)
	for name, header := range map[string]string{"unchanged, 304": first.header.Get("ETag"), "unchanged, 200": `"x"`} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/api/v1/coaching-users", http.NoBody)
			r.Host = "localhost"
			r.Header.Set("If-None-Match", header)
			b.ReportAllocs()
			for b.Loop() {
				w.handler.ServeHTTP(discarded{http.Header{}}, r)
			}
			b.ReportMetric(float64(len(first.body)), "bytes")
		})
	}
	if got := httpapi.UsersEncoded(w.handler); got != encoded {
		b.Errorf("%d users were encoded", got-encoded)
	}
}

// discarded is an answer that nobody reads.
type discarded struct{ header http.Header }

func (d discarded) Header() http.Header       { return d.header }
func (discarded) Write(b []byte) (int, error) { return len(b), nil }
func (discarded) WriteHeader(int)             {}

// A guesser learns nothing from how long an answer takes: a token that is right to
// its last byte costs what any other wrong one costs.
func BenchmarkAuthenticate(b *testing.B) {
	g := newGuarded(b, engines["sqlite"](b), nil)
	right := g.token(access.NewToken{Name: "me", Role: access.Admin})
	encoding := base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
	raw, err := encoding.DecodeString(right[3:])
	g.must(err)
	raw[31] ^= 1
	almost := "cm_" + encoding.EncodeToString(binary.BigEndian.AppendUint32(raw[:32], crc32.ChecksumIEEE(raw[:32])))
	for name, text := range map[string]string{"right": right, "right but for a byte": almost, "wrong": access.NewSecret()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := g.guard.Authenticate(g.t.Context(), text); (err == nil) != (text == right) {
					b.Fatal(err)
				}
			}
		})
	}
}

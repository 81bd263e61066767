package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

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

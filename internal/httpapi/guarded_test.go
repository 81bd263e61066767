package httpapi_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
	"github.com/coachmanager/coachmanager/internal/httpapi"
	"github.com/coachmanager/coachmanager/internal/store"
)

// The teams that the simulator's people are of.
const (
	north = "Renewals North" // supervisor, agent
	south = "Renewals South" // otherSupervisor, otherAgent
)

// engines are how to get an empty database of each.
var engines = map[string]func(t testing.TB) (url string){
	"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "floor.db") },
	"postgres": postgrestest.Database,
}

// guarded is a world behind a socket that asks for tokens.
type guarded struct {
	*world
	db      *store.Store
	guard   *access.Guard
	url     string // without the API's base path
	callers atomic.Int64
}

func newGuarded(t testing.TB, url string, change func(*httpapi.Options)) *guarded {
	t.Helper()
	w := newWorldOn(t, url, coaching.Timing{Poll: 50 * time.Millisecond}, simulator.Config{Seed: 1, Quiet: true})
	g := &guarded{world: w, db: w.store.Store.(*store.Store)}
	g.guard = access.NewGuard(g.db, w.floor, time.Hour, slog.New(slog.DiscardHandler))
	w.must(g.guard.Open(t.Context()))
	w.alongside(g.guard.Run)
	w.options.Guard, w.options.TrustedProxies = g.guard, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	if change != nil {
		change(&w.options)
	}
	g.serve()
	return g
}

// serve serves with the options as they are now.
func (g *guarded) serve() {
	g.handler = httpapi.New(g.floor, g.options)
	g.url = "http://" + g.served()
}

// token makes a token and waits until it is let in.
func (g *guarded) token(n access.NewToken) (text string) {
	g.t.Helper()
	text = access.NewSecret()
	n.Hash, _ = access.HashOf(text)
	_, err := g.db.CreateToken(g.t.Context(), n)
	g.must(err)
	g.waitFor("the token to be let in", func() bool {
		_, err := g.guard.Authenticate(g.t.Context(), text)
		return err == nil || n.Expires > 0 && n.Expires < time.Minute
	})
	return text
}

// waitFor looks every few milliseconds whether done.
func (g *guarded) waitFor(what string, done func() bool) {
	g.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			g.t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

var alone = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error {
	return errors.New("redirected")
}}

// as sends a request with a token ("" for none) over the socket, each from an
// address of its own, and holds the answer against the contract. path is that below
// the API's base path; headers are name, value, name, value.
func (g *guarded) as(token, method, path string, headers ...string) *answer {
	g.t.Helper()
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	n := g.callers.Add(1)
	headers = append(headers, "X-Forwarded-For", "10."+strconv.Itoa(int(n>>16))+"."+strconv.Itoa(int(n>>8&255))+"."+strconv.Itoa(int(n&255)))
	return g.request(method, "/api/v1"+path, headers...)
}

func (g *guarded) request(method, path string, headers ...string) *answer {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, http.NoBody)
	g.must(err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	got, err := alone.Do(r)
	g.must(err)
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	g.must(err)
	a := &answer{t: g.t, what: method + " " + path, status: got.StatusCode, header: got.Header, body: body}
	documented.check(a, r, method, r.URL.Path)
	a.hidesInsides()
	return a
}

// permissionsOf are what the role may, written once more.
var permissionsOf = map[access.Role]string{
	access.Viewer:  "read",
	access.Manager: "read phone_numbers disconnect",
	access.Admin:   "read phone_numbers disconnect force audit",
}

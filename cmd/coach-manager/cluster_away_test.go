package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// The process that watches loses its database, and only that: it goes on from
// memory and says so, and another watches.
func TestAProcessThatIsCutOffFromTheDatabase(t *testing.T) {
	t.Parallel()
	p := newPair(t, shortLease)
	p.members[0].way.Hang()
	waitFor(t, "one to show what it knew as stale", func() bool {
		live := liveList(p.one)
		return len(live) == 1 && live[0].ID == p.session.ID && live[0].Stale
	})
	for method, path := range map[string]string{
		http.MethodDelete: "/coaching-sessions/" + p.session.ID,
		http.MethodGet:    "/coaching-sessions?state=ended",
	} {
		if status, body := p.one.ask(method, "/api/v1"+path); status != http.StatusServiceUnavailable {
			t.Errorf("%s %s: got %d %s, want 503", method, path, status, body)
		}
	}
	if status, body := p.one.ask(http.MethodGet, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: got %d %s, want 503", status, body)
	}
	p.watchedBy(p.two, "two")
	p.shows(p.two, "active")
	p.members[0].way.Work()
	p.watchedBy(p.one, "two")
	p.goesOn(p.one, p.two)
	p.wantCleanNotes()
}

func TestAllProcessesSayWhoWatches(t *testing.T) {
	t.Parallel()
	p := newPair(t, longLease)
	p.saysWhoWatches("one")
	p.do(p.members[0].stop())
	p.watchedBy(p.two, "two")
	p.one = p.members[0].serve()
	p.saysWhoWatches("two")
}

// saysWhoWatches wants /dialers and /readyz of both to name one, and /readyz to say
// who answers and where the change log stands.
func (p *pair) saysWhoWatches(name string) {
	p.t.Helper()
	for who, by := range map[string]*program{"one": p.one, "two": p.two} {
		p.watchedBy(by, name)
		p.shows(by, "active")
		status, body := by.ask(http.MethodGet, "/readyz")
		var ready struct {
			Process, Revision string
			Dependencies      []struct {
				Name      string
				OK        bool
				WatchedBy string `json:"watched_by"`
			}
		}
		if err := json.Unmarshal(body, &ready); err != nil || status != http.StatusOK {
			p.t.Fatalf("/readyz of %s: %d %s, %v", who, status, body, err)
		}
		if list := get[shownRevision](by, "/coaching-users").Revision; ready.Process != who || ready.Revision != list {
			p.t.Errorf("/readyz of %s: got %s, want its name and the revision %s", who, body, list)
		}
		if got, want := fmt.Sprint(ready.Dependencies), "[{database true } {dialer sim true "+name+"}]"; got != want {
			p.t.Errorf("/readyz of %s: got %s, want that %s watches", who, body, name)
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// looks are people who look at what all members show, all the while.
type looks struct {
	members []*member

	mu      sync.Mutex
	lists   map[string]seenList // by revision
	watcher string              // who showed last that it watches itself
	wrong   []string            // what must never be seen
}

// seenList is how the live list looked, but for what a process shows as stale
// because it has no database.
type seenList struct {
	member string
	users  []string
	wrong  bool // another one differed, and that was noted
}

// listsKept bounds what is remembered of a long run.
const listsKept = 2000

// look looks at one member until ctx ends.
func (l *looks) look(ctx context.Context, m *member) {
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var list struct {
			Revision string `json:"revision"`
			Items    []any  `json:"items"`
		}
		if l.get(ctx, m, "/coaching-users", &list) {
			l.compare(m, list.Revision, list.Items)
		}
		var dialers page[shownDialer]
		if l.get(ctx, m, "/dialers", &dialers) {
			l.noteDialers(m, dialers.Items)
		}
		if n%5 == 0 {
			var history page[any]
			l.get(ctx, m, "/coaching-sessions?state=ended&limit=5", &history, http.StatusServiceUnavailable)
		}
	}
}

// get tells whether an answer with 200 came. Other answers than those allowed are
// wrong; none at all is what a fault does.
func (l *looks) get(ctx context.Context, m *member, path string, into any, allowed ...int) bool {
	status, body, err := m.ask(ctx, http.MethodGet, "/api/v1"+path, nil)
	if err != nil || slices.Contains(allowed, status) {
		return false
	}
	if status == http.StatusOK {
		err = json.Unmarshal(body, into)
	}
	if err != nil || status != http.StatusOK {
		l.note(fmt.Sprintf("%s answered %s with %d %s (%v)", m.name, path, status, body, err))
		return false
	}
	return true
}

func (l *looks) note(wrong string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, wrong)
}

// compare notes what members show differently at one revision.
func (l *looks) compare(m *member, revision string, users []any) {
	var shown seenList
	shown.member = m.name
	for _, u := range users {
		text, err := json.Marshal(withoutStale(u))
		if err != nil {
			l.note(err.Error())
			return
		}
		shown.users = append(shown.users, string(text))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lists) >= listsKept {
		clear(l.lists)
	}
	before, ok := l.lists[revision]
	switch {
	case !ok:
		l.lists[revision] = shown
	case !before.wrong && !slices.Equal(before.users, shown.users):
		differ := func(a, b seenList) string {
			only := slices.DeleteFunc(slices.Clone(a.users), func(u string) bool { return slices.Contains(b.users, u) })
			return a.member + " showed\n" + strings.Join(only, "\n")
		}
		l.wrong = append(l.wrong, fmt.Sprintf("at revision %s %s\nand %s", revision, differ(before, shown), differ(shown, before)))
		before.wrong = true
		l.lists[revision] = before
	}
}

// withoutStale takes out of an answer what tells of the process and not of the
// revision.
func withoutStale(shown any) any {
	switch of := shown.(type) {
	case map[string]any:
		delete(of, "stale")
		delete(of, "last_confirmed_at")
		for _, v := range of {
			withoutStale(v)
		}
	case []any:
		for _, v := range of {
			withoutStale(v)
		}
	}
	return shown
}

func (l *looks) noteDialers(m *member, dialers []shownDialer) {
	for _, d := range dialers {
		if d.WatchedBy == m.name && d.Connected {
			l.mu.Lock()
			l.watcher = m.name
			l.mu.Unlock()
		}
	}
}

// watching is who watches, as far as it was seen.
func (l *looks) watching() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.watcher
}

// wrongs are what was seen that must never be.
func (l *looks) wrongs() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.wrong)
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// click is one DELETE of a session and what came of it.
type click struct {
	reason  string // names it, also in the database
	session string
	member  string
	sent    time.Time
	status  int // 0: no answer came
	answer  shownSession
	code    string // of a problem
	body    string
}

func (c click) String() string {
	return fmt.Sprintf("%s: DELETE %s through %s at %s: %d %s", c.reason, c.session, c.member, c.sent.Format(time.StampMilli), c.status, c.body)
}

// answered names the answer by status and code.
func (c click) answered() string {
	if c.status == 0 {
		return "none"
	}
	return strings.TrimSpace(fmt.Sprint(c.status, " ", c.code))
}

// clicks are people who end sessions, all the while and through all processes, and
// now and then two at once.
type clicks struct {
	members []*member

	mu  sync.Mutex
	all []click
}

// click clicks until ctx ends, and waits for all answers.
func (c *clicks) click(ctx context.Context, luck *rand.Rand) {
	var all sync.WaitGroup
	defer all.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(50+luck.IntN(400)) * time.Millisecond):
		}
		order := luck.Perm(len(c.members))
		n := 1
		if luck.IntN(3) == 0 {
			n = 2
		}
		pick, careful, force := luck.Uint64(), luck.IntN(3) == 0, luck.IntN(2) == 0
		all.Go(func() {
			s, ok := c.pick(c.members[order[0]], pick)
			if !ok {
				return
			}
			header, query := http.Header{}, ""
			if careful || force && s.Type == "barge_kick" {
				header.Set("If-Match", s.ETag)
			}
			if force && s.Type == "barge_kick" {
				query = "&force=true"
			}
			for _, through := range order[:n] {
				all.Go(func() { c.send(c.members[through], s.ID, header, query) })
			}
		})
	}
}

// pick is one of the sessions that a process shows, if it shows any.
func (c *clicks) pick(by *member, luck uint64) (shownSession, bool) {
	status, body, err := by.ask(context.Background(), http.MethodGet, "/api/v1/coaching-users", nil)
	var users page[shownUser]
	if err != nil || status != http.StatusOK || json.Unmarshal(body, &users) != nil {
		return shownSession{}, false
	}
	var active []shownSession
	for _, u := range users.Items {
		for _, s := range u.Sessions {
			if s.State == "active" {
				active = append(active, s)
			}
		}
	}
	if len(active) == 0 {
		return shownSession{}, false
	}
	return active[luck%uint64(len(active))], true
}

// send clicks once. A caller does not give up before the answer has come, unless
// the process is gone or paused for very long.
func (c *clicks) send(through *member, session string, header http.Header, query string) {
	c.mu.Lock()
	n := len(c.all)
	sent := click{reason: fmt.Sprint("click-", n), session: session, member: through.name, sent: time.Now()}
	c.all = append(c.all, sent)
	c.mu.Unlock()
	status, body, err := through.ask(context.Background(), http.MethodDelete, "/api/v1/coaching-sessions/"+session+"?reason="+sent.reason+query, header)
	if err != nil {
		status, body = 0, []byte(err.Error())
	}
	sent.status, sent.body = status, string(body)
	var problem struct{ Code string }
	switch {
	case err != nil:
	case status < 300:
		err = json.Unmarshal(body, &sent.answer)
	default:
		err = json.Unmarshal(body, &problem)
		sent.code = problem.Code
	}
	if err != nil && status != 0 {
		sent.status = -1 // no answer of ours
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[n] = sent
}

// sent are all clicks so far.
func (c *clicks) sent() []click {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

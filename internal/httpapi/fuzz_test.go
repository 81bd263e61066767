package httpapi_test

import (
	"net/url"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Whatever a cursor says, it is refused.
func FuzzCursor(f *testing.F) {
	w := newWorld(f, coaching.Timing{})
	var s coaching.SessionID
	for range 2 {
		s = w.over(supervisor, agent, coaching.TypeMonitor)
	}
	if s == coaching.SessionID(make([]byte, 16)) {
		f.Fatal("no session")
	}
	_, cursors := w.pages("/coaching-sessions?limit=1")
	f.Add(cursors[0])
	for _, value := range hostile {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		w := *w
		w.t = t
		a := w.get("/coaching-sessions?state=ended&cursor=" + url.QueryEscape(cursor))
		if a.status != 400 {
			t.Errorf("%q: %d", cursor, a.status)
		}
	})
}

// Whatever If-Match says, a session that nobody names lives on.
func FuzzIfMatch(f *testing.F) {
	w := newWorld(f, coaching.Timing{})
	_, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	path := "/coaching-sessions/" + s.ID.String()
	for _, value := range hostile {
		f.Add(value)
	}
	for _, value := range []string{`"x"`, `W/"x"`, `"*"`, `"a", W/"b"`, `,`, `"`, `""`, `W/`, `w/"x"`, `"a""b"`, `*,"a"`, `"a",*`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, ifMatch string) {
		if ifMatch == "*" || ifMatch == `"`+s.Tag()+`"` {
			return // this one names it
		}
		w := *w
		w.t = t
		if a := w.delete(path, "If-Match", ifMatch); a.status != 400 && a.status != 412 {
			t.Errorf("%q: %d", ifMatch, a.status)
		}
		if a := w.get(path, "If-None-Match", ifMatch); a.status >= 500 {
			t.Errorf("%q: %d", ifMatch, a.status)
		}
	})
}

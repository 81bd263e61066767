package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/httpapi"
)

// upper is a name as somebody types it who does not care for case.
func upper(name string) string { return url.QueryEscape(strings.ToUpper(name)) }

// pages reads a list to its end.
func (w *world) pages(path string) (ids []string, cursors []string) {
	w.t.Helper()
	next := ""
	for {
		page := decoded[api.HistoryPage](w.get(path+next), 200)
		for _, s := range page.Items {
			ids = append(ids, s.ID.String())
		}
		if page.NextCursor == nil {
			return ids, cursors
		}
		cursors = append(cursors, *page.NextCursor)
		next = "&cursor=" + *page.NextCursor
	}
}

func TestListUserHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	var want []string
	for i := range 5 {
		kind := []coaching.Type{coaching.TypeMonitor, coaching.TypeCoach}[i%2]
		want = append(want, w.over(supervisor, agent, kind).String())
	}
	slices.Reverse(want)
	leg, live := w.listen(supervisor, otherAgent, coaching.TypeMonitor)
	path := "/coaching-users/" + live.User.ID.String() + "/history"

	got, cursors := w.pages(path + "?limit=2")
	if !slices.Equal(got, want) || len(cursors) != 2 {
		t.Errorf("%v in %d pages, want %v in 3", got, len(cursors)+1, want)
	}
	if got, _ := w.pages(path + "?type=coach&limit=1"); !slices.Equal(got, []string{want[1], want[3]}) {
		t.Errorf("coach: %v", got)
	}
	if got, _ := w.pages(path + "?target_user_id=" + unknown); len(got) != 0 {
		t.Errorf("an unknown target: %v", got)
	}
	for times, n := range map[string]int{
		"from=2026-01-01T00:00:00Z": 5, "to=2026-01-01T00:00:00Z": 0, "from=0000-01-01T00:00:00%2B14:00&to=9999-12-31T23:59:59.999999999-14:00": 5,
		"from=9999-12-31T23:59:59-14:00": 0, "to=0001-01-01T00:00:00Z": 0,
	} {
		if got, _ := w.pages(path + "?" + times); len(got) != n {
			t.Errorf("%s: %d sessions, want %d", times, len(got), n)
		}
	}
	page := decoded[api.HistoryPage](w.get(path), 200)
	row := page.Items[0]
	if row.State != "ended" || row.EndReason == nil || *row.EndReason != "supervisor_left" || row.LengthSeconds == nil || row.EndedAtExact == nil ||
		row.User.Name == "" || row.TargetUser == nil || row.TargetUser.ID == live.Target.ID || row.EndedBy != nil || !slices.Equal(row.Types, []string{"monitor"}) {
		t.Errorf("row %+v", row)
	}
	w.must(w.sim.Leave(leg))
}

func TestListSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	legOf, first := w.listen(supervisor, agent, coaching.TypeMonitor)
	call := w.talk(agent, first)
	w.must(w.sim.SetType(legOf, coaching.TypeBarge))
	w.until("the type is shown", func(l *coaching.Live) bool { return l.Session(first.ID).Type() == coaching.TypeBarge })
	w.must(w.sim.Leave(legOf))
	w.gone(first.ID)
	_, second := w.listen(otherSupervisor, otherAgent, coaching.TypeCoach)
	one, two := first.ID.String(), second.ID.String()
	campaign := ""
	if s := decoded[api.Session](w.get("/coaching-sessions/"+one), 200); s.TargetCampaign != nil {
		campaign = s.TargetCampaign.ID.String()
		if s.TargetCampaign.Name == campaign {
			t.Error("the campaign has no name")
		}
	}
	for query, want := range map[string][]string{
		"": {two, one}, "state=all": {two, one}, "state=live": {two}, "state=ended": {one}, "user_id=" + first.User.ID.String(): {one},
		"target_user_id=" + second.Target.ID.String(): {two}, "call_id=" + url.QueryEscape(call): {one}, "phone_number=" + url.QueryEscape(number): {one},
		"phone_number=100%2525": {}, "call_id=100%2525": {}, "type=barge": {one}, "type=monitor": {one}, "type=monitor&type=coach": {two, one}, "dialer=sim": {two, one},
		"dialer=x": {}, "end_reason=supervisor_left": {one}, "end_reason=call_ended": {}, "at=" + first.StartedAt.Format("2006-01-02T15:04:05.999999Z"): {one},
		"at=2020-01-01T00:00:00Z": {}, "target_campaign_id=" + campaign + "&state=ended": {one}, "user_id=" + unknown: {},
	} {
		if got, _ := w.pages("/coaching-sessions?limit=200&" + query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

func TestListSessions_ThePageHasFiftyUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	for range 51 {
		leg, _ := w.sim.Attach(supervisor, agent, coaching.TypeMonitor)
		w.must(w.sim.Leave(leg))
	}
	w.until("all are known", func(*coaching.Live) bool {
		return len(decoded[api.HistoryPage](w.get("/coaching-sessions?limit=200&state=ended"), 200).Items) == 51
	})
	page := decoded[api.HistoryPage](w.get("/coaching-sessions"), 200)
	if len(page.Items) != 50 || page.NextCursor == nil {
		t.Errorf("%d items, next %v; want 50 and one more page", len(page.Items), page.NextCursor)
	}
}

// A cursor that is not as it was given out, or comes with another query, is
// refused; it never shows something else.
func TestCursorsAreRefusedUnlessTheyBelong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	for range 3 {
		w.over(supervisor, agent, coaching.TypeMonitor)
	}
	_, other := w.listen(otherSupervisor, agent, coaching.TypeMonitor)
	_, live := w.listen(supervisor, agent, coaching.TypeMonitor)
	user, another := "/coaching-users/"+live.User.ID.String()+"/history?", "/coaching-users/"+other.User.ID.String()+"/history?"
	_, cursors := w.pages(user + "limit=1&type=monitor&type=coach")
	cursor := cursors[0]

	for _, query := range []string{"limit=200&type=monitor&type=coach", "type=coach&type=monitor&type=coach"} {
		if got := decoded[api.HistoryPage](w.get(user+query+"&cursor="+cursor), 200); len(got.Items) != 2 {
			t.Errorf("%s: %d items, want the rest: it is the same query", query, len(got.Items))
		}
	}
	refused := map[string]string{
		"no filter": user + "cursor=" + cursor, "another filter": user + "type=monitor&cursor=" + cursor,
		"another user": another + "type=monitor&type=coach&cursor=" + cursor, "another operation": "/coaching-sessions?type=monitor&type=coach&cursor=" + cursor,
		"cut short": user + "type=monitor&type=coach&cursor=" + cursor[:len(cursor)-1], "made longer": user + "type=monitor&type=coach&cursor=" + cursor + "A",
		"padded": user + "type=monitor&type=coach&cursor=" + cursor + "%3D", "in spaces": user + "type=monitor&type=coach&cursor=%20" + cursor,
	}
	for name, path := range refused {
		if p := w.get(path).problem(400, "invalid_cursor"); reason(p, "cursor") == "" {
			t.Errorf("%s: errors %v", name, p.Errors)
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(raw) * 8 {
		flipped := slices.Clone(raw)
		flipped[bit/8] ^= 1 << (bit % 8)
		w.get(user+"type=monitor&type=coach&cursor="+base64.RawURLEncoding.EncodeToString(flipped)).problem(400, "invalid_cursor")
	}
}

// A page may end at something that its reader may not see: a cursor tells nothing of
// where that is, and works in every process that has the key.
func TestACursorTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	for range 3 {
		w.over(supervisor, agent, coaching.TypeMonitor)
	}
	ids, cursors := w.pages("/coaching-sessions?limit=1")
	raw, err := base64.RawURLEncoding.DecodeString(cursors[0])
	if err != nil {
		t.Fatal(err)
	}
	last := uuid.MustParse(ids[0])
	if bytes.Contains(raw, last[:4]) || bytes.Contains(raw, []byte(ids[0][:8])) || bytes.Contains(raw, []byte("StartedAt")) {
		t.Errorf("the cursor %s names the session %s", cursors[0], ids[0])
	}
	next := "/coaching-sessions?limit=1&cursor=" + cursors[0]
	w.handler = httpapi.New(w.floor, w.options)
	if got := decoded[api.HistoryPage](w.get(next), 200); len(got.Items) != 1 || got.Items[0].ID.String() != ids[1] {
		t.Errorf("another process shows %+v, want %s", got.Items, ids[1])
	}
	w.options.CursorKey[0]++
	w.handler = httpapi.New(w.floor, w.options)
	w.get(next).problem(400, "invalid_cursor")
}

func TestGetSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	leg, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	call := w.talk(agent, s)
	path := "/coaching-sessions/" + s.ID.String()
	a := w.get(path)
	live := decoded[api.Session](a, 200)
	if live.Etag != `"`+s.Tag()+`"` || a.header.Get("ETag") != live.Etag {
		t.Errorf("etag %s, header %s, want the strong tag of the session", live.Etag, a.header.Get("ETag"))
	}
	if live.EndedAt != nil || live.LengthSeconds != nil || live.EndReason != nil || len(live.CurrentCalls) != 1 || len(live.Calls) != 1 ||
		live.Calls[0].CallID != call || live.Calls[0].HeardUntil != nil || len(live.Types) != 1 || live.DisconnectRequests == nil {
		t.Errorf("session %+v", live)
	}
	if again := w.get(path, "If-None-Match", live.Etag, "Accept-Encoding", "gzip"); again.status != 200 || again.header.Get("Content-Encoding") != "" {
		t.Errorf("%d, encoding %q; a strong tag is never for caching", again.status, again.header.Get("Content-Encoding"))
	}
	w.must(w.sim.SetType(leg, coaching.TypeCoach))
	w.until("the type is shown", func(l *coaching.Live) bool { return l.Session(s.ID).Type() == coaching.TypeCoach })
	if coached := w.get(path); coached.header.Get("ETag") == live.Etag {
		t.Error("another type has the same etag")
	}
	w.must(w.sim.Leave(leg))
	w.gone(s.ID)
	ended := decoded[api.Session](w.get(path), 200)
	if ended.State != "ended" || ended.EndedAt == nil || ended.LengthSeconds == nil || *ended.EndReason != "supervisor_left" || len(ended.CurrentCalls) != 0 ||
		len(ended.Calls) != 1 || ended.Calls[0].HeardUntil == nil || len(ended.Types) != 2 || ended.Stale || ended.User.Status != "available" {
		t.Errorf("session %+v", ended)
	}
	if upperCase := w.get("/coaching-sessions/" + strings.ToUpper(s.ID.String())); upperCase.status != 200 {
		t.Errorf("%d for an id in capitals", upperCase.status)
	}
}

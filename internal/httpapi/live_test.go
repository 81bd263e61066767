package httpapi_test

import (
	"context"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/httpapi"
)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

func TestListCoachingUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	empty := w.get("/coaching-users")
	if list := decoded[api.CoachingUserList](empty, 200); list.Items == nil || len(list.Items) != 0 {
		t.Errorf("items %v, want an empty list", list.Items)
	}
	_, s := w.listen(supervisor, agent, coaching.TypeCoach)
	call := w.talk(agent, s)
	w.must(w.sim.SetResultCode(agent, coaching.Named{Key: "SALE", Name: "Sold"}))
	w.until("the result code is shown", func(l *coaching.Live) bool { return l.Session(s.ID).CurrentCalls()[0].ResultCode == "SALE" })

	a := w.get("/coaching-users")
	list := decoded[api.CoachingUserList](a, 200)
	if list.Revision != a.header.Get("Coach-Revision") || list.AsOf.Format(time.RFC3339Nano) != a.header.Get("Coach-As-Of") {
		t.Errorf("revision %s, as of %s; headers %v", list.Revision, list.AsOf, a.header)
	}
	if len(list.Items) != 1 || len(list.Items[0].Sessions) != 1 {
		t.Fatalf("items %+v, want one user with one session", list.Items)
	}
	user, shown := list.Items[0], list.Items[0].Sessions[0]
	if user.ID != s.User.ID || user.Status != "coaching" || user.Extensions[0].Extension != supervisor || user.ExternalID != nil {
		t.Errorf("user %+v", user)
	}
	if shown.ID != s.ID || shown.State != "active" || shown.Type != "coach" || shown.Dialer != "sim" || shown.Stale || shown.LastConfirmedAt != nil ||
		shown.TargetUser == nil || shown.TargetUser.Status != "on_call" || shown.TargetUser.Extensions[0].Extension != agent {
		t.Errorf("session %+v", shown)
	}
	if len(shown.CurrentCalls) != 1 {
		t.Fatalf("calls %+v, want one", shown.CurrentCalls)
	}
	if c := shown.CurrentCalls[0]; c.CallID != call || *c.PhoneNumber != number || c.State != "talking" || c.AnsweredAt == nil ||
		c.Campaign == nil || *c.ResultCode != (api.ResultCode{Code: "SALE", Description: "Sold"}) {
		t.Errorf("call %+v", c)
	}
}

func TestListCoachingUsers_UnchangedCostsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	w.listen(otherSupervisor, otherAgent, coaching.TypeMonitor)
	first := w.get("/coaching-users")
	encoded := httpapi.UsersEncoded(w.handler)
	etag := first.header.Get("ETag")
	for name, headers := range map[string][]string{
		"the tag": {"If-None-Match", etag}, "the tag, strong": {"If-None-Match", etag[2:]}, "any": {"If-None-Match", "*"},
		"a list": {"If-None-Match", `"a", ` + etag}, "two lines": {"If-None-Match", `"a"`, "If-None-Match", etag},
	} {
		if a := w.get("/coaching-users", headers...); a.status != 304 || len(a.body) != 0 || a.header.Get("ETag") != etag ||
			a.header.Get("Coach-Revision") != first.header.Get("Coach-Revision") || a.header.Get("Coach-As-Of") == "" {
			t.Errorf("%s: %d %q %v, want 304 with the headers of a 200", name, a.status, a.body, a.header)
		}
	}
	for name, tag := range map[string]string{"another": `W/"x"`, "one that cannot be read": etag[3:], "half a list": etag + ` "`} {
		if a := w.get("/coaching-users", "If-None-Match", tag); a.status != 200 || string(a.body) != string(first.body) {
			t.Errorf("%s: %d, want the list again", name, a.status)
		}
	}
	if got := httpapi.UsersEncoded(w.handler); got != encoded {
		t.Errorf("%d users were encoded for an unchanged list", got-encoded)
	}

	// What the list does not show moves its revision, and not its ETag.
	before := w.floor.Live().Revision
	w.must(w.sim.SetStatus("2003", coaching.StatusPaused, "lunch"))
	w.until("the pause is known", func(l *coaching.Live) bool { return l.Revision != before })
	a := w.get("/coaching-users", "If-None-Match", etag)
	if a.status != 304 || a.header.Get("Coach-Revision") == first.header.Get("Coach-Revision") {
		t.Errorf("%d at revision %s, want 304 at a newer one than %s", a.status, a.header.Get("Coach-Revision"), first.header.Get("Coach-Revision"))
	}
	if got := httpapi.UsersEncoded(w.handler); got != encoded {
		t.Errorf("%d users were encoded for what nobody sees", got-encoded)
	}

	// A change of one user encodes that one.
	w.talk(agent, s)
	if a := w.get("/coaching-users", "If-None-Match", etag); a.status != 200 || a.header.Get("ETag") == etag {
		t.Errorf("%d with ETag %s after a change", a.status, a.header.Get("ETag"))
	}
	w.get("/coaching-users/" + s.User.ID.String())
	if got := httpapi.UsersEncoded(w.handler); got != encoded+1 {
		t.Errorf("%d users were encoded for the change of one", got-encoded)
	}
}

func TestListCoachingUsers_Filters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, first := w.listen(supervisor, agent, coaching.TypeCoach)
	_, second := w.listen(otherSupervisor, otherAgent, coaching.TypeMonitor)
	w.listen(otherSupervisor, agent, coaching.TypeBarge)
	one, two := first.User.ID.String(), second.User.ID.String()
	if first.User.Name > second.User.Name {
		one, two = two, one
	}
	both := []string{one, two}
	if first.User.Name > second.User.Name {
		one, two = two, one // one is the first supervisor again
	}
	tags := map[string]string{}
	for query, want := range map[string][]string{
		"": both, "type=coach": {one}, "type=monitor&type=coach": both, "type=barge_kick": {}, "dialer=sim": both, "dialer=SIM": {}, "dialer=other": {},
		"q=9001": {one}, "q=2002": {two}, "q=2001": both, "q=%25": {}, "q=900": both, "q=2002&type=barge": {}, "q=2001&type=barge": {two},
		"q=" + upper(first.User.Name): {one}, "q=" + upper(second.Target.Name): {two},
	} {
		a := w.get("/coaching-users?" + query)
		var got []string
		for _, u := range decoded[api.CoachingUserList](a, 200).Items {
			got = append(got, u.ID.String())
		}
		if len(got) != len(want) || len(got) > 0 && got[0] != want[0] || len(got) > 1 && got[1] != want[1] {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
		tag := a.header.Get("ETag")
		if other, used := tags[tag]; used {
			t.Errorf("%q and %q have one ETag", query, other)
		}
		tags[tag] = query
		if again := w.get("/coaching-users?"+query, "If-None-Match", tag); again.status != 304 {
			t.Errorf("%s: %d, want 304", query, again.status)
		}
	}
	if a, b := w.get("/coaching-users?type=coach&type=barge"), w.get("/coaching-users?type=barge&type=coach&type=barge"); a.header.Get("ETag") != b.header.Get("ETag") {
		t.Error("the order of types makes another filter")
	}
}

// Losing the dialer ends nothing: what was last known is shown, and says so.
func TestADialerThatIsLostMakesItsSessionsStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	call := w.talk(agent, s)
	etag := w.get("/coaching-users").header.Get("ETag")
	w.loseDialer()

	a := w.get("/coaching-users", "If-None-Match", etag)
	session := decoded[api.CoachingUserList](a, 200).Items[0].Sessions[0]
	if !session.Stale || session.LastConfirmedAt == nil || session.State != "active" {
		t.Errorf("session %+v, want it active and stale", session)
	}
	if again := w.get("/coaching-users", "If-None-Match", a.header.Get("ETag")); again.status != 304 {
		t.Errorf("%d: a stale list changes while nothing happens", again.status)
	}
	calls := decoded[api.CurrentCallList](w.get("/coaching-users/"+s.User.ID.String()+"/current-calls"), 200)
	if len(calls.Items) != 1 || calls.Items[0].CallID != call || !calls.Items[0].Stale {
		t.Errorf("calls %+v, want the last known one, stale", calls.Items)
	}
	dialer := decoded[api.DialerList](w.get("/dialers"), 200).Items[0]
	if dialer.Name != "sim" || dialer.Kind != "simulator" || dialer.Connected || dialer.Since == nil || dialer.LastHeardAt == nil || dialer.LastReconciledAt == nil ||
		dialer.WatchedBy == nil || *dialer.WatchedBy != "test" {
		t.Errorf("dialer %+v", dialer)
	}
	if one := decoded[api.Session](w.get("/coaching-sessions/"+s.ID.String()), 200); !one.Stale {
		t.Error("the session by itself is not stale")
	}
}

// The live views go on from memory while the database is away; what needs it
// tells so.
func TestTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{Poll: 10 * time.Millisecond})
	ended := w.over(supervisor, otherAgent, coaching.TypeMonitor)
	_, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	w.store.Away.Store(true)
	w.until("the view says that it is stale", func(l *coaching.Live) bool { return l.Session(s.ID).Stale })
	user := "/coaching-users/" + s.User.ID.String()
	for _, path := range []string{"/coaching-users", user, user + "/current-calls", "/dialers"} {
		if a := w.get(path); a.status != 200 {
			t.Errorf("%s: %d, want an answer from memory", path, a.status)
		}
	}
	stranger := "/coaching-users/" + coachingtest.ID(7).String() // another process may have met this one
	for _, path := range []string{stranger, stranger + "/current-calls", user + "/history", "/coaching-sessions", "/coaching-sessions/" + ended.String(), "/coaching-sessions/" + s.ID.String()} {
		if a := w.get(path); a.problem(503, "database_unavailable").Status == 503 && a.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", path)
		}
	}
	if a := w.do("GET", "/readyz"); a.status != 503 || string(a.body) != w.readiness(false, true) {
		t.Errorf("/readyz: %d %s", a.status, a.body)
	}
	w.store.Away.Store(false)
	w.until("the view is confirmed again", func(l *coaching.Live) bool { return !l.Session(s.ID).Stale })
}

func TestGetCoachingUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	leg, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	path := "/coaching-users/" + s.User.ID.String()
	a := w.get(path)
	if got := decoded[api.CoachingUser](a, 200); len(got.Sessions) != 1 || got.Sessions[0].ID != s.ID || got.Status != "monitoring" {
		t.Errorf("user %+v", got)
	}
	list := w.get("/coaching-users")
	if item := string(a.body[:len(a.body)-1]); string(list.body[len(list.body)-len("]}\n")-len(item):len(list.body)-len("]}\n")]) != item {
		t.Error("the user is shown in another way than in the list")
	}
	etag := a.header.Get("ETag")
	if again := w.get(path, "If-None-Match", etag); again.status != 304 || len(again.body) != 0 || again.header.Get("Coach-Revision") == "" {
		t.Errorf("%d %s, want 304", again.status, again.body)
	}

	w.must(w.sim.Leave(leg))
	w.gone(s.ID)
	idle := w.get(path, "If-None-Match", etag)
	if got := decoded[api.CoachingUser](idle, 200); got.Sessions == nil || len(got.Sessions) != 0 || got.Status != "available" {
		t.Errorf("user %+v, want no session", got)
	}
	if again := w.get(path, "If-None-Match", idle.header.Get("ETag")); again.status != 304 {
		t.Errorf("%d, want 304 for a user without a session too", again.status)
	}
	target := decoded[api.CoachingUser](w.get("/coaching-users/"+s.Target.ID.String()), 200)
	if target.Extensions[0].Extension != agent {
		t.Errorf("an agent is a user too: %+v", target)
	}
}

func TestListCurrentCalls(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, coaching.Timing{}, simulator.Config{Seed: 1, Quiet: true, Start: time.Now().Add(-time.Minute)})
	_, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	path := "/coaching-users/" + s.User.ID.String() + "/current-calls"
	if calls := decoded[api.CurrentCallList](w.get(path), 200); calls.Items == nil || len(calls.Items) != 0 {
		t.Errorf("calls %+v, want none", calls.Items)
	}
	call := w.talk(agent, s)
	w.listen(supervisor, agent, coaching.TypeBarge) // a second leg on the same call
	_, other := w.listen(supervisor, otherAgent, coaching.TypeMonitor)
	w.talk(otherAgent, other)

	list := decoded[api.CurrentCallList](w.get(path), 200)
	if len(list.Items) != 2 {
		t.Fatalf("%d calls, want each of the two once: %+v", len(list.Items), list.Items)
	}
	if list.Items[0].Agent.Name > list.Items[1].Agent.Name {
		t.Error("calls are not sorted by agent")
	}
	for _, c := range list.Items {
		if c.LengthSeconds != int(list.AsOf.Sub(c.StartedAt)/time.Second) || c.Dialer != "sim" || c.Stale || *c.PhoneNumber != number {
			t.Errorf("call %+v as of %s", c, list.AsOf)
		}
	}
	w.must(w.sim.SetCall(agent, coaching.CallWrapUp))
	w.until("the wrap-up is shown", func(l *coaching.Live) bool {
		return l.Session(s.ID).CurrentCalls()[0].State == coaching.CallWrapUp
	})
	for _, c := range decoded[api.CurrentCallList](w.get(path), 200).Items {
		if c.CallID == call && (c.State != "wrap_up" || c.LengthSeconds > int(time.Since(c.StartedAt)/time.Second)) {
			t.Errorf("call %+v, want it in wrap-up", c)
		}
	}
	w.must(w.sim.EndCall(agent))
	w.until("the call is over", func(l *coaching.Live) bool { return len(l.Session(s.ID).CurrentCalls()) == 0 })
	if list := decoded[api.CurrentCallList](w.get(path), 200); len(list.Items) != 1 {
		t.Errorf("%d calls, want the other one only", len(list.Items))
	}
}

// What the dialer does not tell is null or unknown, and never guessed.
func TestASessionWhoseTargetIsNotKnown(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, coaching.Timing{Retry: 10 * time.Millisecond}, simulator.Config{Seed: 1, Quiet: true, Manual: true})
	w.sim.LoseConnection(time.Second)
	w.until("the connection is lost", func(l *coaching.Live) bool { return !l.Dialers()[0].Connected })
	w.sim.SetMischief(simulator.Mischief{Untold: 1})
	_, err := w.sim.Attach(supervisor, agent, coaching.TypeMonitor)
	w.must(err)
	w.sim.Advance(2 * time.Second)
	w.until("the leg is found", func(l *coaching.Live) bool { return len(l.Sessions()) == 1 })

	user := decoded[api.CoachingUserList](w.get("/coaching-users?type=unknown&q=9001"), 200).Items[0]
	if s := user.Sessions[0]; s.TargetUser != nil || s.Type != "unknown" || s.StartedAtExact || user.Status != "supervising" {
		t.Errorf("user %+v", user)
	}
	if calls := decoded[api.CurrentCallList](w.get("/coaching-users/"+user.ID.String()+"/current-calls"), 200); len(calls.Items) != 0 {
		t.Errorf("calls %+v of nobody", calls.Items)
	}
	one := decoded[api.Session](w.get("/coaching-sessions/"+user.Sessions[0].ID.String()), 200)
	if one.TargetUser != nil || one.Type != "unknown" || one.TargetCampaign != nil {
		t.Errorf("session %+v", one)
	}
	if row := decoded[api.HistoryPage](w.get("/coaching-sessions?state=live"), 200).Items[0]; row.TargetUser != nil || row.EndedAt != nil || row.LengthSeconds != nil {
		t.Errorf("row %+v", row)
	}
}

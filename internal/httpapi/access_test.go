package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/httpapi"
	"github.com/coachmanager/coachmanager/internal/store"
)

// caller is one row of the table of who may what.
type caller struct {
	name, token string
	role        access.Role // "": is not let in at all
	team        string
}

// callers are every role, of no team, of the sessions' team and of another one, and
// those who have no valid token.
func (g *guarded) everybody() []caller {
	all := []caller{{name: "nobody"}, {name: "a guess", token: access.NewSecret()}, {name: "no token", token: "open sesame"}}
	for _, role := range access.Roles {
		for _, team := range []string{"", north, "Elsewhere"} {
			c := caller{name: string(role) + " of " + team, role: role, team: team}
			c.token = g.token(access.NewToken{Name: c.name, Role: role, Team: team})
			all = append(all, c)
		}
	}
	// A newer program's role, of which this one knows nothing.
	all = append(all, caller{name: "auditor", role: "auditor", token: g.token(access.NewToken{Name: "auditor", Role: "auditor"})})
	revoked := caller{name: "revoked", token: g.token(access.NewToken{Name: "revoked", Role: access.Admin})}
	_, err := g.db.RevokeToken(g.t.Context(), "revoked")
	g.must(err)
	g.waitFor("the revocation", func() bool { _, err := g.guard.Authenticate(g.t.Context(), revoked.token); return err != nil })
	expired := caller{name: "expired", token: g.token(access.NewToken{Name: "expired", Role: access.Admin, Expires: time.Millisecond})}
	g.waitFor("the expiry", func() bool { _, err := g.guard.Authenticate(g.t.Context(), expired.token); return err != nil })
	return append(all, revoked, expired)
}

// The contract is the list of operations: one that is added is in this table, and
// fails in it unless it has a rule.
func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	for engine, database := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, database(t), nil)
			_, s := g.listen(supervisor, agent, coaching.TypeCoach)
			g.talk(agent, s)
			callers := g.everybody()
			for path, item := range contract().Paths.Map() {
				for method, operation := range item.Operations() {
					for _, c := range callers {
						g.checkOperation(c, method, path, operation)
					}
				}
			}
			g.limitedEverywhere(callers[3].token)
		})
	}
}

func (g *guarded) checkOperation(c caller, method, path string, operation *openapi3.Operation) {
	g.t.Helper()
	s := g.someSession()
	if method == http.MethodDelete {
		_, s = g.listen(supervisor, otherAgent, coaching.TypeMonitor)
	}
	filled := strings.NewReplacer("{user_id}", s.User.ID.String(), "{session_id}", s.ID.String()).Replace(path)
	if strings.Contains(filled, "{") {
		g.t.Fatalf("%s: what is in its path is not known here", path)
	}
	needs, _ := operation.Extensions["x-permission"].(string)
	want := 200
	switch {
	case c.role == "":
		want = 401
	case needs == "" || !slices.Contains(strings.Fields(permissionsOf[c.role]), needs), needs == "audit" && c.team != "":
		want = 403
	case c.team == "Elsewhere" && filled != path:
		want = 404
	}
	a := g.as(c.token, method, filled)
	if a.status != want {
		g.t.Errorf("%s: %s is answered %d, want %d: %s", c.name, a.what, a.status, want, a.body)
	}
	if (want == 401) != strings.HasPrefix(a.header.Get("WWW-Authenticate"), `Bearer realm="`) {
		g.t.Errorf("%s: %s: WWW-Authenticate is %q", c.name, a.what, a.header.Get("WWW-Authenticate"))
	}
	// Who asks is decided before what is asked: a mistake changes nothing of it.
	if want == 401 || want == 403 {
		if a := g.as(c.token, method, filled+"?nonsense=1"); a.status != want {
			g.t.Errorf("%s: %s is answered %d, want %d", c.name, a.what, a.status, want)
		}
	}
	for _, p := range operation.Parameters {
		if needs, has := p.Value.Extensions["x-permission"].(string); has && want != 401 && want != 403 {
			g.checkParameter(c, method, filled, p.Value, needs)
		}
	}
}

func (g *guarded) checkParameter(c caller, method, path string, p *openapi3.Parameter, needs string) {
	g.t.Helper()
	value := fmt.Sprint(p.Example)
	if p.Schema.Value.Type.Is(openapi3.TypeBoolean) {
		value = "true"
	}
	may := slices.Contains(strings.Fields(permissionsOf[c.role]), needs)
	given := path + "?" + p.Name + "=" + url.QueryEscape(value)
	if a := g.as(c.token, method, given); (a.status == 403) == may {
		g.t.Errorf("%s: %s is answered %d: %s", c.name, a.what, a.status, a.body)
	}
	// What one may not ask is refused before it is looked at.
	want := 400
	if !may {
		want = 403
	}
	for _, mistake := range []string{given + "&nonsense=1", given + "&" + p.Name + "=" + url.QueryEscape(value)} {
		if a := g.as(c.token, method, mistake); a.status != want {
			g.t.Errorf("%s: %s is answered %d, want %d", c.name, a.what, a.status, want)
		}
	}
}

// someSession is a session of the north that is live.
func (g *guarded) someSession() (found *coaching.SessionView) {
	for _, s := range g.floor.Live().Sessions() {
		if s.Supervisor.Team == north {
			found = s
		}
	}
	return found
}

// limitedEverywhere has a token ask more often than it may, of every operation.
func (g *guarded) limitedEverywhere(token string) {
	g.t.Helper()
	g.options.TokenRate = 1
	g.serve()
	s := g.someSession()
	for path, item := range contract().Paths.Map() {
		path = strings.NewReplacer("{user_id}", s.User.ID.String(), "{session_id}", s.ID.String()).Replace(path)
		for method := range item.Operations() {
			g.waitFor("the limit of "+method+" "+path, func() bool {
				a := g.as(token, method, path)
				return a.status == 429 && a.header.Get("Retry-After") != "" && a.problem(429, "rate_limited").Detail != ""
			})
		}
	}
}

func TestMe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	me := decoded[api.Me](w.get("/me"), 200)
	if me.Name != "local" || me.Role != "admin" || me.Team != nil || me.User != nil || len(me.Permissions) != 5 {
		t.Errorf("without tokens: %+v", me)
	}
	w.get("/me?x=1").problem(400, "invalid_request")
	w.do("POST", "/api/v1/me").problem(405, "method_not_allowed")

	g := newGuarded(t, engines["sqlite"](t), nil)
	_, s := g.listen(supervisor, agent, coaching.TypeMonitor)
	user := s.User.ID
	token := g.token(access.NewToken{Name: "Anna's page", Role: access.Manager, Team: north, User: &user})
	me = decoded[api.Me](g.as(token, "GET", "/me"), 200)
	if me.Name != "Anna's page" || me.Role != "manager" || *me.Team != north || me.User.ID != user || me.User.Name != s.User.Name ||
		strings.Join(me.Permissions, " ") != permissionsOf[access.Manager] {
		t.Errorf("got %+v", me)
	}
	// What is done is done in this name.
	ended := decoded[api.Session](g.as(token, "DELETE", "/coaching-sessions/"+s.ID.String()), 200)
	if by := ended.EndedBy; by == nil || by.Name != "Anna's page" || by.User == nil || by.User.ID != user || by.User.Name != s.User.Name {
		t.Errorf("ended by %+v", by)
	}
}

// Whoever is taken out of the imports is let in no more.
func TestATokenEndsWithItsUser(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), nil)
	_, s := g.listen(supervisor, agent, coaching.TypeMonitor)
	bring := func(in store.Import) {
		t.Helper()
		plan, err := g.db.PlanImport(t.Context(), in, func(int) {})
		g.must(err)
		g.must(g.db.Import(t.Context(), plan, func(int, int) {}))
	}
	anna := coaching.ImportedUser{ExternalID: "emp-1", Name: "Anna", Extensions: []coaching.Extension{{Dialer: "sim", Extension: supervisor}}}
	bring(store.Import{Users: []coaching.ImportedUser{anna}})
	user := s.User.ID
	hers := g.token(access.NewToken{Name: "Anna's", Role: access.Manager, User: &user})
	other := g.token(access.NewToken{Name: "other", Role: access.Manager})
	bring(store.Import{DeactivateMissing: true})
	g.waitFor("her token to end", func() bool { return g.as(hers, "GET", "/me").status == 401 })
	if a := g.as(other, "GET", "/me"); a.status != 200 {
		t.Errorf("another token: %d", a.status)
	}
	bring(store.Import{Users: []coaching.ImportedUser{anna}})
	g.waitFor("her return", func() bool { return g.as(hers, "GET", "/me").status == 200 })
}

// A team sees its sessions, those who take part in them, and nothing else.
func TestTeams(t *testing.T) {
	t.Parallel()
	for engine, database := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, database(t), nil)
			over := g.over(supervisor, agent, coaching.TypeMonitor)
			overElsewhere := g.over(otherSupervisor, otherAgent, coaching.TypeMonitor)
			_, own := g.listen(supervisor, agent, coaching.TypeCoach)
			_, crossed := g.listen(otherSupervisor, agent, coaching.TypeCoach)
			_, foreign := g.listen(otherSupervisor, otherAgent, coaching.TypeBarge)
			g.talk(agent, own)
			all := g.token(access.NewToken{Name: "all", Role: access.Admin})
			team := g.token(access.NewToken{Name: "team", Role: access.Admin, Team: north})
			elsewhere := g.token(access.NewToken{Name: "elsewhere", Role: access.Admin, Team: "Elsewhere"})

			for token, want := range map[string][]coaching.SessionID{
				all: {own.ID, crossed.ID, foreign.ID}, team: {own.ID, crossed.ID}, elsewhere: nil,
			} {
				g.seesLive(token, want)
			}
			g.seesStatus(all, crossed, "barging")
			g.seesStatus(team, crossed, "coaching") // of what the supervisor does elsewhere it knows nothing
			for query, want := range map[string][]coaching.SessionID{
				"state=live": {own.ID, crossed.ID}, "state=ended": {over}, "user_id=" + foreign.User.ID.String(): {crossed.ID},
				"state=live&target_user_id=" + foreign.Target.ID.String(): nil, "limit=1": {crossed.ID},
			} {
				var ids []coaching.SessionID
				for _, e := range decoded[api.HistoryPage](g.as(team, "GET", "/coaching-sessions?"+query), 200).Items {
					ids = append(ids, e.ID)
				}
				sameIDs(t, query, ids, want)
			}
			g.seesOnly(team, map[string]int{
				"/coaching-sessions/" + own.ID.String(): 200, "/coaching-sessions/" + crossed.ID.String(): 200, "/coaching-sessions/" + over.String(): 200,
				"/coaching-sessions/" + foreign.ID.String(): 404, "/coaching-sessions/" + overElsewhere.String(): 404,
				"/coaching-users/" + own.User.ID.String(): 200, "/coaching-users/" + own.Target.ID.String(): 200,
				"/coaching-users/" + crossed.User.ID.String(): 200, "/coaching-users/" + foreign.Target.ID.String(): 404,
				"/coaching-users/" + foreign.Target.ID.String() + "/history": 404, "/coaching-users/" + foreign.Target.ID.String() + "/current-calls": 404,
			})
			if calls := decoded[api.CurrentCallList](g.as(team, "GET", "/coaching-users/"+crossed.User.ID.String()+"/current-calls"), 200).Items; len(calls) != 1 {
				t.Errorf("of the other team's supervisor it sees the calls %+v", calls)
			}
			history := decoded[api.HistoryPage](g.as(team, "GET", "/coaching-users/"+crossed.User.ID.String()+"/history"), 200)
			if len(history.Items) != 0 {
				t.Errorf("of the other team's supervisor it sees the history %+v", history.Items)
			}
			for query, want := range map[string]bool{"": true, "&q=" + url.QueryEscape(foreign.Target.Name): false, "&team=Elsewhere": false} {
				users := decoded[api.UserPage](g.as(team, "GET", "/users?limit=200"+query), 200).Items
				if (len(users) > 0) != want || slices.ContainsFunc(users, func(u api.KnownUser) bool { return u.Team == nil || *u.Team != north }) {
					t.Errorf("/users%s: it sees %+v, want users of its team only", query, users)
				}
			}
			// A cursor belongs to whom it was given: it leads nobody around the team.
			page := decoded[api.HistoryPage](g.as(all, "GET", "/coaching-sessions?limit=1"), 200)
			g.as(team, "GET", "/coaching-sessions?limit=1&cursor="+*page.NextCursor).problem(400, "invalid_cursor")

			g.as(team, "DELETE", "/coaching-sessions/"+foreign.ID.String()).problem(404, "session_not_found")
			g.as(team, "DELETE", "/coaching-sessions/"+overElsewhere.String()).problem(404, "session_not_found")
			if g.hungUp() != 0 {
				t.Error("a team hung up another's leg")
			}
			decoded[api.Session](g.as(team, "DELETE", "/coaching-sessions/"+crossed.ID.String()), 200)
			g.as(team, "GET", "/coaching-users/"+crossed.User.ID.String()).problem(404, "user_not_found")
		})
	}
}

// seesStatus checks the status of a session's supervisor wherever it is shown.
func (g *guarded) seesStatus(token string, s *coaching.SessionView, want string) {
	g.t.Helper()
	for _, u := range decoded[api.CoachingUserList](g.as(token, "GET", "/coaching-users"), 200).Items {
		if u.ID == s.User.ID && u.Status != want {
			g.t.Errorf("in the list: %s, want %s", u.Status, want)
		}
	}
	if u := decoded[api.CoachingUser](g.as(token, "GET", "/coaching-users/"+s.User.ID.String()), 200); u.Status != want {
		g.t.Errorf("selected: %s, want %s", u.Status, want)
	}
	if got := decoded[api.Session](g.as(token, "GET", "/coaching-sessions/"+s.ID.String()), 200).User; got.Status != want {
		g.t.Errorf("in the session: %s, want %s", got.Status, want)
	}
}

func (g *guarded) seesOnly(token string, want map[string]int) {
	g.t.Helper()
	for path, status := range want {
		if a := g.as(token, "GET", path); a.status != status {
			g.t.Errorf("%s: %d, want %d: %s", path, a.status, status, a.body)
		}
	}
}

// seesLive checks the live list and that it is the caller's own: unchanged for the
// caller, and encoded once.
func (g *guarded) seesLive(token string, want []coaching.SessionID) {
	g.t.Helper()
	a := g.as(token, "GET", "/coaching-users")
	var ids []coaching.SessionID
	for _, u := range decoded[api.CoachingUserList](a, 200).Items {
		for _, s := range u.Sessions {
			ids = append(ids, s.ID)
		}
	}
	sameIDs(g.t, "live", ids, want)
	encoded := httpapi.UsersEncoded(g.handler)
	if again := g.as(token, "GET", "/coaching-users", "If-None-Match", a.header.Get("ETag")); again.status != 304 {
		g.t.Errorf("unchanged, it is answered %d", again.status)
	}
	if n := httpapi.UsersEncoded(g.handler) - encoded; n != 0 {
		g.t.Errorf("unchanged, %d users are encoded again", n)
	}
}

func sameIDs(t testing.TB, what string, got, want []coaching.SessionID) {
	t.Helper()
	compare := func(a, b coaching.SessionID) int { return slices.Compare(a[:], b[:]) }
	got, want = slices.SortedFunc(slices.Values(got), compare), slices.SortedFunc(slices.Values(want), compare)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

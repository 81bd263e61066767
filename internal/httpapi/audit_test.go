package httpapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/httpapi"
	"github.com/coachmanager/coachmanager/internal/store"
)

// audited reads the audit to its end, newest first.
func (g *guarded) audited(token, query string) (all []api.AuditEntry) {
	g.t.Helper()
	for next := ""; ; {
		page := decoded[api.AuditPage](g.as(token, "GET", "/audit?limit=3"+query+next), 200)
		all = append(all, page.Items...)
		if page.NextCursor == nil {
			return all
		}
		next = "&cursor=" + *page.NextCursor
	}
}

// untilAudited waits for an entry that is made after the answer, and returns it.
func (g *guarded) untilAudited(token, query string, wanted func(api.AuditEntry) bool) (found api.AuditEntry) {
	g.t.Helper()
	g.waitFor("the entry "+query, func() bool {
		all := g.audited(token, query)
		at := slices.IndexFunc(all, wanted)
		if at >= 0 {
			found = all[at]
		}
		return at >= 0
	})
	return found
}

// What must be nowhere in the audit.
const (
	auditedName   = "Zoraida Quillfeather"
	auditedReason = "private matter of somebody"
	auditedOrigin = "203.0.113.77"
)

func TestTheAuditTellsWhoDidWhat(t *testing.T) {
	t.Parallel()
	for engine, database := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			g := newGuarded(t, database(t), func(o *httpapi.Options) { o.TokenRate = 10_000 })
			g.bring(store.Import{Users: []coaching.ImportedUser{person("emp-zq", auditedName, north, supervisor), person("emp-2", "Tom Becker", north, agent)}})
			_, s := g.listen(supervisor, agent, coaching.TypeCoach)
			g.talk(agent, s)
			user := s.User.ID
			admin := g.token(access.NewToken{Name: "boss " + auditedName, Role: access.Admin, User: &user})
			manager := g.token(access.NewToken{Name: "manager", Role: access.Manager, Team: north})
			viewer := g.token(access.NewToken{Name: "viewer", Role: access.Viewer})
			_, err := g.db.RevokeToken(t.Context(), "viewer")
			g.must(err)
			g.checkLooks(admin, manager)
			g.checkDisconnects(admin, s)
			g.checkRefusals(admin, manager, viewer)
			g.checkActions(admin)
			g.checkOutsiderAgrees(admin)
			g.holdsNothingPersonal()
		})
	}
}

// What a team's token asks for and may not see, or is not there, is a refusal.
func TestTheAuditTellsOfTeamsThatLookElsewhere(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), func(o *httpapi.Options) { o.TokenRate = 10_000 })
	_, s := g.listen(supervisor, agent, coaching.TypeCoach)
	admin := g.token(access.NewToken{Name: "admin", Role: access.Admin})
	curious := g.token(access.NewToken{Name: "curious", Role: access.Viewer, Team: south})
	g.as(curious, "GET", "/coaching-sessions/"+s.ID.String()).problem(404, "session_not_found")
	g.as(curious, "GET", "/coaching-users/"+s.User.ID.String()).problem(404, "user_not_found")
	g.as(admin, "GET", "/coaching-users/"+uuid.NewString()).problem(404, "user_not_found")
	g.waitFor("the refusals", func() bool { return len(g.audited(admin, "&action=request.refused")) == 2 })
}

// Each look is kept for ever, so nobody makes as many of them as of other requests.
func TestLooksForNumbersAreSlowed(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, engines["sqlite"](t), func(o *httpapi.Options) { o.TokenRate = 10_000 })
	manager := g.token(access.NewToken{Name: "manager", Role: access.Manager})
	other := g.token(access.NewToken{Name: "other", Role: access.Manager})
	look := func(token string) *answer { return g.as(token, "GET", "/coaching-sessions?phone_number=1") }
	g.waitFor("the curious to be slowed", func() bool { return look(manager).status == 429 })
	if a := g.as(manager, "GET", "/coaching-sessions"); a.status != 200 {
		t.Errorf("without a number: %d", a.status)
	}
	if a := look(other); a.status != 200 {
		t.Errorf("another caller: %d", a.status)
	}
}

// checkLooks looks by number: each page that was answered is an entry.
func (g *guarded) checkLooks(admin, manager string) {
	g.t.Helper()
	path := "/coaching-sessions?phone_number=%2B" + strings.TrimPrefix(number, "+")
	decoded[api.HistoryPage](g.as(manager, "GET", path), 200)
	decoded[api.HistoryPage](g.as(manager, "GET", path), 200)
	decoded[api.HistoryPage](g.as(manager, "GET", "/coaching-sessions?phone_number=1"), 200)
	decoded[api.HistoryPage](g.as(manager, "GET", "/coaching-sessions"), 200)
	g.as(manager, "GET", path+"&cursor=AAAA").problem(400, "invalid_cursor")
	looks := g.audited(admin, "&action=sessions.searched_by_number")
	if len(looks) != 3 || fmt.Sprint(looks[1].Details) != fmt.Sprint(looks[2].Details) || fmt.Sprint(looks[0].Details) == fmt.Sprint(looks[1].Details) {
		g.t.Fatalf("looks: %+v", looks)
	}
	e := looks[0]
	if hash, _ := e.Details["phone_number_hash"].(string); len(hash) != 32 || e.Result != "allowed" || e.Actor.Kind != "token" || e.Subject != nil {
		g.t.Errorf("got %+v", e)
	}
	if of := g.audited(admin, "&actor_id="+*e.Actor.ID); len(of) != 3 {
		g.t.Errorf("of the actor: %+v", of)
	}
	// Nothing is shown that could not be entered.
	g.audit.away.Store(true)
	g.as(manager, "GET", path).problem(503, "database_unavailable")
	g.as(admin, "GET", "/audit").problem(503, "database_unavailable")
	decoded[api.HistoryPage](g.as(manager, "GET", "/coaching-sessions"), 200)
	g.audit.away.Store(false)
}

func (g *guarded) checkDisconnects(admin string, s *coaching.SessionView) {
	g.t.Helper()
	path := "/coaching-sessions/" + s.ID.String()
	g.as(admin, "DELETE", path, "If-Match", `"another"`).problem(412, "session_changed")
	reason := "?reason=" + strings.ReplaceAll(auditedReason, " ", "%20")
	decoded[api.Session](g.as(admin, "DELETE", path+reason), 200)
	of := g.audited(admin, "&subject_id="+s.ID.String()+"&action=disconnect.requested")
	done := g.audited(admin, "&subject_id="+s.ID.String()+"&action=disconnect.finished")
	if len(of) != 1 || len(done) != 1 {
		g.t.Fatalf("got %+v and %+v", of, done)
	}
	for _, e := range append(of, done...) {
		if e.Actor.Kind != "token" || e.Actor.UserID == nil || *e.Actor.UserID != s.User.ID || e.Details["type"] != "coach" || e.Details["request_id"] == nil {
			g.t.Errorf("got %+v", e)
		}
	}
	if of[0].Result != "pending" || done[0].Result != "confirmed" || done[0].Number <= of[0].Number {
		g.t.Errorf("got %+v and %+v", of[0], done[0])
	}
	e := g.untilAudited(admin, "&action=disconnect.refused", func(e api.AuditEntry) bool { return e.Result == "session_changed" })
	if e.Subject == nil || e.Subject.ID != s.ID.String() || e.Details["count"] != 1.0 {
		g.t.Errorf("got %+v", e)
	}
}

func (g *guarded) checkRefusals(admin, manager, viewer string) {
	g.t.Helper()
	for token, want := range map[string]api.AuditEntry{
		manager: {Result: "forbidden", Actor: api.AuditActor{Kind: "token"}},
		viewer:  {Result: "unauthorized", Actor: api.AuditActor{Kind: "anonymous"}},
	} {
		g.waitFor("the token to be refused", func() bool {
			return g.request("GET", "/api/v1/audit", "Authorization", "Bearer "+token, "X-Forwarded-For", auditedOrigin).status >= 400
		})
		e := g.untilAudited(admin, "&subject_id=listAudit", func(e api.AuditEntry) bool { return e.Result == want.Result && e.Actor.Kind == want.Actor.Kind })
		if e.Action != "request.refused" || e.Actor.ID == nil || e.Subject.Kind != "operation" {
			g.t.Errorf("got %+v", e)
		}
	}
	g.as(manager, "DELETE", "/coaching-sessions/"+unknown+"?force=true").problem(403, "forbidden")
	g.as(manager, "DELETE", "/coaching-sessions/"+unknown).problem(404, "session_not_found")
	g.as(admin, "DELETE", "/coaching-sessions/"+unknown+"?force=true").problem(428, "precondition_required")
	for _, code := range []string{"session_not_found", "precondition_required"} {
		g.untilAudited(admin, "&action=disconnect.refused", func(e api.AuditEntry) bool { return e.Result == code })
	}
	g.untilAudited(admin, "&action=request.refused&subject_id=disconnectSession", func(e api.AuditEntry) bool { return e.Result == "forbidden" })
}

// checkActions wants every action that there is, once at least.
func (g *guarded) checkActions(admin string) {
	g.t.Helper()
	seen := map[string]bool{}
	for _, e := range g.audited(admin, "") {
		seen[e.Action] = true
	}
	for _, want := range []audit.Action{
		audit.DisconnectRequested, audit.DisconnectFinished, audit.DisconnectRefused, audit.RequestRefused, audit.SearchedByNumber,
		audit.TokenCreated, audit.TokenRevoked, audit.UsersImported, audit.UsersChanged,
	} {
		if !seen[string(want)] {
			g.t.Errorf("no entry of %s", want)
		}
	}
}

// checkOutsiderAgrees computes the chain from the answers, as the contract says it is
// done, by other code.
func (g *guarded) checkOutsiderAgrees(admin string) {
	g.t.Helper()
	all := g.audited(admin, "")
	slices.Reverse(all)
	prior := strings.Repeat("0", 64)
	null := func(text *string) string {
		if text == nil {
			return ""
		}
		return *text
	}
	for i, e := range all {
		details, err := json.Marshal(e.Details)
		g.must(err)
		subject, user := api.AuditSubject{}, ""
		if e.Subject != nil {
			subject = *e.Subject
		}
		if e.Actor.UserID != nil {
			user = e.Actor.UserID.String()
		}
		var text strings.Builder
		for _, field := range []string{
			"1", prior, fmt.Sprint(e.Number), fmt.Sprint(e.At.UnixMicro()), e.Action, e.Result, e.Actor.Kind, null(e.Actor.ID), user, subject.Kind, subject.ID, string(details),
		} {
			fmt.Fprintf(&text, "%d:%s,", len(field), field)
		}
		sum := sha256.Sum256([]byte(text.String()))
		if prior = hex.EncodeToString(sum[:]); prior != e.Hash || e.Number != int64(i+1) {
			g.t.Fatalf("entry %d: hash %s of %s, want %s", e.Number, e.Hash, text.String(), prior)
		}
	}
	if _, err := audit.Verify(g.t.Context(), g.db, &audit.Head{Number: all[len(all)-1].Number, Hash: hashOf(g.t, prior)}, func(int64) {}); err != nil {
		g.t.Error(err)
	}
}

func hashOf(t testing.TB, text string) audit.Hash {
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return audit.Hash(raw)
}

// holdsNothingPersonal looks at every column of every entry.
func (g *guarded) holdsNothingPersonal() {
	g.t.Helper()
	entries, err := g.db.AuditEntries(g.t.Context(), 0, 10_000)
	g.must(err)
	for _, e := range entries {
		text := strings.ToLower(fmt.Sprintf("%+v", e))
		for _, personal := range []string{
			number, strings.TrimPrefix(number, "+"), "5550132", auditedName, "zoraida", "quillfeather", auditedReason, "private", auditedOrigin, "emp-zq", "becker",
			north, "renewals", "boss", "manager\"s", "bearer",
		} {
			if strings.Contains(text, strings.ToLower(personal)) {
				g.t.Errorf("%q is in %s", personal, text)
			}
		}
	}
}

func TestPagesOfTheAuditAreRefusedUnlessTheyMakeSense(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	for range 3 {
		w.get("/coaching-sessions?phone_number=1")
	}
	page := decoded[api.AuditPage](w.get("/audit?limit=1"), 200)
	cursor := *page.NextCursor
	if page.Head.Number != 3 || page.Items[0].Hash != page.Head.Hash || page.Items[0].Actor.Kind != "local" || page.Items[0].Actor.ID != nil {
		t.Errorf("got %+v", page)
	}
	for _, path := range []string{
		"/audit?action=token.created&cursor=" + cursor, "/audit?cursor=A", "/audit?cursor=" + cursor + "A", "/audit?cursor=" + cursor[:len(cursor)-2],
		"/users?cursor=" + cursor, "/coaching-sessions?cursor=" + cursor, "/audit?cursor=____",
	} {
		w.get(path).problem(400, "invalid_cursor")
	}
	for field, query := range map[string]string{
		"action": "action=anything", "actor_id": "actor_id=%2B4915112345678", "subject_id": "subject_id=a%00b", "from": "from=now",
		"to": "from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "limit": "limit=0", "q": "q=a",
	} {
		if p := w.get("/audit?"+query).problem(400, "invalid_request"); reason(p, field) == "" {
			t.Errorf("%s: %+v", query, p.Errors)
		}
	}
	long := time.Now().Add(-24 * time.Hour).UTC().Format(time.RFC3339)
	for query, want := range map[string]int{"?from=" + long: 3, "?to=" + long: 0, "?action=token.created": 0, "?subject_id=" + unknown: 0} {
		if got := decoded[api.AuditPage](w.get("/audit"+query), 200); len(got.Items) != want || got.NextCursor != nil {
			t.Errorf("%s: %+v", query, got)
		}
	}
}

// Two processes on one database make one chain, and each shows all of it.
func TestSeveralProcessesMakeOneAudit(t *testing.T) {
	t.Parallel()
	url := engines["postgres"](t)
	quick := func(o *httpapi.Options) { o.TokenRate = 10_000 }
	one, two := newGuarded(t, url, quick), newGuarded(t, url, quick)
	admin := one.token(access.NewToken{Name: "me", Role: access.Admin})
	two.waitFor("the token", func() bool { return two.as(admin, "GET", "/me").status == 200 })
	const looks = 20
	done := make(chan int, 2)
	for _, g := range []*guarded{one, two} {
		go func() {
			answered := 0
			for range looks {
				if g.as(admin, "GET", "/coaching-sessions?phone_number=1").status == http.StatusOK {
					answered++
				}
			}
			done <- answered
		}()
	}
	if got := <-done + <-done; got != 2*looks {
		t.Errorf("%d looks were answered", got)
	}
	for _, g := range []*guarded{one, two} {
		if got := g.audited(admin, "&action=sessions.searched_by_number"); len(got) != 2*looks {
			t.Errorf("got %d looks", len(got))
		}
		g.checkOutsiderAgrees(admin)
	}
}

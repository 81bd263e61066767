package httpapi_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/httpapi"
	"github.com/coachmanager/coachmanager/internal/store"
)

// bring imports users and names, as the commands do beside the service.
func (w *world) bring(in store.Import) {
	w.t.Helper()
	db := w.store.Store.(*store.Store)
	plan, err := db.PlanImport(w.t.Context(), in, func(int) {})
	if err == nil {
		err = db.Import(w.t.Context(), plan, func(int, int) {})
	}
	w.must(err)
}

// users reads a list of users to its end and returns their names.
func (w *world) users(path string) (names []string) {
	w.t.Helper()
	separator, next := "?", ""
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for {
		page := decoded[api.UserPage](w.get(path+next), 200)
		for _, u := range page.Items {
			names = append(names, u.Name)
		}
		if page.NextCursor == nil {
			return names
		}
		next = separator + "cursor=" + *page.NextCursor
	}
}

// untilUsers waits for a list of users to be as wanted.
func (w *world) untilUsers(path string, want ...string) {
	w.t.Helper()
	var got []string
	defer func() {
		if w.t.Failed() {
			w.t.Logf("%s: %q, want %q", path, got, want)
		}
	}()
	w.until("the users are as wanted", func(*coaching.Live) bool {
		got = w.users(path)
		return slices.Equal(got, want)
	})
}

func person(id, name, team string, extensions ...string) coaching.ImportedUser {
	in := coaching.ImportedUser{ExternalID: id, Name: name, Team: team}
	for _, e := range extensions {
		in.Extensions = append(in.Extensions, coaching.Extension{Dialer: "sim", Extension: e})
	}
	return in
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, coaching.Timing{}, simulator.Config{Seed: 1, Quiet: true, Supervisors: 2, Agents: 2})
	seen := w.users("/users")
	if len(seen) != 4 {
		t.Fatalf("%q, want those whom the dialer told of", seen)
	}
	_, s := w.listen(supervisor, agent, coaching.TypeMonitor)
	w.bring(store.Import{Users: []coaching.ImportedUser{
		person("emp-1", "Zoë Keller", "Leads", supervisor), person("emp-2", "Tom Becker", "Sales", agent, "7001"), person("emp-3", "Ana Duarte", "Sales"),
	}})
	w.untilUsers("/users?team=Sales", "Ana Duarte", "Tom Becker")
	for query, want := range map[string][]string{
		"?limit=1&team=Sales": {"Ana Duarte", "Tom Becker"}, "?q=" + upper("zoë"): {"Zoë Keller"}, "?q=7001": {"Tom Becker"},
		"?q=emp-3": {"Ana Duarte"}, "?q=EMP&dialer=sim": {"Tom Becker", "Zoë Keller"}, "?dialer=elsewhere": nil, "?active=false": nil,
		"?team=" + url.QueryEscape("sales"): nil,
	} {
		if got := w.users("/users" + query); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if all := w.users("/users?limit=2"); len(all) != 5 || !slices.IsSorted(all) {
		t.Errorf("%q, want 5 users sorted by name", all)
	}
	zoe := decoded[api.UserPage](w.get("/users?q=emp-1"), 200).Items[0]
	if zoe.ID != s.User.ID || zoe.Origin != "import" || !zoe.Active || zoe.Status != "monitoring" || *zoe.ExternalID != "emp-1" {
		t.Errorf("%+v, want the supervisor, completed and monitoring", zoe)
	}
	if other := decoded[api.UserPage](w.get("/users?q="+otherAgent), 200).Items[0]; other.Origin != "dialer" || other.ExternalID != nil || !other.Active {
		t.Errorf("%+v, want one whom only the dialer knows", other)
	}
}

// Who is not in the imports any more is shown so; a live session of theirs goes on.
func TestListUsers_OneWhoIsMadeInactive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	_, s := w.listen(supervisor, agent, coaching.TypeCoach)
	boss, tom := person("emp-1", "Zoë Keller", "Leads", supervisor), person("emp-2", "Tom Becker", "Sales", agent)
	w.bring(store.Import{Users: []coaching.ImportedUser{boss, tom}})
	w.untilUsers("/users?q=emp", "Tom Becker", "Zoë Keller")
	w.bring(store.Import{Users: []coaching.ImportedUser{tom}, DeactivateMissing: true})
	w.untilUsers("/users?active=false", "Zoë Keller")
	live := decoded[api.CoachingUser](w.get("/coaching-users/"+s.User.ID.String()), 200)
	if live.Name != "Zoë Keller" || len(live.Extensions) != 0 || live.Status != "coaching" || len(live.Sessions) != 1 || live.Sessions[0].ID != s.ID {
		t.Errorf("%+v, want the session that goes on", live)
	}
	w.bring(store.Import{Users: []coaching.ImportedUser{boss, tom}})
	w.untilUsers("/users?active=true&q=emp", "Tom Becker", "Zoë Keller")
}

func TestListCampaigns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	entry := func(kind coaching.CatalogueKind, dialer, key, name string) coaching.ImportedEntry {
		return coaching.ImportedEntry{Kind: kind, Dialer: dialer, Key: key, Name: name}
	}
	w.bring(store.Import{Entries: []coaching.ImportedEntry{
		entry(coaching.KindCampaign, "pbx1", "2", "Spring"), entry(coaching.KindCampaign, "pbx2", "1", "Autumn"),
		entry(coaching.KindCampaign, "pbx1", "3", "Summer"), entry(coaching.KindList, "pbx1", "1", "North"),
	}})
	names := func(query string) (names []string) {
		next := ""
		for {
			page := decoded[api.CampaignPage](w.get("/campaigns?"+query+next), 200)
			for _, c := range page.Items {
				names = append(names, c.Name+" of "+c.Dialer)
			}
			if page.NextCursor == nil {
				return names
			}
			next = "&cursor=" + *page.NextCursor
		}
	}
	w.until("the campaigns are known", func(*coaching.Live) bool { return len(names("dialer=pbx2")) == 1 })
	if got := names("dialer=pbx1&limit=1"); !slices.Equal(got, []string{"Spring of pbx1", "Summer of pbx1"}) {
		t.Errorf("%q", got)
	}
	if got := names("limit=200"); !slices.IsSorted(got) || got[0] != "Autumn of pbx2" {
		t.Errorf("%q, want all, sorted by name", got)
	}
}

// What is folded fast is folded as all else is.
func TestASCIIFoldsLikeAnyScript(t *testing.T) {
	t.Parallel()
	slow := httpapi.Fold("é")
	for r := range rune(0x80) {
		if fast, want := httpapi.Fold(string(r)), strings.TrimPrefix(httpapi.Fold("é"+string(r)), slow); fast != want {
			t.Errorf("%q becomes %q, and %q beside others", r, fast, want)
		}
	}
}

func TestCursorsOfNamesAreRefusedUnlessTheyBelong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	cursor := *decoded[api.UserPage](w.get("/users?limit=1"), 200).NextCursor
	history := *decoded[api.UserPage](w.get("/users?limit=1&active=true"), 200).NextCursor
	for _, path := range []string{
		"/users?active=true&cursor=" + cursor, "/users?q=a&cursor=" + cursor, "/users?cursor=" + history, "/users?cursor=A",
		"/campaigns?cursor=" + cursor, "/coaching-sessions?cursor=" + cursor, "/users?cursor=" + cursor[:len(cursor)-2],
		"/users?cursor=" + cursor + "A", "/campaigns?cursor=____",
	} {
		if p := w.get(path).problem(400, "invalid_cursor"); reason(p, "cursor") == "" {
			t.Errorf("%s: errors %v", path, p.Errors)
		}
	}
	if p := w.get("/users?active=1").problem(400, "invalid_request"); reason(p, "active") == "" {
		t.Errorf("errors %v", p.Errors)
	}
}

package httpapi_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/store"
)

type object = map[string]any

func TestRolesOfClaims(t *testing.T) {
	t.Parallel()
	s := newSigning(t, nil)
	for name, c := range map[string]struct {
		path   string
		claims object
		want   string // "": none
	}{
		"one":                     {"realm_access.roles", object{"realm_access": object{"roles": []any{"coach-viewers"}}}, "viewer"},
		"the most, first":         {"realm_access.roles", object{"realm_access": object{"roles": []any{"coach-admins", "coach-viewers"}}}, "admin"},
		"the most, last":          {"realm_access.roles", object{"realm_access": object{"roles": []any{"coach-viewers", "x", "coach-leads"}}}, "manager"},
		"a text":                  {"realm_access.roles", object{"realm_access": object{"roles": "coach-leads"}}, "manager"},
		"others beside it":        {"realm_access.roles", object{"realm_access": object{"roles": []any{nil, 7, object{}, []any{"coach-admins"}, "coach-viewers"}}}, "viewer"},
		"none that is mapped":     {"realm_access.roles", object{"realm_access": object{"roles": []any{"admin", "manager", "COACH-ADMINS", "coach-admins "}}}, ""},
		"an empty list":           {"realm_access.roles", object{"realm_access": object{"roles": []any{}}}, ""},
		"no claim":                {"realm_access.roles", object{"roles": []any{"coach-admins"}}, ""},
		"no object":               {"realm_access.roles", object{"realm_access": "coach-admins"}, ""},
		"an object for a list":    {"realm_access.roles", object{"realm_access": object{"roles": object{"coach-admins": true}}}, ""},
		"a claim with a point":    {"realm_access.roles", object{"realm_access.roles": []any{"coach-admins"}}, "admin"},
		"of a client with points": {"resource_access.coach.example.roles", object{"resource_access": object{"coach.example": object{"roles": []any{"coach-leads"}}}}, "manager"},
		"a URL":                   {"https://coach.example/roles", object{"https://coach.example/roles": "coach-leads"}, "manager"},
		"at the top":              {"groups", object{"groups": []any{"coach-leads"}}, "manager"},
		"two texts in one":        {"scope", object{"scope": "coach-leads coach-admins"}, ""},
	} {
		config := s.config
		config.RoleClaim = c.path
		s.trust(config)
		claims := s.provider.Claims("somebody", c.claims)
		a := s.me(s.key.Sign(claims))
		if c.want == "" {
			if p := a.problem(403, "forbidden"); !strings.Contains(p.Detail, "no role here") {
				t.Errorf("%s: %+v", name, p)
			}
			s.as(s.key.Sign(claims), "DELETE", "/coaching-sessions/"+unknown).problem(403, "forbidden")
			continue
		}
		if me := decoded[api.Me](a, 200); me.Role != c.want || me.Team != nil {
			t.Errorf("%s: %+v, want %s", name, me, c.want)
		}
	}
}

func TestTeamsOfClaims(t *testing.T) {
	t.Parallel()
	s := newSigning(t, nil)
	_, session := s.listen(supervisor, agent, coaching.TypeCoach)
	mapped := map[string]string{"/teams/north": north, "/teams/south": south, "/teams/norden": north, "/all": "*"}
	const nobody = "403"
	for name, c := range map[string]struct {
		teams map[string]string
		role  access.Role
		claim any
		want  string // "": all
	}{
		"mapped":                           {mapped, access.Viewer, []any{"/teams/north"}, north},
		"mapped, a text":                   {mapped, access.Viewer, "/teams/south", south},
		"one of several that are mapped":   {mapped, access.Viewer, []any{"/else", "/teams/south", 7}, south},
		"two values for one":               {mapped, access.Viewer, []any{"/teams/norden", "/teams/north"}, north},
		"two":                              {mapped, access.Manager, []any{"/teams/north", "/teams/south"}, nobody},
		"two, an admin":                    {mapped, access.Admin, []any{"/teams/north", "/teams/south"}, nobody},
		"all":                              {mapped, access.Viewer, []any{"/all"}, ""},
		"all and one":                      {mapped, access.Viewer, []any{"/teams/north", "/all"}, ""},
		"none that is mapped":              {mapped, access.Manager, []any{"/else", north, "*", ""}, nobody},
		"none that is mapped, an admin":    {mapped, access.Admin, []any{"/else"}, ""},
		"an admin of one":                  {mapped, access.Admin, []any{"/teams/north"}, north},
		"no claim":                         {mapped, access.Manager, nil, nobody},
		"no claim, an admin":               {mapped, access.Admin, nil, ""},
		"an object":                        {mapped, access.Viewer, object{"/all": true}, nobody},
		"its own name":                     {nil, access.Viewer, north, north},
		"its own name, in a list":          {nil, access.Viewer, []any{north}, north},
		"its own name, twice":              {nil, access.Viewer, []any{north, north}, north},
		"its own names":                    {nil, access.Viewer, []any{north, south}, nobody},
		"a star is no team":                {nil, access.Viewer, "*", nobody},
		"an empty text":                    {nil, access.Viewer, "", nobody},
		"an empty list":                    {nil, access.Viewer, []any{}, nobody},
		"a space":                          {nil, access.Viewer, " ", nobody},
		"a name with a line":               {nil, access.Viewer, north + "\n", nobody},
		"a name too long":                  {nil, access.Viewer, strings.Repeat("x", 201), nobody},
		"no claim for its own name":        {nil, access.Manager, nil, nobody},
		"no claim for its own name, admin": {nil, access.Admin, nil, ""},
	} {
		config := s.config
		config.TeamClaim, config.Teams, config.RoleClaim = "team.of", c.teams, "role"
		config.Roles = map[string]access.Role{"viewer": access.Viewer, "manager": access.Manager, "admin": access.Admin}
		s.trust(config)
		changes := object{"role": string(c.role)}
		if c.claim != nil {
			changes["team"] = object{"of": c.claim}
		}
		token := s.key.Sign(s.provider.Claims("somebody", changes))
		if c.want == nobody {
			for _, path := range []string{"/me", "/coaching-users", "/coaching-sessions/" + session.ID.String()} {
				if p := s.as(token, "GET", path).problem(403, "forbidden"); !strings.Contains(p.Detail, "of no team here") {
					t.Errorf("%s: %+v", name, p)
				}
			}
			continue
		}
		me := decoded[api.Me](s.me(token), 200)
		if got := orEmpty(me.Team); got != c.want || me.Role != string(c.role) {
			t.Errorf("%s: %+v, want %q", name, me, c.want)
		}
		sees := s.as(token, "GET", "/coaching-sessions/"+session.ID.String()).status
		if want := map[bool]int{true: 200, false: 404}[c.want != south]; sees != want {
			t.Errorf("%s: a session of the north is %d", name, sees)
		}
	}
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// What stands in the history for others to read is fit for it.
func TestNamesOfClaims(t *testing.T) {
	t.Parallel()
	s := newSigning(t, nil)
	for name, c := range map[string]struct {
		path   string
		claims object
		want   string
	}{
		"the usual":             {"", object{"name": "Maria Keller"}, "maria"},
		"the next":              {"", object{"preferred_username": nil, "name": "Maria Keller", "email": "m@desk.example"}, "Maria Keller"},
		"the one after":         {"", object{"preferred_username": "", "name": " ", "email": "m@desk.example"}, "m@desk.example"},
		"the last":              {"", object{"preferred_username": 7.5, "name": object{}, "email": []any{}}, "7.5"},
		"the subject":           {"", object{"preferred_username": nil}, "5f6c-maria"},
		"a claim of ours":       {"profile.display", object{"profile": object{"display": "Keller, Maria"}}, "Keller, Maria"},
		"a claim that is not":   {"profile.display", object{"name": "x"}, "maria"},
		"control characters":    {"", object{"preferred_username": "\x1b[2Ja\r\nb\x00\tc\u2028d"}, "[2Ja b c d"},
		"written backwards":     {"", object{"preferred_username": "\u202eairam\u202c\u200b\ufeff"}, "airam"},
		"nothing that is seen":  {"", object{"preferred_username": "\u200b\u2066\u0007"}, "5f6c-maria"},
		"markup is text":        {"", object{"preferred_username": "<b>&amp;"}, "<b>&amp;"},
		"other alphabets":       {"", object{"preferred_username": "Мария Келлер 凯勒"}, "Мария Келлер 凯勒"},
		"spaces":                {"", object{"preferred_username": "  Maria \u00a0 Keller "}, "Maria Keller"},
		"too long":              {"", object{"preferred_username": strings.Repeat("ä", 65)}, strings.Repeat("ä", 63) + "…"},
		"as long as it may":     {"", object{"preferred_username": strings.Repeat("ä", 64)}, strings.Repeat("ä", 64)},
		"the first of several":  {"", object{"preferred_username": []any{"", "Maria", "Tom"}}, "Maria"},
		"a number that is long": {"", object{"preferred_username": 12345678901234567}, "12345678901234567"},
	} {
		config := s.config
		config.NameClaim = c.path
		s.trust(config)
		var changes []any
		for key, value := range c.claims {
			changes = append(changes, key, value)
		}
		me := decoded[api.Me](s.me(s.key.Sign(s.claims(changes...))), 200)
		if me.Name != c.want || utf8.RuneCountInString(me.Name) > 64 {
			t.Errorf("%s: %q, want %q", name, me.Name, c.want)
		}
	}
}

// Whoever signs in is the user whom an import gave the key that the claim has, and
// so stands in the history.
func TestUsersOfClaims(t *testing.T) {
	t.Parallel()
	s := newSigning(t, func(s *signing) { s.config.UserClaim = "employee" })
	token := s.key.Sign(s.claims("employee", "emp-1042"))
	if me := decoded[api.Me](s.me(token), 200); me.User != nil {
		t.Errorf("nobody was imported: %+v", me.User)
	}
	s.bring(store.Import{Users: []coaching.ImportedUser{person("emp-1042", "Maria Keller", north, supervisor)}})
	s.waitFor("the user", func() bool {
		me := decoded[api.Me](s.me(token), 200)
		return me.User != nil && me.User.Name == "Maria Keller"
	})
	for _, other := range []any{"emp-1", nil, []any{"emp-1042", "emp-1"}, object{}, ""} {
		if me := decoded[api.Me](s.me(s.key.Sign(s.claims("employee", other))), 200); me.User != nil {
			t.Errorf("%v: %+v", other, me.User)
		}
	}
	later := coaching.NewFloor(s.store, "later", nil, coaching.Timing{}, s.options.Log)
	s.must(later.Open(t.Context()))
	maria, ok := later.UserByExternalID("emp-1042")
	if now, _ := s.floor.UserByExternalID("emp-1042"); !ok || maria != now {
		t.Errorf("a process that starts later: %v, %v, want %v", maria, ok, now)
	}
	_, session := s.listen(otherSupervisor, agent, coaching.TypeMonitor)
	ended := decoded[api.Session](s.as(token, "DELETE", "/coaching-sessions/"+session.ID.String()), 200)
	if by := ended.EndedBy; by == nil || by.Name != "maria" || by.User == nil || by.User.Name != "Maria Keller" {
		t.Errorf("ended by %+v", ended.EndedBy)
	}
	s.bring(store.Import{DeactivateMissing: true})
	s.waitFor("the account to end with its user", func() bool { return s.me(token).status == 401 })
}

package access_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/access"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	seen := map[access.Hash]bool{}
	for range 1000 {
		text := access.NewSecret()
		hash, ok := access.HashOf(text)
		if !ok || seen[hash] || !strings.HasPrefix(text, "cm_") || strings.ToLower(text) != text {
			t.Fatalf("%s: %v, known %v", text, ok, seen[hash])
		}
		seen[hash] = true
	}
}

// A slip of the pen is no token, and so is no other way to write one.
func TestWhatIsNoSecret(t *testing.T) {
	t.Parallel()
	text := access.NewSecret()
	for _, other := range []string{"", "cm_", text[3:], text + "a", text[:len(text)-1], strings.ToUpper(text), " " + text, text + "\n", "cm_" + strings.Repeat("=", 58), "cm_" + strings.Repeat("\n", 58)} {
		if _, ok := access.HashOf(other); ok {
			t.Errorf("%q is taken for a token", other)
		}
	}
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	for i := len("cm_"); i < len(text); i++ {
		for _, letter := range letters {
			other := text[:i] + string(letter) + text[i+1:]
			if _, ok := access.HashOf(other); ok && other != text {
				t.Errorf("letter %d of %s may be %c", i, text, letter)
			}
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"": "", "+14155550132": "*****32", "0041 55 501 32": "*****32", "(415) 555-0199": "*****99", "12345": "*****45",
		"1234": "*******", "anonymous": "*******", "sip:+14155550132@example": "*****32", "+": "*******", "١٢٣٤٥٦٧": "*******",
	} {
		if got := access.Masked(number); got != want {
			t.Errorf("%q became %q, want %q", number, got, want)
		}
	}
}

func TestNumbersInATextAreMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "end of shift": "end of shift", "room 0199, seat 12": "room 0199, seat 12",
		"customer +442079460427 asked":  "customer *****27 asked",
		"call (030) 777-01 99.":         "call *****99.",
		"030/7770199, then 0171 555012": "*****99, then *****12",
		"+49 30 7770199":                "*****99", "٠١٢٣٤٥٦": "*******",
	} {
		if got := access.MaskedIn(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestRolesAreSetsThatGrow(t *testing.T) {
	t.Parallel()
	before := 0
	for _, role := range access.Roles {
		all := role.Permissions()
		if len(all) <= before {
			t.Errorf("%s may %v, no more than the one before", role, all)
		}
		before = len(all)
		for _, p := range all {
			if !(access.Identity{Role: role}).May(p) {
				t.Errorf("%s may not %s", role, p)
			}
		}
	}
	for _, nobody := range []access.Identity{{}, {Role: "auditor"}, access.From(context.Background())} {
		if nobody.May(access.Read) || nobody.May("") {
			t.Errorf("%+v may do something", nobody)
		}
	}
	if got := access.From(access.With(t.Context(), access.Local)); got.Name != "local" || !got.May(access.Force) {
		t.Errorf("got %+v", got)
	}
}

// The audit is of all teams.
func TestWhoIsLimitedToATeamReadsNoAudit(t *testing.T) {
	t.Parallel()
	all, team := access.Identity{Role: access.Admin}, access.Identity{Role: access.Admin, Team: "Nord"}
	if !all.May(access.Audit) || team.May(access.Audit) || (access.Identity{Role: access.Manager}).May(access.Audit) {
		t.Error("the audit is for admins of all teams, and for nobody else")
	}
	if got, want := len(team.Permissions()), len(all.Permissions())-1; got != want {
		t.Errorf("an admin of a team has %d permissions, want %d", got, want)
	}
}

func TestStateOfAToken(t *testing.T) {
	t.Parallel()
	now := time.Now()
	before, after := now.Add(-time.Microsecond), now.Add(time.Microsecond)
	for want, tokens := range map[access.State][]access.Token{
		access.Valid:   {{}, {ExpiresAt: &after}},
		access.Expired: {{ExpiresAt: &before}, {ExpiresAt: &now}},
		access.Revoked: {{RevokedAt: &before}, {RevokedAt: &after, ExpiresAt: &before}},
	} {
		for _, token := range tokens {
			if got := token.State(now); got != want {
				t.Errorf("%+v is %s, want %s", token, got, want)
			}
		}
	}
}

func TestNewTokensAreChecked(t *testing.T) {
	t.Parallel()
	good := access.NewToken{Name: "Anna's page", Role: access.Viewer, Team: "Nord & Süd"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(*access.NewToken){
		"no name":            func(n *access.NewToken) { n.Name = "" },
		"a space at the end": func(n *access.NewToken) { n.Name = "me " },
		"a line in it":       func(n *access.NewToken) { n.Name = "a\nb" },
		"an escape":          func(n *access.NewToken) { n.Name = "\x1b[2J" },
		"bytes":              func(n *access.NewToken) { n.Name = "\xff" },
		"too long":           func(n *access.NewToken) { n.Name = strings.Repeat("ä", 65) },
		"like an id":         func(n *access.NewToken) { n.Name = uuid.NewString() },
		"no role":            func(n *access.NewToken) { n.Role = "" },
		"another role":       func(n *access.NewToken) { n.Role = "root" },
		"a team of spaces":   func(n *access.NewToken) { n.Team = " " },
		"a team too long":    func(n *access.NewToken) { n.Team = strings.Repeat("x", 201) },
		"an end before":      func(n *access.NewToken) { n.Expires = -time.Second },
	} {
		n := good
		change(&n)
		if err := n.Check(); err == nil {
			t.Errorf("%s: is taken", what)
		}
	}
}

package housetest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// rule says what the packages of one folder may import besides the standard
// library and one another. A name stands for itself and all below it.
type rule struct {
	ours   []string // folders of this module
	theirs []string // modules or packages of others
	reason string
}

// rules is the whole law of imports: the longest folder that holds a package
// counts. Test files are free, since tests put parts together that must not know
// one another. Whoever adds a line adds the reason.
var rules = map[string]rule{
	"api": {
		theirs: []string{"github.com/labstack/echo/v4", "github.com/getkin/kin-openapi", "github.com/oapi-codegen", "github.com/google/uuid"},
		reason: "generated from openapi.yaml: it needs what the generator writes, and nothing that we write",
	},
	"cmd/coach-manager": {
		ours: []string{
			"internal/access", "internal/access/oidc", "internal/audit", "internal/coaching", "internal/config", "internal/dialer/asterisk", "internal/dialer/simulator",
			"internal/httpapi", "internal/sheet", "internal/store", "internal/web",
		},
		theirs: []string{"github.com/alecthomas/kong"},
		reason: "main wires all parts, and leaves the manager protocol to asterisk and the contract's types to httpapi",
	},
	"internal/access": {
		ours:   []string{"internal/coaching"},
		theirs: []string{"github.com/google/uuid", "golang.org/x/sync"},
		reason: "who may do what is decided without HTTP and SQL; it follows the business's change log and names its users",
	},
	"internal/access/oidc": {
		ours:   []string{"internal/access", "internal/coaching"},
		theirs: []string{"github.com/coreos/go-oidc/v3", "github.com/go-jose/go-jose/v4"},
		reason: "the only place that sees JWTs and asks the identity provider; it says who somebody is in access's words",
	},
	"internal/access/oidc/oidctest": {
		theirs: []string{"github.com/go-jose/go-jose/v4"},
		reason: "an identity provider for the tests of everything that lets people in; it knows nothing of them",
	},
	"internal/audit": {
		theirs: []string{"github.com/google/uuid"},
		reason: "what an entry is and how entries are chained can be read, and computed anew by strangers, without any other part",
	},
	"internal/coaching": {
		theirs: []string{"github.com/google/uuid"},
		reason: "the rules stay free of HTTP, SQL and dialers, so that they can be read and tested alone",
	},
	"internal/coaching/coachingtest": {
		ours:   []string{"internal/coaching"},
		theirs: []string{"github.com/google/uuid", "github.com/google/go-cmp", "pgregory.net/rapid"},
		reason: "contract suites of the ports: the adapters' tests import it, it knows no adapter",
	},
	"internal/store": {
		ours: []string{"internal/access", "internal/audit", "internal/coaching"},
		theirs: []string{
			"gorm.io", "github.com/jackc/pgx/v5", "modernc.org/sqlite", "github.com/pressly/goose/v3", "github.com/google/uuid",
		},
		reason: "the only place that sees GORM and the two databases",
	},
	"internal/dialer/simulator": {
		ours:   []string{"internal/coaching"},
		theirs: []string{"github.com/google/uuid"},
		reason: "an adapter knows the business it serves, and no other adapter",
	},
	"internal/dialer/ami": {
		reason: "the manager protocol only: it knows nothing of coaching, and needs no library",
	},
	"internal/dialer/ami/amitest": {
		ours:   []string{"internal/dialer/ami"},
		reason: "a scripted manager server for the tests of ami and asterisk",
	},
	"internal/dialer/asterisk": {
		ours:   []string{"internal/coaching", "internal/dialer/ami"},
		theirs: []string{"github.com/google/uuid"},
		reason: "the only place that sees the manager protocol, and says what it means",
	},
	"internal/httpapi": {
		ours: []string{"internal/access", "internal/access/oidc", "internal/audit", "internal/coaching", "api"},
		theirs: []string{
			"github.com/labstack/echo/v4", "github.com/getkin/kin-openapi", "github.com/oapi-codegen",
			"github.com/google/uuid", "github.com/swaggest/swgui",
		},
		reason: "the only place that sees the contract's types and echo; handlers ask the business, never a store or dialer",
	},
	"internal/sheet": {
		ours:   []string{"internal/coaching"},
		reason: "files of users and of the catalogue: what they say, and nothing of where it is kept",
	},
	"internal/web": {
		reason: "embedded files: the page reaches the service by its public API only",
	},
	"internal/tools/generate": {
		theirs: []string{"go.yaml.in/yaml/v3"},
		reason: "runs the generator on the contract, whose order of fields it keeps",
	},
	"internal/config": {
		theirs: []string{"github.com/alecthomas/kong", "go.yaml.in/yaml/v3"},
		reason: "checked values, made of flags, environment and file; main hands them on, so it knows no part",
	},
	"internal/housetest": {
		theirs: []string{"github.com/jackc/pgx/v5"},
		reason: "the servers that tests run: they serve every part and so lean on none",
	},
}

// violations checks packages against the rules.
func violations(all []pkg) []string {
	var found []string
	for _, p := range all {
		where, r, ok := ruleFor(p.folder())
		if !ok {
			found = append(found, fmt.Sprintf("%s is in no rule: say in imports_test.go what it may import, and why", p.folder()))
			continue
		}
		for _, path := range p.Imports {
			if !allowed(where, r, path) {
				found = append(found, fmt.Sprintf("%s must not import %s (%s)", p.folder(), path, r.reason))
			}
		}
	}
	return found
}

// ruleFor is the rule of the longest folder that holds this one.
func ruleFor(folder string) (where string, r rule, ok bool) {
	for name, candidate := range rules {
		if within(folder, name) && (!ok || len(name) > len(where)) {
			where, r, ok = name, candidate, true
		}
	}
	return where, r, ok
}

func allowed(where string, r rule, path string) bool {
	mine := func(name string) bool { return within(path, name) }
	if !within(path, module) {
		return standard(path) || slices.ContainsFunc(r.theirs, mine)
	}
	folder := strings.TrimPrefix(path, module+"/")
	to, _, _ := ruleFor(folder)
	// A rule inside another is a folder of its own: allowing internal/coaching
	// does not allow internal/coaching/coachingtest.
	return to == where || slices.Contains(r.ours, to)
}

// within says whether a path is this folder or lies below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// standard says whether a path is the standard library's: no host's name begins it.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func TestImportsFollowTheArrows(t *testing.T) {
	t.Parallel()
	for _, v := range violations(allPackages(t)) {
		t.Error(v)
	}
	for folder, r := range rules {
		if r.reason == "" {
			t.Errorf("the rule of %s has no reason", folder)
		}
	}
}

// A law that nothing can break holds nothing.
func TestImportRulesCatchABreach(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		folder, path string
		wrong        bool
	}{
		"the business may use uuid":                    {"internal/coaching", "github.com/google/uuid", false},
		"the business may use the standard library":    {"internal/coaching", "net/netip", false},
		"the business knows no echo":                   {"internal/coaching", "github.com/labstack/echo/v4", true},
		"the business knows no tokens":                 {"internal/coaching", module + "/internal/access", true},
		"the business knows no store":                  {"internal/coaching", module + "/internal/store", true},
		"nor does a folder below it":                   {"internal/coaching/rules", module + "/internal/store", true},
		"the business knows no test suite":             {"internal/coaching", module + "/internal/coaching/coachingtest", true},
		"a store knows the business":                   {"internal/store", module + "/internal/coaching", false},
		"a store knows its own folders":                {"internal/store", module + "/internal/store/sqlite", false},
		"a store knows no dialer":                      {"internal/store", module + "/internal/dialer/simulator", true},
		"only the store knows GORM":                    {"internal/httpapi", "gorm.io/gorm", true},
		"only asterisk knows the manager protocol":     {"cmd/coach-manager", module + "/internal/dialer/ami", true},
		"asterisk does":                                {"internal/dialer/asterisk", module + "/internal/dialer/ami", false},
		"the manager protocol knows no business":       {"internal/dialer/ami", module + "/internal/coaching", true},
		"adapters do not know one another":             {"internal/dialer/asterisk", module + "/internal/dialer/simulator", true},
		"only httpapi knows the contract's types":      {"internal/web", module + "/api", true},
		"httpapi does":                                 {"internal/httpapi", module + "/api", false},
		"the client knows the contract's other half":   {"api/client", module + "/api", false},
		"the business does not use a module of a like": {"internal/coaching", "github.com/google/uuidx", true},
		"the service has no test parts":                {"internal/store", module + "/internal/housetest", true},
		"a new folder needs a rule":                    {"internal/brandnew", "fmt", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := violations([]pkg{{ImportPath: module + "/" + c.folder, Imports: []string{c.path}}})
			if (len(got) > 0) != c.wrong {
				t.Errorf("%s imports %s: got %q, want a breach: %v", c.folder, c.path, got, c.wrong)
			}
		})
	}
}

package config_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/config"
)

// parse parses, with files that are written first; FOLDER in an argument, a
// variable or a file is the folder they are in.
func parse(t *testing.T, args, environ []string, files map[string]string) (any, string, error) {
	t.Helper()
	folder := t.TempDir()
	here := strings.NewReplacer("FOLDER", folder)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(here.Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	replaced := func(all []string) (out []string) {
		for _, text := range all {
			out = append(out, here.Replace(text))
		}
		return out
	}
	var stdout bytes.Buffer
	command, err := config.Parse(replaced(args), replaced(environ), &stdout)
	return command, stdout.String(), err
}

// reveal lets cmp compare secrets.
var reveal = cmp.Transformer("Reveal", func(s config.Secret) string { return s.Reveal() })

func simulated(name string, seed uint64) config.Dialer {
	return config.Dialer{Name: name, Simulator: &config.Simulator{Seed: seed}}
}

var access = config.Access{Tokens: true, Trust: 15 * time.Minute, Rate: 50}

var service = config.Service{Listen: "127.0.0.1:8080", ShutdownTimeout: 8 * time.Second}

func TestDefaults(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args []string
		want any
	}{
		"demo":           {[]string{"demo"}, config.Demo{Service: service, Seed: 1, Days: 60}},
		"migrate":        {[]string{"migrate"}, config.Migrate{Database: config.SQLite("coach-manager.db")}},
		"version":        {[]string{"version"}, config.Version{}},
		"healthcheck":    {[]string{"healthcheck"}, config.Healthcheck{URL: "http://127.0.0.1:8080/healthz", Timeout: 3 * time.Second}},
		"token list":     {[]string{"token", "list"}, config.TokenList{Database: config.SQLite("coach-manager.db")}},
		"token generate": {[]string{"token", "generate"}, config.TokenGenerate{}},
		"import users": {[]string{"users", "import", "-", "--dry-run", "--deactivate-missing"}, config.ImportUsers{
			Database: config.SQLite("coach-manager.db"), File: "-", DryRun: true, DeactivateMissing: true,
		}},
		"export users":     {[]string{"users", "export", "--first-seen"}, config.ExportUsers{Database: config.SQLite("coach-manager.db"), FirstSeen: true}},
		"import catalogue": {[]string{"catalog", "import", "names.csv"}, config.ImportCatalogue{Database: config.SQLite("coach-manager.db"), File: "names.csv"}},
		"export catalogue": {[]string{"catalog", "export"}, config.ExportCatalogue{Database: config.SQLite("coach-manager.db")}},
		"dialers list":     {[]string{"dialers", "list"}, config.DialersList{Database: config.SQLite("coach-manager.db")}},
		"dialers forget":   {[]string{"dialers", "forget", "sim"}, config.DialersForget{Database: config.SQLite("coach-manager.db"), Name: "sim"}},
		"audit verify":     {[]string{"audit", "verify", "--expect", "1:ab"}, config.AuditVerify{Database: config.SQLite("coach-manager.db"), Expect: "1:ab"}},
		"serve": {[]string{"serve", "--dialer", "sim=simulator://"}, config.Serve{
			Lease: 9 * time.Second, Access: access,
			Service: service, Database: config.SQLite("coach-manager.db"), Dialers: []config.Dialer{simulated("sim", 1)},
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := parse(t, c.args, []string{"HOME=/root", "COACH_LISTEN="}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, reveal); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each place is less forceful than the one before it.
func TestAFlagWinsOverItsVariableThatOverTheFile(t *testing.T) {
	t.Parallel()
	const file = `
listen: localhost:3
log-level: error
log-format: json
shutdown-timeout: 3s
database: sqlite:three.db
dialers: [three=simulator://]
demo-db: three.db
demo-seed: 3
`
	environ := []string{
		"COACH_CONFIG=FOLDER/coach.yaml", "COACH_LISTEN=localhost:2", "COACH_LOG_LEVEL=warn", "COACH_DATABASE=sqlite:two.db",
		"COACH_DIALERS=two=simulator://, deux=simulator://?seed=2\n",
	}
	cases := map[string]struct {
		args, environ []string
		want          any
	}{
		"file": {[]string{"serve", "--config", "FOLDER/coach.yaml"}, nil, config.Serve{
			Lease: 9 * time.Second, Access: access,
			Service:  config.Service{Listen: "localhost:3", Log: config.Log{Level: slog.LevelError, JSON: true}, ShutdownTimeout: 3 * time.Second},
			Database: config.SQLite("three.db"), Dialers: []config.Dialer{simulated("three", 1)},
		}},
		"variables": {[]string{"serve"}, environ, config.Serve{
			Lease: 9 * time.Second, Access: access,
			Service:  config.Service{Listen: "localhost:2", Log: config.Log{Level: slog.LevelWarn, JSON: true}, ShutdownTimeout: 3 * time.Second},
			Database: config.SQLite("two.db"), Dialers: []config.Dialer{simulated("two", 1), simulated("deux", 2)},
		}},
		"flags": {
			[]string{"serve", "--listen=[::1]:1", "--log-level", "debug", "--database", "sqlite:one.db", "--dialer=one=simulator://", "--dialer", "uno=simulator://?seed=1"},
			environ, config.Serve{
				Lease: 9 * time.Second, Access: access,
				Service:  config.Service{Listen: "[::1]:1", Log: config.Log{Level: slog.LevelDebug, JSON: true}, ShutdownTimeout: 3 * time.Second},
				Database: config.SQLite("one.db"), Dialers: []config.Dialer{simulated("one", 1), simulated("uno", 1)},
			},
		},
		"demo": {[]string{"demo", "--config=FOLDER/coach.yaml"}, []string{"COACH_DEMO_SEED=2", "COACH_CONFIG=elsewhere"}, config.Demo{
			Service: config.Service{Listen: "localhost:3", Log: config.Log{Level: slog.LevelError, JSON: true}, ShutdownTimeout: 3 * time.Second},
			DB:      "three.db", Seed: 2, Days: 60,
		}},
		"migrate": {[]string{"migrate"}, environ, config.Migrate{Database: config.SQLite("two.db"), Log: config.Log{Level: slog.LevelWarn, JSON: true}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := parse(t, c.args, c.environ, map[string]string{"coach.yaml": file})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, reveal); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	whole := config.Access{
		Tokens: true, FirstToken: secretOf(t, "hunter 2"), Trust: time.Hour, Rate: 7,
		Origins:        []string{"https://desk.example", "http://localhost:3000"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Certificate:    &config.Certificate{CertFile: "a.pem", KeyFile: "b.pem"},
	}
	cases := map[string]struct {
		args, environ []string
		file          string
		want          config.Access
	}{
		"none": {args: []string{"--auth", "none"}, want: config.Access{Trust: 15 * time.Minute, Rate: 50}},
		"flags": {args: []string{
			"--listen=:8443", "--first-token-file=FOLDER/secret", "--token-trust=1h", "--token-rate=7", "--cors-origin=https://desk.example",
			"--cors-origin", "http://localhost:3000", "--trusted-proxy=10.1.2.3/8", "--trusted-proxy=::1", "--tls-cert-file=a.pem", "--tls-key-file=b.pem",
		}, want: whole},
		"variables": {environ: []string{
			"COACH_LISTEN=0.0.0.0:80", "COACH_FIRST_TOKEN=hunter 2", "COACH_TOKEN_TRUST=60m", "COACH_TOKEN_RATE=7", "COACH_TLS_CERT_FILE=a.pem", "COACH_TLS_KEY_FILE=b.pem",
			"COACH_CORS_ORIGINS=https://desk.example http://localhost:3000", "COACH_TRUSTED_PROXIES=10.0.0.0/8,::1",
		}, want: whole},
		"file": {file: `
listen: coach.example:80
first-token-file: FOLDER/secret
token-trust: 1h
token-rate: 7
cors-origins: [https://desk.example, "http://localhost:3000"]
trusted-proxies: [10.0.0.0/8, "::1"]
tls-cert-file: a.pem
tls-key-file: b.pem
`, want: whole},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"serve", "--dialer", "a=simulator://", "--config", "FOLDER/coach.yaml"}, c.args...)
			got, _, err := parse(t, args, c.environ, map[string]string{"coach.yaml": c.file, "secret": "hunter 2\n"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.(config.Serve).Access, reveal, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnIdentityProvider(t *testing.T) {
	t.Parallel()
	least := &config.OIDC{Issuer: "http://localhost:8081/realms/desk", Audience: "coach", RoleClaim: "roles", Roles: map[string]string{"admins": "admin"}}
	whole := &config.OIDC{
		Issuer: "https://login.example/", Audience: "coach manager", RoleClaim: "realm_access.roles",
		Roles:     map[string]string{"coach leads": "manager", "cn=admins,ou=groups": "admin"},
		TeamClaim: "groups", Teams: map[string]string{"/billing": "Billing Care", "/all": "*"}, NameClaim: "name", UserClaim: "employee_id",
	}
	cases := map[string]struct {
		args, environ []string
		file          string
		want          *config.OIDC
	}{
		"none":       {},
		"the least":  {args: []string{"--oidc-issuer", "http://localhost:8081/realms/desk", "--oidc-audience=coach", "--oidc-role", "admins=admin"}, want: least},
		"a variable": {environ: []string{"COACH_OIDC_ISSUER=http://localhost:8081/realms/desk", "COACH_OIDC_AUDIENCE=coach", "COACH_OIDC_ROLES= admins=admin ; "}, want: least},
		"flags": {args: []string{
			"--oidc-issuer=https://login.example/", "--oidc-audience=coach manager", "--oidc-role-claim=realm_access.roles", "--oidc-role=coach leads=manager",
			"--oidc-role=cn=admins,ou=groups=admin", "--oidc-team-claim=groups", "--oidc-team=/billing=Billing Care", "--oidc-team=/all=*",
			"--oidc-name-claim=name", "--oidc-user-claim=employee_id",
		}, want: whole},
		"variables": {environ: []string{
			"COACH_OIDC_ISSUER=https://login.example/", "COACH_OIDC_AUDIENCE=coach manager", "COACH_OIDC_ROLE_CLAIM=realm_access.roles",
			"COACH_OIDC_ROLES=coach leads=manager;cn=admins,ou=groups=admin", "COACH_OIDC_TEAM_CLAIM=groups", "COACH_OIDC_TEAMS=/billing=Billing Care\n/all=*\n",
			"COACH_OIDC_NAME_CLAIM=name", "COACH_OIDC_USER_CLAIM=employee_id",
		}, want: whole},
		"file": {file: `
oidc-issuer: https://login.example/
oidc-audience: coach manager
oidc-role-claim: realm_access.roles
oidc-roles: [coach leads=manager, "cn=admins,ou=groups=admin"]
oidc-team-claim: groups
oidc-teams:
  - /billing=Billing Care
  - /all=*
oidc-name-claim: name
oidc-user-claim: employee_id
`, want: whole},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, command := range []string{"serve", "doctor"} {
				args := append([]string{command, "--dialer", "a=simulator://", "--config", "FOLDER/coach.yaml"}, c.args...)
				got, _, err := parse(t, args, c.environ, map[string]string{"coach.yaml": c.file})
				if err != nil {
					t.Fatal(err)
				}
				var provider *config.OIDC
				switch got := got.(type) {
				case config.Serve:
					provider = got.Access.OIDC
				case config.Doctor:
					provider = got.OIDC
				}
				if diff := cmp.Diff(c.want, provider); diff != "" {
					t.Errorf("%s: %s", command, diff)
				}
			}
		})
	}
}

func TestTokenCommands(t *testing.T) {
	t.Parallel()
	const id = "019cad8f-afe8-7a31-9c54-2f6be0d81a07"
	for args, want := range map[string]any{
		"token create --name me --role admin": config.TokenCreate{Database: config.SQLite("coach-manager.db"), Name: "me", Role: "admin"},
		"token create --name me --role viewer --team Berlin --expires 90d --database sqlite:x.db --user " + id: config.TokenCreate{
			Database: config.SQLite("x.db"), Name: "me", Role: "viewer", Team: "Berlin", User: id, Expires: 90 * 24 * time.Hour,
		},
		"token create --name me --role manager --expires 12h": config.TokenCreate{
			Database: config.SQLite("coach-manager.db"), Name: "me", Role: "manager", Expires: 12 * time.Hour,
		},
		"token revoke me": config.TokenRevoke{Database: config.SQLite("coach-manager.db"), Token: "me"},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			// The name of a process, and what stands around, are no part of a token.
			got, _, err := parse(t, strings.Fields(args), []string{"COACH_NAME=other", "COACH_TEAM=other", "COACH_EXPIRES=1d", "COACH_USER=other"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, reveal); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPrivacyCommands(t *testing.T) {
	t.Parallel()
	file, day := config.SQLite("coach-manager.db"), 24*time.Hour
	from, to := time.Date(2026, time.November, 16, 0, 0, 0, 0, time.UTC), time.Date(2026, time.November, 17, 9, 30, 0, 0, time.UTC)
	for args, want := range map[string]any{
		"privacy erase --phone-number +49307770199": config.EraseNumbers{Database: file, Number: secret("+49307770199")},
		"privacy erase --phone-number - --dry-run":  config.EraseNumbers{Database: file, Number: secret("-"), DryRun: true},
		"privacy erase --older-than 90d":            config.EraseNumbers{Database: file, OlderThan: 90 * day},
		"privacy report --user e1":                  config.ReportUser{Database: file, User: "e1"},
		"privacy report --user e1 --from 2026-11-16 --to 2026-11-17T09:30:00Z --format csv": config.ReportUser{
			Database: file, User: "e1", From: &from, To: &to, CSV: true,
		},
		"serve --erase-numbers-after 30d" + sim: config.Serve{
			Lease: 9 * time.Second, Access: access, Service: service, Database: file, Dialers: []config.Dialer{simulated("sim", 1)}, EraseNumbersAfter: 30 * day,
		},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			// What one run erases is no setting.
			got, _, err := parse(t, strings.Fields(args), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, reveal); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// secret is a secret of a test's own, which has to come from a command line.
func secret(text string) config.Secret {
	c, _ := config.Parse([]string{"privacy", "erase", "--phone-number", text}, nil, nil)
	return c.(config.EraseNumbers).Number
}

func TestFilesThatHoldNothingAreFine(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "comment": "# nothing\n", "null": "---\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := parse(t, []string{"demo", "--config", "FOLDER/coach.yaml"}, nil, map[string]string{"coach.yaml": text}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAsterisks(t *testing.T) {
	t.Parallel()
	plain := config.Asterisk{
		Address: "10.0.0.5:5038", Username: "coach",
		CampaignVariable: "CAMPAIGN", ListVariable: "LIST", ResultCodeVariable: "RESULT_CODE", DirectionVariable: "DIRECTION",
	}
	full := config.Asterisk{
		Address: "[fd00::5]:5039", Username: "co@ch", TLS: true,
		CampaignVariable: "C", ListVariable: "__L", ResultCodeVariable: "CDR(code)", DirectionVariable: "D_1", TypeVariable: "SPY",
		UserVariable: "WHO", WrapUp: 15 * time.Second,
	}
	cases := map[string]struct {
		args, environ []string
		file          string
		want          config.Asterisk
	}{
		"secret of a file":     {args: []string{"--dialer", "pbx-1=asterisk://coach@10.0.0.5?secret-file=FOLDER/secret"}, want: plain},
		"secret of a variable": {args: []string{"--dialer", "pbx-1=asterisk://coach@10.0.0.5:5038/"}, environ: []string{"COACH_DIALER_PBX_1_SECRET=hunter 2"}, want: plain},
		"all in a URL": {args: []string{"--dialer", "pbx-1=asterisk://co%40ch@[fd00::5]?tls=true&secret-file=FOLDER/secret&campaign-variable=C" +
			"&list-variable=__L&result-code-variable=CDR(code)&direction-variable=D_1&type-variable=SPY&user-variable=WHO&wrap-up=15s"}, want: full},
		"all in a file": {file: `
dialers:
  - name: pbx-1
    url: asterisk://co%40ch@[fd00::5]?type-variable=SPY
    tls: true
    secret-file: FOLDER/secret
    campaign-variable: C
    list-variable: __L
    result-code-variable: CDR(code)
    direction-variable: D_1
    user-variable: WHO
    wrap-up: 15s
`, want: full},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.Secret = secretOf(t, "hunter 2")
			args := append([]string{"serve", "--config", "FOLDER/coach.yaml"}, c.args...)
			got, _, err := parse(t, args, c.environ, map[string]string{"coach.yaml": c.file, "secret": "hunter 2\r\n"})
			if err != nil {
				t.Fatal(err)
			}
			serve, ok := got.(config.Serve)
			if !ok {
				t.Fatalf("got %T", got)
			}
			want := []config.Dialer{{Name: "pbx-1", Asterisk: &c.want}}
			if diff := cmp.Diff(want, serve.Dialers, reveal); diff != "" {
				t.Error(diff)
			}
			if len(serve.Unknown) > 0 {
				t.Errorf("unknown variables: %q", serve.Unknown)
			}
		})
	}
}

// secretOf makes a secret the one way there is from outside: it is read.
func secretOf(t *testing.T, text string) config.Secret {
	t.Helper()
	got, _, err := parse(t, []string{"serve", "--dialer", "x=asterisk://a@b"}, []string{"COACH_DIALER_X_SECRET=" + text}, nil)
	serve, ok := got.(config.Serve)
	if err != nil || !ok {
		t.Fatalf("got %v, %v", got, err)
	}
	return serve.Dialers[0].Asterisk.Secret
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args       []string
		url, shown string
	}{
		"a file":                        {[]string{"--database", "sqlite:/var/lib/coach.db"}, "sqlite:/var/lib/coach.db", "sqlite:/var/lib/coach.db"},
		"a server":                      {[]string{"--database", "postgres://me@db:5433/coach?sslmode=disable"}, "postgres://me@db:5433/coach?sslmode=disable", "postgres://me@db:5433/coach"},
		"a socket":                      {[]string{"--database", "postgresql:///coach?host=/run/pg"}, "postgresql:///coach?host=/run/pg", "postgresql:///coach?host=/run/pg"},
		"a password in the URL":         {[]string{"--database", "postgres://me:hunter2@db/coach"}, "postgres://me:hunter2@db/coach", "postgres://me@db/coach"},
		"a password as a parameter":     {[]string{"--database", "postgres://db/coach?password=hunter2"}, "postgres://db/coach?password=hunter2", "postgres://db/coach"},
		"a password of a file":          {[]string{"--database", "postgres://me@db/coach", "--database-password-file", "FOLDER/secret"}, "postgres://me@db/coach?password=hun%26ter%40%202", "postgres://me@db/coach"},
		"a password of a file, no user": {[]string{"--database", "postgres://db/coach?sslmode=disable", "--database-password-file", "FOLDER/secret"}, "postgres://db/coach?password=hun%26ter%40%202&sslmode=disable", "postgres://db/coach"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := parse(t, append([]string{"migrate"}, c.args...), nil, map[string]string{"secret": "hun&ter@ 2\n"})
			migrate, ok := got.(config.Migrate)
			if err != nil || !ok {
				t.Fatalf("got %v, %v", got, err)
			}
			if got := migrate.Database.URL.Reveal(); got != c.url {
				t.Errorf("URL: got %s, want %s", got, c.url)
			}
			if got := migrate.Database.Shown; got != c.shown {
				t.Errorf("shown: got %s, want %s", got, c.shown)
			}
		})
	}
}

func TestUnknownVariablesAreNamed(t *testing.T) {
	t.Parallel()
	got, _, err := parse(t, []string{"serve"}, []string{
		"COACH_DIALERS=a=simulator://", "COACH_DATABSE=x", "COACH_DIALER_B_SECRET=x", "COACH_DEMO_SEED=x",
		"COACH_MANAGER_PORT=tcp://10.0.0.1:80", // what Kubernetes makes of a service called coach-manager
	}, nil)
	serve, ok := got.(config.Serve)
	if err != nil || !ok {
		t.Fatalf("got %v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"COACH_DATABSE", "COACH_DIALER_B_SECRET"}, serve.Unknown); diff != "" {
		t.Error(diff)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args []string
		want []string
	}{
		"of all":     {[]string{"--help"}, []string{"demo", "serve", "migrate", "version", "COACH_CONFIG"}},
		"of demo":    {[]string{"demo", "--help"}, []string{"--db=FILE", "COACH_DEMO_DB", "COACH_DEMO_SEED", "COACH_DEMO_DAYS", "COACH_LISTEN"}},
		"of version": {[]string{"version", "--help"}, []string{"Usage: coach-manager version"}},
		"of migrate": {[]string{"migrate", "-h"}, []string{"COACH_DATABASE", "COACH_DATABASE_PASSWORD_FILE"}},
		"of serve": {[]string{"serve", "-h"}, []string{
			"COACH_DIALERS", "COACH_DATABASE", "COACH_LISTEN", "127.0.0.1:8080", "COACH_SHUTDOWN_TIMEOUT", "COACH_LOG_LEVEL",
			"COACH_LOG_FORMAT", "secret-file", "COACH_DIALER_<NAME>_SECRET", "type-variable", "COACH_ERASE_NUMBERS_AFTER",
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// What is wrong elsewhere does not stand in the way of help.
			got, out, err := parse(t, c.args, []string{"COACH_LISTEN=hunter2", "COACH_DATABASE=postgres://a:hunter2@b", "COACH_CONFIG=FOLDER/none"}, nil)
			if got != nil || err != nil {
				t.Errorf("got %v, %v", got, err)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("it lacks %s:\n%s", want, out)
				}
			}
			if strings.Contains(out, "hunter2") {
				t.Errorf("it shows a secret:\n%s", out)
			}
		})
	}
}

package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// refused is what is refused: what the one line begins with, and what it says.
type refused struct {
	args    string // split at spaces
	environ string // split at spaces
	file    string // coach.yaml, where it is not empty
	begins  string
	says    string
}

const sim = " --dialer sim=simulator://"

var refusedCommandLines = map[string]refused{
	"nothing at all":            {"", "", "", `expected one of "demo", "serve"`, "--help"},
	"unknown command":           {"srve", "", "", "unexpected argument srve", `did you mean "serve"?`},
	"unknown flag":              {"serve --lisen=x", "", "", "unknown flag --lisen", `did you mean "--listen"?`},
	"another's flag":            {"migrate --listen=x", "", "", "unknown flag --listen", ""},
	"unknown flag's value":      {"serve --secret=hunter2", "", "", "unknown flag --secret", ""},
	"argument too many":         {"version x", "", "", "unexpected argument x", "--help"},
	"secret as an argument":     {"migrate postgres://me:hunter2@db/coach", "", "", "unexpected argument", "[secret]@db"},
	"no value at the end":       {"serve --listen", "", "", "--listen:", "value is missing"},
	"a run's flag as a setting": {"users export", "", "dry-run: true", "coach.yaml:1:", "no such setting"},
	"import without a file":     {"users import", "", "", "expected", "<file>"},
	"no value before a flag":    {"serve --listen --log-level info", "", "", "--listen:", "value is missing"},

	"listen without a port":  {"demo --listen 127.0.0.1", "", "", `--listen: "127.0.0.1"`, "HOST:PORT"},
	"listen with a bad port": {"demo --listen 127.0.0.1:http", "", "", "--listen:", "port from 0 to 65535"},
	"listen above the ports": {"demo", "COACH_LISTEN=127.0.0.1:65536", "", "COACH_LISTEN:", "port from 0 to 65535"},
	"listen on nothing":      {"demo --listen=", "", "", `--listen: ""`, "HOST:PORT"},
	"listen everywhere":      {"demo --listen :8080", "", "", `--listen: ":8080"`, "asks for no token"},
	"listen on all":          {"serve --auth none --listen 0.0.0.0:8080" + sim, "", "", "--listen:", "nobody is asked for a token"},
	"listen on a name":       {"demo", "", "listen: coach.example:80", "coach.yaml:1: listen:", "not of the loopback"},
	"listen on a lookalike":  {"demo --listen localhost.example:80", "", "", "--listen:", "not of the loopback"},
	"health of a path":       {"healthcheck --url /healthz", "", "", "--url:", "http://127.0.0.1:8080/healthz"},
	"health by a password":   {"healthcheck --url http://me:hunter2@127.0.0.1/healthz", "", "", "--url:", "[secret]@127.0.0.1"},
	"health for ever":        {"healthcheck --timeout 0s", "", "", "--timeout:", "from 1ms to 1m"},
	"log level":              {"demo --log-level loud", "", "", `--log-level: "loud"`, "debug, info, warn, error"},
	"log format":             {"demo", "COACH_LOG_FORMAT=xml", "", `COACH_LOG_FORMAT: "xml"`, "text, json"},
	"timeout without a unit": {"demo --shutdown-timeout 5", "", "", `--shutdown-timeout: "5"`, "such as 8s"},
	"timeout too long":       {"demo --shutdown-timeout 10s", "", "", "--shutdown-timeout:", "between 0s and 10s"},
	"timeout of nothing":     {"demo", "", "log-level: info\nshutdown-timeout: 0s", "coach.yaml:2: shutdown-timeout:", "between 0s and 10s"},
	"name with a space":      {"serve" + sim, "COACH_NAME=a/b", "", "COACH_NAME:", "letters, digits"},
	"name too long":          {"serve --name " + strings.Repeat("a", 41) + sim, "", "", "--name:", "1 to 40"},
	"name of nothing":        {"serve --name=" + sim, "", "", "--name:", "1 to 40"},
	"lease too short":        {"serve --lease 1999ms" + sim, "", "", `--lease: "1999ms"`, "from 2s to 1m"},
	"lease without a unit":   {"serve" + sim, "", "lease: 9", "coach.yaml:1: lease:", "from 2s to 1m"},
	"access of no kind":      {"serve --auth maybe" + sim, "", "", `--auth: "maybe"`, "tokens, none"},
	"trust too short":        {"serve --token-trust 4s" + sim, "", "", `--token-trust: "4s"`, "from 5s to 24h"},
	"rate of nothing":        {"serve" + sim, "COACH_TOKEN_RATE=0", "", `COACH_TOKEN_RATE: "0"`, "from 1 to 10000"},
	"first token twice":      {"serve --first-token-file x" + sim, "COACH_FIRST_TOKEN=hunter2", "", "--first-token-file:", "leave one of the two out"},
	"first token nowhere":    {"serve --first-token-file FOLDER/none" + sim, "", "", "--first-token-file:", "does not exist"},
	"first token, no tokens": {"serve --auth none" + sim, "COACH_FIRST_TOKEN=hunter2", "", "--auth:", "leave them out"},
	"origin, no tokens":      {"serve --auth none --cors-origin https://a.example" + sim, "", "", "--auth:", "leave them out"},
	"origin with a path":     {"serve --cors-origin https://a.example/" + sim, "", "", "--cors-origin:", "without a path"},
	"origin in capitals":     {"serve" + sim, "COACH_CORS_ORIGINS=https://a.example,https://B.example", "", "COACH_CORS_ORIGINS:", "small letters"},
	"origin with its port":   {"serve --cors-origin https://a.example:443" + sim, "", "", "--cors-origin:", "leave it out"},
	"any origin":             {"serve --cors-origin *" + sim, "", "", "--cors-origin:", "no origin"},
	"proxy by name":          {"serve" + sim, "", "trusted-proxies: [10.0.0.1, proxy]", "coach.yaml:1: trusted-proxies:", "no network"},
	"key without":            {"serve --tls-key-file x" + sim, "", "", "--tls-key-file:", "--tls-cert-file"},
	"certificate without":    {"serve" + sim, "", "tls-cert-file: x", "coach.yaml:1: tls-cert-file:", "--tls-key-file"},
	"token without a name":   {"token create --role admin", "COACH_NAME=me", "", "--name:", "needs a name"},
	"token without a role":   {"token create --name me", "", "", "--role:", "viewer, manager or admin"},
	"token of no role":       {"token create --name me --role root", "", "", `--role: "root"`, "viewer, manager, admin"},
	"token of no user":       {"token create --name me --role admin --user me", "", "", "--user:", "UUID"},
	"token of team nothing":  {"token create --name me --role admin --team=", "", "", "--team:", "leave it out"},
	"token that expires now": {"token create --name me --role admin --expires 0d", "", "", "--expires:", "such as 90d"},
	"token that never ends":  {"token create --name me --role admin --expires 3661d", "", "", "--expires:", "such as 90d"},
	"token's role in a file": {"serve" + sim, "", "role: admin", "coach.yaml:1:", "there is no such setting"},
	"revoke nothing":         {"token revoke", "", "", `expected "<token>"`, ""},
	"seed":                   {"demo --seed -1", "", "", "--seed:", ""},
	"seed of a variable":     {"demo", "COACH_DEMO_SEED=x", "", `COACH_DEMO_SEED: "x"`, "whole number"},
	"no days":                {"demo --days 0", "", "", `--days: "0"`, "from 1 to 365"},
	"too many days":          {"demo", "COACH_DEMO_DAYS=366", "", `COACH_DEMO_DAYS: "366"`, "from 1 to 365"},
	"days of letters":        {"demo", "", "demo-days: x", "coach.yaml:1: demo-days:", "from 1 to 365"},
	"demo in no file":        {"demo --db=", "", "", "--db:", "no file is named"},
	"demo on a server":       {"demo --db postgres://a:hunter2@b/c", "", "", "--db:", "simulator://"},
}

var refusedDatabases = map[string]refused{
	"no database":          {"migrate --database=", "", "", "--database:", "sqlite:FILE"},
	"bare path":            {"migrate --database coach.db", "", "", "--database:", "sqlite:FILE"},
	"another database":     {"migrate", "COACH_DATABASE=mysql://me:hunter2@db/coach", "", "COACH_DATABASE:", "postgres://"},
	"no URL":               {"migrate --database postgres://me:hunter2@db:x/coach", "", "", "--database:", "postgres://USER@HOST:PORT/NAME"},
	"no file":              {"migrate --database sqlite:", "", "", "--database:", "no file is named"},
	"a file URL":           {"migrate --database sqlite://coach.db", "", "", "--database:", "sqlite:coach-manager.db"},
	"in memory":            {"migrate --database sqlite::memory:", "", "", "--database:", "plain path"},
	"with parameters":      {"migrate --database sqlite:coach.db?mode=ro", "", "", "--database:", "plain path"},
	"password of SQLite":   {"migrate --database-password-file FOLDER/coach.yaml", "", "#", "--database-password-file:", "no password"},
	"no password file":     {"migrate --database postgres://db --database-password-file FOLDER/none", "", "", "--database-password-file:", "does not exist"},
	"empty password file":  {"migrate --database postgres://db", "COACH_DATABASE_PASSWORD_FILE=FOLDER/empty", "", "COACH_DATABASE_PASSWORD_FILE:", "is empty"},
	"password of two":      {"migrate --database postgres://db --database-password-file FOLDER/two", "", "", "--database-password-file:", "one line"},
	"password file folder": {"migrate --database postgres://db --database-password-file FOLDER", "", "", "--database-password-file:", "directory"},
	"password file huge":   {"migrate --database postgres://db --database-password-file FOLDER/huge", "", "", "--database-password-file:", "larger than"},
	"no name of the file":  {"migrate --database postgres://db --database-password-file=", "", "", "--database-password-file:", "does not exist"},
	"two passwords":        {"migrate --database postgres://me:hunter2@db --database-password-file FOLDER/secret", "", "", "--database-password-file:", "leave one"},
	"two passwords, again": {"migrate --database postgres://db?password=hunter2 --database-password-file FOLDER/secret", "", "", "--database-password-file:", "leave one"},
}

var refusedDialers = map[string]refused{
	"none":                 {"serve", "", "", "serve: no dialer", "--dialer 'sim=simulator://'"},
	"none in the file":     {"serve", "", "dialers: []", "serve: no dialer", "--dialer"},
	"only spaces":          {"serve", "COACH_DIALERS=,,", "", "serve: no dialer", "--dialer"},
	"no name":              {"serve --dialer simulator://", "", "", "--dialer:", "NAME=URL"},
	"no name, a seed":      {"serve --dialer simulator://?seed=7", "", "", "--dialer:", "NAME=URL"},
	"no name, a password":  {"serve --dialer asterisk://coach:hunter2@host?tls=true", "", "", "--dialer:", "NAME=URL"},
	"empty name":           {"serve --dialer =simulator://", "", "", `--dialer: ""`, "a-z, 0-9"},
	"bad name":             {"serve --dialer Pbx=simulator://", "", "", `--dialer: "Pbx"`, "a-z, 0-9"},
	"name with underscore": {"serve", "COACH_DIALERS=a_b=simulator://", "", `COACH_DIALERS: "a_b"`, "a-z, 0-9"},
	"name too long":        {"serve --dialer " + strings.Repeat("a", 33) + "=simulator://", "", "", "--dialer:", "up to 32"},
	"twice":                {"serve --dialer a=simulator:// --dialer a=simulator://", "", "", "--dialer:", "two dialers named a"},
	"no URL":               {"serve --dialer a=asterisk://%zz:hunter2@b", "", "", "--dialer: a:", "no URL"},
	"other kind":           {"serve --dialer a=freeswitch://b", "", "", "--dialer: a:", "neither asterisk:// nor simulator://"},
	"no kind":              {"serve --dialer a=b", "", "", "--dialer: a:", ""},
	"password in the URL":  {"serve --dialer a=asterisk://coach:hunter2@b", "", "", "--dialer: a:", "COACH_DIALER_A_SECRET"},
	"secret as an option":  {"serve --dialer a-b=asterisk://coach@b?secret=hunter2", "", "", "--dialer: a-b:", "COACH_DIALER_A_B_SECRET"},
	"no secret":            {"serve --dialer a=asterisk://coach@b", "", "", "--dialer: a:", "secret is missing"},
	"secret's file":        {"serve --dialer a=asterisk://coach@b?secret-file=FOLDER/none", "", "", "--dialer: a:", "does not exist"},
	"secret's empty file":  {"serve --dialer a=asterisk://coach@b?secret-file=FOLDER/empty", "", "", "--dialer: a:", "is empty"},
	"secret of two lines":  {"serve --dialer a=asterisk://coach@b", "COACH_DIALER_A_SECRET=hunter2\r\nAction:", "", "--dialer: a: COACH_DIALER_A_SECRET", "one line"},
	"two secrets":          {"serve --dialer a=asterisk://coach@b?secret-file=FOLDER/secret", "COACH_DIALER_A_SECRET=hunter2", "", "--dialer: a:", "leave one out"},
	"no user":              {"serve --dialer a=asterisk://b", "COACH_DIALER_A_SECRET=x", "", "--dialer: a:", "USER@HOST"},
	"no host":              {"serve --dialer a=asterisk://coach@", "COACH_DIALER_A_SECRET=x", "", "--dialer: a:", "USER@HOST"},
	"bad port":             {"serve --dialer a=asterisk://coach@b:0", "COACH_DIALER_A_SECRET=x", "", "--dialer: a:", "port from 1"},
	"a path":               {"serve --dialer a=asterisk://coach@b/c", "COACH_DIALER_A_SECRET=x", "", "--dialer: a:", "more than HOST:PORT"},
	"unknown option":       {"serve --dialer a=asterisk://coach@b?sekret=hunter2", "COACH_DIALER_A_SECRET=x", "", "--dialer: a:", `no option "sekret"`},
	"option twice":         {"serve --dialer a=asterisk://coach@b?tls=true&tls=true", "COACH_DIALER_A_SECRET=x", "", "--dialer: a:", `"tls" is given twice`},
	"option of nothing":    {"serve --dialer a=asterisk://coach@b?tls", "COACH_DIALER_A_SECRET=x", "", "--dialer: a:", `"tls" has no value`},
	"half true":            {"serve --dialer a=asterisk://coach@b?tls=yes", "COACH_DIALER_A_SECRET=x", "", "--dialer: a:", "true or false"},
	"bad options":          {"serve --dialer a=asterisk://coach@b?tls=%zz", "COACH_DIALER_A_SECRET=x", "", "--dialer: a:", "a=b&c=d"},
	"bad variable":         {"serve --dialer a=asterisk://coach@b?list-variable=a%0D%0Ab", "COACH_DIALER_A_SECRET=x", "", "--dialer: a:", "list-variable"},
	"simulator's host":     {"serve --dialer a=simulator://host", "", "", "--dialer: a:", "no host"},
	"simulator's seed":     {"serve --dialer a=simulator://?seed=x", "", "", "--dialer: a:", "whole number"},
	"wrap-up":              {"serve --dialer a=asterisk://c@b?wrap-up=x", "", "", "--dialer: a:", "no time from 0s to 1h"},
	"simulator's option":   {"serve --dialer a=simulator://?tls=true", "", "", "--dialer: a:", `no option "tls" of simulator`},
}

var refusedFiles = map[string]refused{
	"no file":             {"demo --config FOLDER/none", "", "", "--config:", "does not exist"},
	"no name":             {"demo --config=", "", "", "--config:", "names no file"},
	"no file of variable": {"demo", "COACH_CONFIG=FOLDER/none", "", "COACH_CONFIG:", "does not exist"},
	"a folder":            {"demo --config FOLDER", "", "", "--config:", "directory"},
	"no YAML":             {"demo", "", "listen: [x", "COACH_CONFIG:", "not YAML: line 1"},
	"no map":              {"demo", "", "- listen", "COACH_CONFIG:", "not a map"},
	"two documents":       {"demo", "", "listen: x\n---\nlisten: y", "COACH_CONFIG:", "more than one"},
	"unknown key":         {"demo", "", "\nlisten_on: x", `coach.yaml:2: "listen_on":`, "demo-days, demo-db, demo-seed, dialers"},
	"key misspelt":        {"demo", "", "lisen: x", `coach.yaml:1: "lisen":`, `did you mean "listen"?`},
	"key with underscore": {"demo", "", "log_level: info", `coach.yaml:1: "log_level":`, `did you mean "log-level"?`},
	"key of one":          {"demo", "", "dialer: x", `coach.yaml:1: "dialer":`, `did you mean "dialers"?`},
	"key twice":           {"demo", "", "listen: x\nlisten: y", "coach.yaml:2: listen:", "twice"},
	"value a list":        {"demo", "", "listen: [x]", "coach.yaml:1: listen:", "needs a value"},
	"value forgotten":     {"demo", "", "listen:", "coach.yaml:1: listen:", "needs a value"},
	"dialers no list":     {"serve", "", "dialers: a=simulator://", "coach.yaml:1: dialers:", "needs a list"},
	"dialer a list":       {"serve", "", "dialers: [[a]]", "coach.yaml:1: dialers:", "needs a value"},
	"dialer's name":       {"serve", "", "dialers:\n  - url: simulator://", "coach.yaml:2: dialers:", "the name is missing"},
	"dialer's url":        {"serve", "", "dialers:\n  - name: a", "coach.yaml:2: dialers:", "the url is missing"},
	"dialer's key twice":  {"serve", "", "dialers:\n  - name: a\n    name: b", "coach.yaml:3: dialers: name:", "twice"},
	"dialer's value":      {"serve", "", "dialers:\n  - name: [a]", "coach.yaml:2: dialers: name:", "needs a value"},
	"dialer's option":     {"serve", "", "dialers:\n  - name: a\n    url: simulator://\n    sed: 7", "coach.yaml:2: dialers: a:", `no option "sed"`},
	"dialer's secret":     {"serve", "", "dialers:\n  - name: a\n    url: asterisk://coach@b\n    secret: hunter2", "coach.yaml:2: dialers: a:", "COACH_DIALER_A_SECRET"},
}

func TestWhatIsRefusedIsRefusedInOneLine(t *testing.T) {
	t.Parallel()
	for group, cases := range map[string]map[string]refused{
		"command line": refusedCommandLines, "database": refusedDatabases, "dialers": refusedDialers, "file": refusedFiles,
	} {
		for name, c := range cases {
			t.Run(group+"/"+name, func(t *testing.T) {
				t.Parallel()
				files := map[string]string{"secret": "hunter2\n", "empty": "\n", "two": "hunter2\nhunter2\n", "huge": strings.Repeat("x", 5000)}
				environ := strings.Split(c.environ, " ")
				if c.file != "" {
					files["coach.yaml"] = c.file
					environ = append(environ, "COACH_CONFIG=FOLDER/coach.yaml")
				}
				got, out, err := parse(t, strings.Fields(c.args), environ, files)
				if err == nil {
					t.Fatalf("got %+v", got)
				}
				said := err.Error()
				if !strings.HasPrefix(said, c.begins) || !strings.Contains(said, c.says) {
					t.Errorf("got %s\nwant %s ... %s", said, c.begins, c.says)
				}
				if strings.ContainsAny(said, "\r\n") || strings.Contains(said, "hunter2") || out != "" {
					t.Errorf("got %q and %q", said, out)
				}
			})
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	secret := secretOf(t, "hunter2")
	encoded, err := json.Marshal(map[string]any{"a": secret, "b": &secret})
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "secret", secret, "in", struct{ S any }{secret})
	printed := fmt.Sprintf("%v %+v %#v %s %q %d %x %v", secret, secret, secret, secret, secret, secret, secret, []any{&secret})
	for _, text := range []string{string(encoded), logged.String(), printed} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "68756e746572") || !strings.Contains(text, "[secret]") {
			t.Errorf("got %s", text)
		}
	}
}

package config

import (
	"errors"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// grammar is the command line. A flag's name is its key in the file, and makes its
// variable; where another name is clearer there, the tag "setting" gives it.
type grammar struct {
	Config given `help:"YAML file of settings, named as the flags are." placeholder:"FILE"`

	Demo    demoFlags    `cmd:"" help:"Show an invented contact centre at work: nothing to install or configure."`
	Serve   serveFlags   `cmd:"" help:"Watch dialers, serve the API, keep the history."`
	Token   tokenFlags   `cmd:"" help:"Make, list and revoke the tokens that callers show."`
	Migrate migrateFlags `cmd:"" help:"Bring the database's schema up to date, and end."`
	Doctor  doctorFlags  `cmd:"" help:"Look whether the database and the dialers are as serve needs them, and say what to mend."`
	Users   usersFlags   `cmd:"" help:"Import or export the users: who has which extension."`
	Catalog catalogFlags `cmd:"" help:"Import or export the names of campaigns, lists and result codes."`
	Privacy privacyFlags `cmd:"" help:"Erase customers' numbers; report to a user who listened."`
	Dialers dialersFlags `cmd:"" help:"List the dialers that the database knows; forget one that was taken out or renamed."`
	Audit   auditFlags   `cmd:"" help:"Verify the record of who did what."`
	Version struct{}     `cmd:"" help:"Say which build this is."`

	Healthcheck healthcheckFlags `cmd:"" help:"Ask a service on this machine whether it is alive: exit code 0 or 1."`
}

type demoFlags struct {
	DB   given `name:"db" setting:"demo-db" help:"SQLite file to keep, and to go on with when it is there; a temporary one is removed at the end." placeholder:"FILE"`
	Seed given `setting:"demo-seed" help:"Number that the invention begins with: the same one, the same contact centre." default:"1" placeholder:"NUMBER"`
	Days given `setting:"demo-days" help:"How many days of history there are at once, up to 365. Default ${default}." default:"60" placeholder:"NUMBER"`
	serviceFlags
}

type serveFlags struct {
	Dialer list  `name:"dialer" setting:"dialers" help:"Dialer to watch, under a name of yours; may repeat, at least one. See below." placeholder:"NAME=URL"`
	Name   given `help:"Name of this process, shown where it watches a dialer; a random one if left out." placeholder:"NAME"`
	Lease  given `help:"How long this process may watch a dialer without renewing that in the database, 2s to 1m; another process takes over after it. Default ${default}." default:"9s" placeholder:"DURATION"`
	numbersFlags
	accessFlags
	databaseFlags
	serviceFlags
}

type accessFlags struct {
	Auth           given `help:"tokens, or none, which lets in everybody on this machine and nobody else. Default ${default}." default:"tokens" placeholder:"HOW"`
	FirstTokenFile given `help:"File that holds the text of an admin's token, as token generate writes it; it is made where there never was a token." placeholder:"FILE"`
	TokenTrust     given `help:"How long tokens are trusted while the database is away, 5s to 24h. Default ${default}." default:"15m" placeholder:"DURATION"`
	TokenRate      given `help:"How many requests a second one token, or one person with JWTs, may make, 1 to 10000. Default ${default}." default:"50" placeholder:"NUMBER"`
	TLSCertFile    given `name:"tls-cert-file" help:"Certificate to serve TLS with, in PEM, any intermediate ones after it; read again when it changes." placeholder:"FILE"`
	TLSKeyFile     given `name:"tls-key-file" help:"The certificate's key, in PEM." placeholder:"FILE"`
	CORSOrigin     list  `name:"cors-origin" setting:"cors-origins" help:"Origin of another site's pages that may ask, such as https://desk.example; may repeat." placeholder:"ORIGIN"`
	TrustedProxy   list  `name:"trusted-proxy" setting:"trusted-proxies" help:"Address or network of a proxy whose X-Forwarded-For is believed; may repeat." placeholder:"CIDR"`
	oidcFlags
}

type tokenFlags struct {
	Create   tokenCreateFlags `cmd:"" help:"Make a token and write its text, once, to standard output."`
	List     tokenListFlags   `cmd:"" help:"List all tokens, revoked ones too."`
	Revoke   tokenRevokeFlags `cmd:"" help:"Revoke a token: whoever shows it is let in no more, within a second."`
	Generate struct{}         `cmd:"" help:"Make up a token's text for --first-token-file, and keep nothing."`
}

// What makes one token is no setting: a variable that stands around must not get
// into it.
type tokenCreateFlags struct {
	Name    given `setting:"-" help:"What the token is called, in the history too." placeholder:"NAME"`
	Role    given `setting:"-" help:"viewer (sees), manager (also numbers, and disconnects) or admin (also by force)." placeholder:"ROLE"`
	User    given `setting:"-" help:"Id of the user it belongs to, so that the history says who." placeholder:"ID"`
	Team    given `setting:"-" help:"Only sessions whose supervisor or target is of this team." placeholder:"TEAM"`
	Expires given `setting:"-" help:"How long it is valid, such as 90d or 12h; for ever if left out." placeholder:"DURATION"`
	databaseFlags
	logFlags
}

type tokenListFlags struct {
	databaseFlags
	logFlags
}

type tokenRevokeFlags struct {
	Token given `arg:"" help:"Its id, or its name."`
	databaseFlags
	logFlags
}

type migrateFlags struct {
	databaseFlags
	logFlags
}

type serviceFlags struct {
	Listen          given `help:"Address to listen on; of the loopback only where no token is asked for. Default ${default}." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	ShutdownTimeout given `help:"How long a stop may take, below 10s. Default ${default}." default:"8s" placeholder:"DURATION"`
	logFlags
}

type databaseFlags struct {
	Database             given `help:"sqlite:FILE, or postgres://USER@HOST/NAME. Default ${default}." default:"sqlite:coach-manager.db" placeholder:"URL"`
	DatabasePasswordFile given `help:"File that holds the Postgres password; PGPASSWORD and PGPASSFILE serve too." placeholder:"FILE"`
}

type logFlags struct {
	LogLevel  given `help:"debug, info, warn or error. Default ${default}." default:"info" placeholder:"LEVEL"`
	LogFormat given `help:"text or json. Default ${default}." default:"text" placeholder:"FORMAT"`
}

// Help is the second part of the command's help.
func (serveFlags) Help() string {
	return `A dialer is NAME=URL; the name is of a-z, 0-9 and -. COACH_DIALERS holds several, separated by spaces, commas or lines; in the file "dialers" is a list, each item NAME=URL or a map of name, url and the options.

    --dialer 'pbx1=asterisk://coach@10.0.0.5:5038?secret-file=/run/secrets/pbx1'
    --dialer 'sim=simulator://?seed=7'

A secret is never part of the URL: name a file by secret-file, or set COACH_DIALER_<NAME>_SECRET (for pbx-1: COACH_DIALER_PBX_1_SECRET).

Options of asterisk: secret-file; tls=true; the channel variables campaign-variable (CAMPAIGN if left out), list-variable (LIST), result-code-variable (RESULT_CODE), direction-variable (DIRECTION), type-variable (none), user-variable (none; who is on a phone, whatever the device); wrap-up (0s; how long an agent is busy after a call from a queue that has a wrapuptime of its own, which Asterisk does not tell). Option of simulator: seed (1).

The first token may stand in COACH_FIRST_TOKEN instead of a file.

With an identity provider (OpenID Connect) people sign in with the account they have, and show its JWTs as they would a token:

    --oidc-issuer https://login.example/realms/desk --oidc-audience coach-manager
    --oidc-role-claim realm_access.roles --oidc-role 'coach-leads=manager' --oidc-role 'coach-admins=admin'
    --oidc-team-claim groups --oidc-team '/teams/billing=Billing Care' --oidc-team '/supervision=*'

COACH_OIDC_ROLES and COACH_OIDC_TEAMS hold several, separated by semicolons or lines; in the file they are lists. Of several roles the one that may do most counts. An account without a role is let in nowhere, nor is one that is of no team or of several where a team claim is named; an admin of no team sees all.`
}

const description = "Coach Manager shows who in a contact centre is listening to whom, keeps the history, and ends a session on request.\n\n" +
	"A flag wins over its variable in the environment, that over the file, that over the default."

// Parse makes a command of the arguments (without the program's name), the
// environment (as os.Environ gives it) and the file they name. It returns Demo,
// Serve, Migrate, Doctor, ImportUsers, ExportUsers, ImportCatalogue, ExportCatalogue,
// EraseNumbers, ReportUser, DialersList, DialersForget, AuditVerify, Healthcheck or
// Version, or nil when help was asked for and has been written to stdout; of the token
// commands TokenCreate, TokenList, TokenRevoke or TokenGenerate. The error is one line for the user.
func Parse(args, environ []string, stdout io.Writer) (any, error) {
	var flags grammar
	from := &sources{environment: variables(environ)}
	helped := false
	parser, err := kong.New(&flags,
		kong.Name("coach-manager"), kong.Description(description),
		kong.Writers(stdout, stdout), kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.ValueFormatter(helpWithVariable), kong.Resolvers(from))
	if err != nil {
		return nil, err
	}
	notLoaded := from.load(parser, args)
	ctx, err := parser.Parse(args)
	switch {
	case helped:
		return nil, nil //nolint:nilnil // documented: help was asked for
	case err == nil:
		err = notLoaded
	}
	if err != nil {
		return nil, line(withoutNumbers(args, err))
	}
	command, err := flags.check(ctx.Command(), from)
	if err != nil {
		return nil, line(err)
	}
	return command, nil
}

// check makes the chosen command of what was given.
func (g *grammar) check(command string, from *sources) (any, error) {
	switch command {
	case "demo":
		return g.Demo.check()
	case "serve":
		return g.Serve.check(from)
	case "token create":
		return g.Token.Create.check()
	case "token list":
		return g.Token.List.check()
	case "token revoke <token>":
		return g.Token.Revoke.check()
	case "token generate":
		return TokenGenerate{}, nil
	case "migrate":
		return g.Migrate.check()
	case "doctor":
		return g.Doctor.check(from)
	case "users import <file>":
		return g.Users.Import.check()
	case "users export":
		return g.Users.Export.check()
	case "healthcheck":
		return g.Healthcheck.check()
	case "catalog import <file>":
		return g.Catalog.Import.check()
	case "catalog export":
		return g.Catalog.Export.check()
	case "privacy erase":
		return g.Privacy.Erase.check()
	case "privacy report":
		return g.Privacy.Report.check()
	case "dialers list":
		return g.Dialers.List.check()
	case "dialers forget <name>":
		return g.Dialers.Forget.check()
	case "audit verify":
		return g.Audit.Verify.check()
	default:
		return Version{}, nil
	}
}

// line makes one line without secrets of an error.
func line(err error) error {
	text := strings.Join(strings.Fields(WithoutSecrets(err.Error())), " ")
	if strings.HasPrefix(text, "expected one of") || strings.HasPrefix(text, "unexpected argument") {
		text += "; coach-manager --help lists the commands and their flags"
	}
	return errors.New(text)
}

// helpWithVariable adds a setting's variable to its help.
func helpWithVariable(v *kong.Value) string {
	if v.Flag == nil || v.Name != "config" && onlyHere(v) {
		return v.Help
	}
	return v.Help + " [" + variable(keyOf(v)) + "]"
}

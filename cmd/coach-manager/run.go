package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/coachmanager/coachmanager/internal/config"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// run runs one command until it is done or ctx ends, and returns the exit code.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	command, err := config.Parse(args, environ, stdout)
	if err != nil {
		complain(stderr, err)
		return exitUsage
	}
	switch c := command.(type) {
	case config.Demo:
		err = demo(ctx, c, stdout, stderr)
	case config.Serve:
		err = serve(ctx, c, stderr)
	case config.TokenCreate:
		err = createToken(ctx, c, stdout, stderr)
	case config.TokenList:
		err = listTokens(ctx, c, stdout, stderr)
	case config.TokenRevoke:
		err = revokeToken(ctx, c, stderr)
	case config.TokenGenerate:
		err = generateToken(stdout)
	case config.Migrate:
		err = migrate(ctx, c, stdout, stderr)
	case config.Doctor:
		err = doctor(ctx, c, stdout)
	case config.ImportUsers:
		err = importUsers(ctx, c, stdout, stderr)
	case config.ExportUsers:
		err = exportUsers(ctx, c, stdout, stderr)
	case config.ImportCatalogue:
		err = importCatalogue(ctx, c, stdout, stderr)
	case config.ExportCatalogue:
		err = exportCatalogue(ctx, c, stdout, stderr)
	case config.EraseNumbers:
		err = eraseNumbers(ctx, c, stdout, stderr)
	case config.ReportUser:
		err = reportUser(ctx, c, stdout, stderr)
	case config.DialersList:
		err = listDialers(ctx, c, stdout, stderr)
	case config.DialersForget:
		err = forgetDialer(ctx, c, stderr)
	case config.AuditVerify:
		err = verifyAudit(ctx, c, stdout, stderr)
	case config.Healthcheck:
		err = healthcheck(ctx, c)
	case config.Version:
		err = version(stdout)
	}
	if err != nil {
		complain(stderr, err)
		return exitFailed
	}
	return exitDone
}

// complain writes an error as one line without secrets.
func complain(stderr io.Writer, err error) {
	text := strings.Join(strings.Fields(config.WithoutSecrets(err.Error())), " ")
	_, _ = fmt.Fprintln(stderr, "coach-manager:", text)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/store"
)

// createToken makes a token. Its text goes to stdout alone, so that a script can
// take it; all else is on stderr.
func createToken(ctx context.Context, c config.TokenCreate, stdout, stderr io.Writer) error {
	text := access.NewSecret()
	hash, _ := access.HashOf(text)
	user, err := access.ParseUser(c.User)
	if err != nil {
		return err
	}
	n := access.NewToken{Name: c.Name, Role: access.Role(c.Role), User: user, Team: c.Team, Expires: c.Expires, Hash: hash}
	if err := n.Check(); err != nil {
		return err
	}
	// It may come before the first serve.
	return onAnyDatabase(ctx, c.Database, c.Log, stderr, func(db *store.Store) error {
		made, err := db.CreateToken(ctx, n)
		if err != nil {
			return inWords(err, access.ErrNameTaken, access.ErrNoUser)
		}
		if _, err := fmt.Fprintln(stdout, text); err != nil {
			// Nobody has seen it, so nobody shall have it.
			_, revokeErr := db.RevokeToken(ctx, made.ID.String())
			return errors.Join(fmt.Errorf("write the token: %w", err), revokeErr)
		}
		_, err = fmt.Fprintf(stderr, "Token %q (%s) is made in %s. Above is its text, which is shown this once and kept nowhere: send it as\nAuthorization: Bearer cm_...\n", made.Name, made.Role, c.Database.Shown)
		return err
	})
}

// listTokens writes a table of all tokens.
func listTokens(ctx context.Context, c config.TokenList, stdout, stderr io.Writer) error {
	return onDatabase(ctx, c.Database, c.Log, stderr, func(db *store.Store) error {
		tokens, now, err := db.AllTokens(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "ID\tNAME\tROLE\tTEAM\tUSER\tCREATED\tEXPIRES\tLAST USED\tSTATE")
		for _, t := range tokens {
			user := "-"
			if t.User != nil {
				user = t.User.String()
			}
			team := t.Team
			if team == "" {
				team = "-"
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, t.Role, team, user,
				shownTime(&t.CreatedAt), shownTime(t.ExpiresAt), shownTime(t.LastUsedAt), t.State(now))
		}
		return table.Flush()
	})
}

func shownTime(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// revokeToken revokes a token.
func revokeToken(ctx context.Context, c config.TokenRevoke, stderr io.Writer) error {
	return onDatabase(ctx, c.Database, c.Log, stderr, func(db *store.Store) error {
		revoked, err := db.RevokeToken(ctx, c.Token)
		if err != nil {
			return inWords(err, access.ErrNoToken)
		}
		_, err = fmt.Fprintf(stderr, "Token %q (%s) is revoked.\n", revoked.Name, revoked.ID)
		return err
	})
}

// generateToken makes up the text of a token, which is none until serve finds it
// as the first.
func generateToken(stdout io.Writer) error {
	_, err := fmt.Fprintln(stdout, access.NewSecret())
	return err
}

// makeFirstToken makes the token of a fresh deployment: an admin's, where there
// never was a token.
func makeFirstToken(ctx context.Context, db *database, secret config.Secret, log *slog.Logger) error {
	if secret.Reveal() == "" {
		return nil
	}
	hash, ok := access.HashOf(secret.Reveal())
	if !ok {
		return errors.New("the first token is not of the form that coach-manager token generate writes")
	}
	made, err := db.CreateFirstToken(ctx, access.NewToken{Name: "first", Role: access.Admin, Hash: hash})
	switch {
	case made:
		log.Info("the first token is made", "name", "first", "role", access.Admin)
	case err == nil:
		log.Info("no first token is made: there have been tokens before, if only revoked ones; coach-manager token list shows them")
	}
	return err
}

// onDatabase does something with a database that is there, and closes it.
func onDatabase(ctx context.Context, c config.Database, l config.Log, stderr io.Writer, do func(*store.Store) error) error {
	return on(ctx, c, true, newLog(l, stderr), do)
}

// onAnyDatabase makes the database first where there is none.
func onAnyDatabase(ctx context.Context, c config.Database, l config.Log, stderr io.Writer, do func(*store.Store) error) error {
	return on(ctx, c, false, newLog(l, stderr), do)
}

func on(ctx context.Context, c config.Database, existing bool, log *slog.Logger, do func(*store.Store) error) (err error) {
	db, err := openForCommand(ctx, c, existing, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db)
}

// inWords leaves out what was being done where the error says what to do.
func inWords(err error, known ...error) error {
	for _, k := range known {
		if errors.Is(err, k) {
			return k
		}
	}
	return err
}

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/store"
)

// migrate brings the database's schema up to date and says what that came to.
func migrate(ctx context.Context, c config.Migrate, stdout, stderr io.Writer) error {
	done, err := store.Migrate(ctx, c.Database.URL.Reveal(), newLog(c.Log, stderr))
	if err != nil {
		return databaseError(c.Database, err)
	}
	said := fmt.Sprintf("brought from schema %d to %d", done.From, done.To)
	if done.From == done.To {
		said = fmt.Sprintf("has schema %d already", done.To)
	}
	_, err = fmt.Fprintf(stdout, "%s %s\n", c.Database.Shown, said)
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/store"
)

// listDialers writes a table of the dialers that the database knows.
func listDialers(ctx context.Context, c config.DialersList, stdout, stderr io.Writer) error {
	return onDatabase(ctx, c.Database, c.Log, stderr, func(db *store.Store) error {
		dialers, err := db.Dialers(ctx)
		if err != nil {
			return databaseError(c.Database, err)
		}
		table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "NAME\tKIND\tWATCHED BY\tLAST HEARD\tLIVE SESSIONS")
		for _, d := range dialers {
			watchedBy := d.WatchedBy
			if watchedBy == "" {
				watchedBy = "-"
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\n", d.Name, d.Kind, watchedBy, shownTime(d.LastHeardAt), d.Live)
		}
		return table.Flush()
	})
}

// forgetDialer ends what is live of a dialer that nobody watches any more.
func forgetDialer(ctx context.Context, c config.DialersForget, stderr io.Writer) error {
	return onDatabase(ctx, c.Database, c.Log, stderr, func(db *store.Store) error {
		ended, err := db.ForgetDialer(ctx, c.Name)
		if errors.Is(err, coaching.ErrNotFound) || errors.Is(err, coaching.ErrSuperseded) {
			return notForgotten(ctx, db, c, err)
		}
		if err != nil {
			return databaseError(c.Database, err)
		}
		_, err = fmt.Fprintf(stderr, "Dialer %q is forgotten in %s: %s ended; the history keeps them.\n", c.Name, c.Database.Shown, count(ended, "live session"))
		return err
	})
}

// notForgotten says why a dialer was not forgotten, and what can be done.
func notForgotten(ctx context.Context, db *store.Store, c config.DialersForget, why error) error {
	dialers, err := db.Dialers(ctx)
	if err != nil {
		return databaseError(c.Database, err)
	}
	if errors.Is(why, coaching.ErrSuperseded) {
		i := slices.IndexFunc(dialers, func(d store.KnownDialer) bool { return d.Name == c.Name })
		if i < 0 || dialers[i].WatchedBy == "" {
			return fmt.Errorf("dialer %s was watched until just now; nothing was changed, so run this again", c.Name)
		}
		return fmt.Errorf("the process %s watches dialer %s; nothing was changed. Take the dialer out of its configuration first; if the process was killed, wait until %s",
			dialers[i].WatchedBy, c.Name, shownTime(&dialers[i].WatchedUntil))
	}
	var names []string
	for _, d := range dialers {
		names = append(names, d.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("%s knows no dialer %q, nor any other", c.Database.Shown, c.Name)
	}
	return fmt.Errorf("%s knows no dialer %q; it knows %s", c.Database.Shown, c.Name, strings.Join(names, ", "))
}

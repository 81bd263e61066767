package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/store"
)

// verifyAudit looks whether the audit is as it was written. Where it ends goes to
// stdout.
func verifyAudit(ctx context.Context, c config.AuditVerify, stdout, stderr io.Writer) error {
	var expected *audit.Head
	if c.Expect != "" {
		head, err := audit.ParseHead(c.Expect)
		if err != nil {
			return err
		}
		expected = &head
	}
	return onDatabase(ctx, c.Database, c.Log, stderr, func(db *store.Store) error {
		progress := progress{to: stderr, next: time.Now().Add(progressEvery)}
		head, err := audit.Verify(ctx, db, expected, func(n int64) { progress.say("looked at %d entries", n) })
		if errors.Is(err, audit.ErrBroken) {
			return fmt.Errorf("%s: %w; the %d before it are good", c.Database.Shown, err, head.Number)
		}
		if err != nil {
			return databaseError(c.Database, err)
		}
		_, err = fmt.Fprintf(stdout, "audit: %d entries, none changed or missing; head %s\n", head.Number, head)
		return err
	})
}

// enter tells the audit what a command is about to do; what cannot be entered is not
// to be done.
func enter(ctx context.Context, db *store.Store, action audit.Action, subject audit.Subject, details audit.Details) error {
	entry, err := audit.ByACommand(action, subject, details)
	if err != nil {
		return err
	}
	return db.AppendAudit(ctx, []audit.Entry{entry})
}

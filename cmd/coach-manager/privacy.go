package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/store"
)

// eraseNumbers erases a customer's number, or all of an age. Nothing that it says
// holds one.
func eraseNumbers(ctx context.Context, c config.EraseNumbers, stdout, stderr io.Writer) (err error) {
	of := store.Erasure{OlderThan: c.OlderThan, DryRun: c.DryRun, By: audit.ByCommand}
	if c.OlderThan == 0 {
		if of.Number, err = phoneNumber(c.Number.Reveal(), os.Stdin); err != nil {
			return err
		}
	}
	db, err := store.Open(ctx, c.Database.URL.Reveal(), store.Options{Log: newLog(c.Log, stderr), Patience: importPatience, MaxConns: 1, Existing: true})
	if err != nil {
		return databaseError(c.Database, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	details := audit.Details{"by": "number", "dry_run": c.DryRun}
	if c.OlderThan > 0 {
		details["by"] = "age"
	}
	if err := enter(ctx, db, audit.ErasureBegun, audit.Subject{}, details); err != nil {
		return databaseError(c.Database, err)
	}
	progress := progress{to: stderr, next: time.Now().Add(progressEvery)}
	erased, err := db.EraseNumbers(ctx, of, func(e store.Erased) { progress.say("so far %s", count(e.Calls, "call")) })
	if err == nil && c.OlderThan > 0 && !c.DryRun {
		_, err = db.ForgetKeys(ctx, audit.KeyFamily, c.OlderThan)
	}
	if err != nil {
		return databaseError(c.Database, err)
	}
	_, err = io.WriteString(stdout, outcomeOf(of, erased))
	return err
}

// phoneNumber is a number as it was given, or what is read where that is "-".
func phoneNumber(given string, input io.Reader) (coaching.PhoneNumber, error) {
	const longest = 200 // bytes, as of what dialers tell
	if given == "-" {
		raw, err := io.ReadAll(io.LimitReader(input, longest+1))
		if err != nil {
			return coaching.PhoneNumber{}, fmt.Errorf("read the number from the standard input: %w", err)
		}
		given = strings.TrimSpace(string(raw))
	}
	number := coaching.NewPhoneNumber(given)
	if len(given) > longest || strings.ContainsAny(given, "\r\n") || !number.Telling() {
		return coaching.PhoneNumber{}, errors.New("what is given is no number that can be looked for: one line with 5 digits at least, or the whole address of a customer such as sip:anna@example.com")
	}
	return number, nil
}

// outcomeOf says what an erasure came to, or would, and what it cannot reach.
func outcomeOf(of store.Erasure, e store.Erased) string {
	var said strings.Builder
	if of.Number.IsZero() {
		fmt.Fprintf(&said, "%s lost %s", count(e.Calls, "call"), plural(e.Calls, "its number", "their numbers"))
	} else {
		fmt.Fprintf(&said, "%s in %s lost the number (%s)", count(e.Calls, "call"), count(e.Sessions, "session"), count(e.Spellings, "spelling"))
	}
	if e.Live > 0 {
		fmt.Fprintf(&said, "; %s on without it", plural(e.Live, "1 of the sessions is live and goes", fmt.Sprint(e.Live, " of the sessions are live and go")))
	}
	fmt.Fprintf(&said, "; %s of requests erased\n", count(e.Reasons, "reason"))
	if of.DryRun {
		return "dry run, nothing was changed; it would be: " + said.String()
	}
	said.WriteString(map[store.Scrubbed]string{
		store.ScrubbedClean:     "The database's file has no trace of it.\n",
		store.ScrubbedRewritten: "The database's file had traces of it in its unused parts, and was written anew without them.\n",
		store.ScrubbedBusy:      "The database's file is much in use, and may have traces of it still; run this again.\n",
		store.ScrubbedVacuumed:  "The tables were vacuumed, so that Postgres uses the room again. Its write-ahead log, archives and standbys keep what they have.\n",
	}[e.Files])
	said.WriteString("Not erased: backups, what the dialer keeps itself, and for 90 days at most the audit's keyed hashes of what was searched for.\n")
	return said.String()
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

const (
	// eraseEvery is how often a service looks for what has become too old.
	eraseEvery = time.Hour
	// auditKeysKept is for how long after its month the key stays under which the audit
	// hashed numbers, where no shorter age is configured: so long it can be asked who
	// looked for a number, also by whoever has the database.
	auditKeysKept = 90 * 24 * time.Hour
)

// eraseOld erases customers' numbers of an age (never where it is 0) and old keys of
// the audit, again and again, until ctx ends. Several processes may do so at once.
func (d *database) eraseOld(ctx context.Context, age time.Duration, log *slog.Logger) {
	tick := time.NewTicker(eraseEvery)
	defer tick.Stop()
	for {
		if err := d.eraseOldNow(ctx, age, log); err != nil && ctx.Err() == nil {
			log.Warn("old numbers not erased; tried again in an hour", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *database) eraseOldNow(ctx context.Context, age time.Duration, log *slog.Logger) error {
	keysKept := auditKeysKept
	if age > 0 {
		keysKept = min(keysKept, age)
		erased, err := d.EraseNumbers(ctx, store.Erasure{OlderThan: age, By: audit.Service}, func(store.Erased) {})
		if erased.Calls+erased.Reasons > 0 {
			log.Info("old numbers erased", "calls", erased.Calls, "reasons", erased.Reasons)
		}
		if err != nil {
			return err
		}
	}
	_, err := d.ForgetKeys(ctx, audit.KeyFamily, keysKept)
	return err
}

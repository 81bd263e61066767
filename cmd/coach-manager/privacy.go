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
	progress := progress{to: stderr, next: time.Now().Add(progressEvery)}
	erased, err := db.EraseNumbers(ctx, of, func(e store.Erased) { progress.say("so far %s", count(e.Calls, "call")) })
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
	if number.IsZero() || len(given) > longest || strings.ContainsAny(given, "\r\n") {
		return coaching.PhoneNumber{}, errors.New("what is given is no number: one line of 1 to 200 bytes")
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
		store.ScrubbedRewritten: "The database's file had traces of it and was written anew; it has none now.\n",
		store.ScrubbedBusy:      "The database's file is much in use, and may have traces of it still; run this again.\n",
		store.ScrubbedVacuumed:  "The tables were vacuumed, so that Postgres uses the room again. Its write-ahead log, archives and standbys keep what they have.\n",
	}[e.Files])
	said.WriteString("Not erased: backups, and what the dialer keeps itself.\n")
	return said.String()
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// eraseEvery is how often a service looks for numbers that have become too old.
const eraseEvery = time.Hour

// eraseOldNumbers erases customers' numbers of an age, again and again, until ctx
// ends; never where the age is 0. Several processes may do so at once.
func (d *database) eraseOldNumbers(ctx context.Context, age time.Duration, log *slog.Logger) {
	if age == 0 {
		return
	}
	tick := time.NewTicker(eraseEvery)
	defer tick.Stop()
	for {
		erased, err := d.EraseNumbers(ctx, store.Erasure{OlderThan: age, By: audit.Service}, func(store.Erased) {})
		if erased.Calls > 0 {
			log.Info("old numbers erased", "calls", erased.Calls, "reasons", erased.Reasons)
		}
		if err == nil {
			// With the key of a month goes what the audit of that month says of numbers.
			_, err = d.ForgetKeys(ctx, audit.KeyFamily, time.Now().Add(-age))
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("old numbers not erased; tried again in an hour", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

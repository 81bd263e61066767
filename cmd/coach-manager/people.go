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
	"github.com/coachmanager/coachmanager/internal/sheet"
	"github.com/coachmanager/coachmanager/internal/store"
)

// importUsers takes users in from a file.
func importUsers(ctx context.Context, c config.ImportUsers, stdout, stderr io.Writer) error {
	file, err := read(c.File, stderr, sheet.ReadUsers)
	if err != nil {
		return err
	}
	if c.DeactivateMissing && len(file.Users) == 0 {
		return errors.New("the file names nobody, and with --deactivate-missing all who were imported would be made inactive; nothing was changed")
	}
	i := importing{what: "users", database: c.Database, log: newLog(c.Log, stderr), lines: file.Lines, dryRun: c.DryRun, stdout: stdout, stderr: stderr}
	return i.run(ctx, store.Import{Users: file.Users, DeactivateMissing: c.DeactivateMissing})
}

// importCatalogue takes names in from a file.
func importCatalogue(ctx context.Context, c config.ImportCatalogue, stdout, stderr io.Writer) error {
	file, err := read(c.File, stderr, sheet.ReadCatalogue)
	if err != nil {
		return err
	}
	i := importing{what: "names", database: c.Database, log: newLog(c.Log, stderr), lines: file.Lines, dryRun: c.DryRun, stdout: stdout, stderr: stderr}
	return i.run(ctx, store.Import{Entries: file.Entries})
}

// exportUsers writes the users as importUsers reads them.
func exportUsers(ctx context.Context, c config.ExportUsers, stdout, stderr io.Writer) error {
	set, err := everything(ctx, c.Database, audit.UsersExported, newLog(c.Log, stderr))
	if err != nil {
		return err
	}
	var users []*coaching.User
	for _, u := range set.Users {
		if firstSeen := u.ExternalID == ""; !u.Inactive && firstSeen == c.FirstSeen {
			users = append(users, u)
		}
	}
	return sheet.WriteUsers(stdout, users)
}

// exportCatalogue writes the names as importCatalogue reads them.
func exportCatalogue(ctx context.Context, c config.ExportCatalogue, stdout, stderr io.Writer) error {
	set, err := everything(ctx, c.Database, audit.CatalogueExported, newLog(c.Log, stderr))
	if err != nil {
		return err
	}
	return sheet.WriteCatalogue(stdout, set.Catalogue)
}

// importPatience is how long a command waits for the database at each step.
const importPatience = 15 * time.Second

// everything reads a database as it is at one moment, for an export that the audit is
// told of.
func everything(ctx context.Context, c config.Database, export audit.Action, log *slog.Logger) (coaching.LiveSet, error) {
	db, err := store.Open(ctx, c.URL.Reveal(), store.Options{Log: log, Patience: importPatience, Existing: true})
	if err != nil {
		return coaching.LiveSet{}, databaseError(c, err)
	}
	var set coaching.LiveSet
	if err = enter(ctx, db, export, audit.Subject{}, nil); err == nil {
		set, err = db.LiveSet(ctx)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		err = databaseError(c, err)
	}
	return set, err
}

// read reads a file whole, or the standard input. Its mistakes go to stderr, a line
// each.
func read[F any](name string, stderr io.Writer, parse func(io.Reader) (F, error)) (F, error) {
	file := os.Stdin
	if name == "-" {
		name = "standard input"
	} else {
		var err error
		if file, err = os.Open(name); err != nil {
			var none F
			return none, err
		}
	}
	defer func() { _ = file.Close() }()
	parsed, err := parse(file)
	var mistakes *sheet.Mistakes
	if errors.As(err, &mistakes) {
		for _, m := range mistakes.First {
			_, _ = fmt.Fprintf(stderr, "%s: %s\n", name, m)
		}
		all := len(mistakes.First) + mistakes.More
		return parsed, fmt.Errorf("%s: %s, so nothing was changed; %d shown", name, count(all, "mistake"), len(mistakes.First))
	}
	if err != nil {
		err = fmt.Errorf("%s: nothing was changed: %w", name, err)
	}
	return parsed, err
}

// importing is an import on its way.
type importing struct {
	what     string // users or names
	database config.Database
	log      *slog.Logger
	lines    []int // where the file says each of them
	dryRun   bool
	stdout   io.Writer
	stderr   io.Writer
}

func (i importing) run(ctx context.Context, in store.Import) (err error) {
	db, err := store.Open(ctx, i.database.URL.Reveal(), store.Options{Log: i.log, Patience: importPatience, Existing: true})
	if err != nil {
		return databaseError(i.database, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	progress := progress{to: i.stderr, next: time.Now().Add(progressEvery)}
	plan, err := db.PlanImport(ctx, in, func(n int) { progress.say("looked at %d of %d %s", n, len(i.lines), i.what) })
	if err != nil {
		return databaseError(i.database, fmt.Errorf("%w: %w", store.ErrUndecided, err))
	}
	if !i.dryRun {
		err = db.Import(ctx, plan, func(n, all int) { progress.say("carried out %d of %d portions", n, all) })
		if err != nil {
			return databaseError(i.database, err)
		}
	}
	_, err = io.WriteString(i.stdout, i.outcome(plan))
	return err
}

// outcome says what an import came to, or would. It names nobody.
func (i importing) outcome(plan *store.ImportPlan) string {
	var counts []string
	for _, e := range []coaching.Effect{
		coaching.EffectCreated, coaching.EffectCompleted, coaching.EffectChanged, coaching.EffectUnchanged, coaching.EffectDeactivated,
	} {
		counts = append(counts, fmt.Sprintf("%d %s", plan.Effects[e], e))
	}
	said := fmt.Sprintf("%s: %s; %s moved to another user\n", i.what, strings.Join(counts, ", "), count(plan.Moved, "extension"))
	if i.what == "names" {
		said = fmt.Sprintf("%s: %s\n", i.what, strings.Join(counts[:4], ", "))
	}
	if !i.dryRun {
		return said
	}
	var each strings.Builder
	for _, p := range plan.First {
		if p.Index < 0 {
			fmt.Fprintf(&each, "not in the file: %s would be %s\n", p.Missing, p.Effect)
			continue
		}
		fmt.Fprintf(&each, "line %d: would be %s\n", i.lines[p.Index], p.Effect)
	}
	return each.String() + "dry run, nothing was changed; " + said
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// progressEvery is how often long work says how far it is.
const progressEvery = 5 * time.Second

// progress says from time to time how far something is.
type progress struct {
	to   io.Writer
	next time.Time
}

func (p *progress) say(format string, args ...any) {
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(progressEvery)
		_, _ = fmt.Fprintf(p.to, format+"\n", args...)
	}
}

// carryOnEvery is how often a service looks for imports that are decided and whose
// process has gone.
const carryOnEvery = 20 * time.Second

// carryOnImports goes on with such imports, until ctx ends.
func (d *database) carryOnImports(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(carryOnEvery)
	defer tick.Stop()
	for {
		switch n, err := d.CarryOnImports(ctx); {
		case ctx.Err() != nil:
		case err != nil && !errors.Is(err, coaching.ErrUnavailable): // the floor tells that it is away
			log.Error("carry out an import that was decided", "error", err)
		case n > 0:
			log.Info("carried out an import that its process had left", "portions", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/dialer/asterisk"
	"github.com/coachmanager/coachmanager/internal/store"
)

// errUnwell makes the doctor's exit code; what is not well was printed.
var errUnwell = errors.New("not all is well; see what is marked above")

// examination bounds the look at each part.
const examination = 30 * time.Second

// doctor looks at the database, the identity provider and each dialer, and prints what
// is well, what is not, and what nothing showed.
func doctor(ctx context.Context, c config.Doctor, stdout io.Writer) error {
	p := printer{out: stdout, well: true}
	p.database(ctx, c)
	p.provider(ctx, c.OIDC)
	for _, d := range c.Dialers {
		if d.Asterisk == nil {
			p.say(true, d.Name, "is a simulator, which is always there")
			continue
		}
		limited, cancel := context.WithTimeout(ctx, examination)
		for _, f := range asterisk.Examine(limited, asteriskConfig(*d.Asterisk, slog.New(slog.DiscardHandler))) {
			if f.Unseen {
				p.print("?     " + d.Name + ": " + f.Text)
				continue
			}
			p.say(f.Well, d.Name, f.Text)
			if f.Add != "" {
				p.print("      add to manager.conf: " + f.Add)
			}
		}
		cancel()
	}
	if p.err != nil {
		return p.err
	}
	if !p.well {
		return errUnwell
	}
	return nil
}

// printer prints findings, a line each, and keeps whether all was well.
type printer struct {
	out  io.Writer
	well bool
	err  error
}

func (p *printer) say(well bool, of, text string) {
	mark := "ok   "
	if !well {
		mark, p.well = "FAULT", false
	}
	p.print(mark + " " + of + ": " + text)
}

// print writes one line without secrets.
func (p *printer) print(line string) {
	text := strings.TrimRight(config.WithoutSecrets(strings.NewReplacer("\r", " ", "\n", " ").Replace(line)), " ")
	if _, err := fmt.Fprintln(p.out, text); err != nil {
		p.err = err
	}
}

// note prints what is no fault, and may be one.
func (p *printer) note(of, text string) { p.print("note  " + of + ": " + text) }

// database opens the database as serve does, which brings its schema up to date. An
// SQLite file that is not there yet is left to serve.
func (p *printer) database(ctx context.Context, c config.Doctor) {
	if path, ok := strings.CutPrefix(c.Database.URL.Reveal(), "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			p.say(true, c.Database.Shown, "is not there yet; serve makes it")
			return
		}
	}
	ctx, cancel := context.WithTimeout(ctx, examination)
	defer cancel()
	var known []store.KnownDialer
	db, err := store.Open(ctx, c.Database.URL.Reveal(), store.Options{Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		known, err = db.Dialers(ctx)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		p.say(false, "database", databaseError(c.Database, err).Error())
		return
	}
	p.say(true, c.Database.Shown, "answers, with the schema of this version")
	for _, d := range known {
		configured := slices.ContainsFunc(c.Dialers, func(own config.Dialer) bool { return own.Name == d.Name })
		if !configured && d.WatchedBy == "" && d.Live > 0 {
			p.note(d.Name, fmt.Sprintf("is not configured here, no process watches it, and it has %s, which %s; if it was taken out or renamed, %s with coach-manager dialers forget %s",
				count(d.Live, "live session"), plural(d.Live, "stays and is stale", "stay and are stale"), plural(d.Live, "end it", "end them"), d.Name))
		}
	}
}

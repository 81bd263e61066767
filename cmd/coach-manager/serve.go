package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"strings"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
)

// serve watches dialers and serves the API until ctx ends.
func serve(ctx context.Context, c config.Serve, stderr io.Writer) error {
	log := newLog(c.Log, stderr)
	return serveDialers(ctx, c, watchedDialers(c.Dialers, log), log)
}

// serveDialers is serve with dialers made already.
func serveDialers(ctx context.Context, c config.Serve, dialers []coaching.WatchedDialer, log *slog.Logger) error {
	for _, name := range c.Unknown {
		log.Warn("this variable of the environment is no setting; is it misspelt?", "name", name)
	}
	certificate, err := loadCertificate(c.Access.Certificate, log)
	if err != nil {
		return err
	}
	take := listen
	if !c.Access.Tokens {
		take = listenHere
	}
	listener, err := take(ctx, c.Service)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c.Database, c.Lease, log)
	if err == nil {
		if err = makeFirstToken(ctx, db, c.Access.FirstToken, log); err != nil {
			_ = db.close()
		}
	}
	if err != nil {
		_ = listener.Close()
		return startError(ctx, err)
	}
	name := cmp.Or(c.Name, "coach-"+strings.ToLower(rand.Text()[:6])) // no host's name: strangers see it
	log.Info("database open", "database", c.Database.Shown, "process", name)
	s := service{
		config: c.Service, access: c.Access, certificate: certificate, listener: listener, db: db, name: name,
		timing: coaching.Timing{Lease: c.Lease, Poll: pollEvery}, dialers: dialers, log: log,
		eraseAfter: c.EraseNumbersAfter,
	}
	return s.run(ctx)
}

// startError is nil when it was a signal that ended the start.
func startError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was asked to stop, and stopped
	}
	return err
}

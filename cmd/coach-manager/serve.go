package main

import (
	"context"
	"io"

	"github.com/coachmanager/coachmanager/internal/config"
)

// serve watches dialers and serves the API until ctx ends.
func serve(ctx context.Context, c config.Serve, stderr io.Writer) (err error) {
	log := newLog(c.Log, stderr)
	for _, name := range c.Unknown {
		log.Warn("this variable of the environment is no setting; is it misspelt?", "name", name)
	}
	listener, err := listen(ctx, c.Service)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c.Database, log)
	if err != nil {
		_ = listener.Close()
		return startError(ctx, err)
	}
	log.Info("database open", "database", c.Database.Shown)
	s := service{config: c.Service, listener: listener, db: db, dialers: watchedDialers(c.Dialers, log), log: log}
	return s.run(ctx)
}

// startError is nil when it was a signal that ended the start.
func startError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was asked to stop, and stopped
	}
	return err
}

package main

import (
	"io"
	"log/slog"

	"github.com/coachmanager/coachmanager/internal/config"
)

// newLog returns the log that all parts write to.
func newLog(c config.Log, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.Level, ReplaceAttr: maskErrors}
	if c.JSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// maskErrors keeps passwords out of what drivers say; all other attributes are
// our own words.
func maskErrors(_ []string, a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok {
		a.Value = slog.StringValue(config.WithoutSecrets(err.Error()))
	}
	return a
}

package httpapi

import (
	"log/slog"
	"net/http"
	"time"
)

// NewServer returns a server for a handler of New, with the limits that keep a
// slow or hostile caller from holding a connection. Shut it down with Shutdown:
// requests under way are answered.
//
// It has no WriteTimeout, which would cut long streams: each answer has its own
// deadline instead (identify). A stream has to lift ReadTimeout too, because the
// server watches the connection for as long as it answers.
func NewServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		// OPTIONS * is answered like any unknown path, and to loopback names only.
		DisableGeneralOptionsHandler: true,
	}
}

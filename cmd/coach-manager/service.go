package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/httpapi"
	"github.com/coachmanager/coachmanager/internal/store"
)

// service is what demo and serve run. It owns its listener and its database.
type service struct {
	config      config.Service
	access      config.Access // zero: everybody on this machine is let in
	certificate *certificate  // nil: no TLS
	listener    net.Listener
	db          *database
	name        string // of this process
	timing      coaching.Timing
	dialers     []coaching.WatchedDialer
	eraseAfter  time.Duration // the age at which customers' numbers are erased; 0: never
	log         *slog.Logger
	// ready is called once requests are answered; nil if nobody wants to know. It
	// returns when ctx ends.
	ready func(ctx context.Context, floor *coaching.Floor, url string)
}

// run serves until ctx ends, which is no error, or the service cannot go on.
// Everything ends in the opposite order of its beginning: first the requests,
// which need the floor; then the floor, which needs the database.
func (s *service) run(ctx context.Context) (err error) {
	defer func() {
		if closeErr := s.db.close(); err == nil && closeErr != nil {
			err = fmt.Errorf("close the database: %w", closeErr)
		}
	}()
	floor := coaching.NewFloor(s.db, s.name, s.dialers, s.timing, s.log)
	guard, cursors, err := s.readWhatIsNeeded(ctx, floor)
	if err != nil {
		_ = s.listener.Close()
		return startError(ctx, err)
	}
	provider := s.provider(floor)
	below, stopBelow := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBelow()
	var running sync.WaitGroup
	running.Go(func() { floor.Run(below) })
	running.Go(func() { s.db.prune(below, s.log) })
	if guard != nil {
		running.Go(func() { guard.Run(below) })
	}
	if provider != nil {
		running.Go(func() { provider.Run(below) })
	}
	running.Go(func() { s.db.carryOnImports(below, s.log) })
	running.Go(func() { s.db.eraseOld(below, s.eraseAfter, s.log) })
	recorder := audit.NewRecorder(s.db, s.log)
	running.Go(func() { recorder.Run(below) })

	handler := httpapi.New(floor, httpapi.Options{ //nolint:contextcheck // a request has its own
		Log: s.log, Version: thisBuild().version, Guard: guard, Provider: provider, TokenRate: s.access.Rate,
		TrustedProxies: s.access.TrustedProxies, Origins: s.access.Origins, TLS: s.certificate != nil,
		Audit:     recorder,
		CursorKey: cursors,
	})
	server := httpapi.NewServer(handler, s.log)
	served := make(chan error, 1)
	url := s.serve(server, served)
	s.log.Info("listening", "url", url)
	s.warn(guard)
	if s.ready != nil {
		running.Go(func() { s.ready(below, floor, url) })
	}

	select {
	case <-ctx.Done():
		s.log.Info("stopping")
	case err = <-served:
		err = fmt.Errorf("serve: %w", err)
	}
	return errors.Join(err, s.stop(server, stopBelow, &running)) //nolint:contextcheck // ctx has ended: that is why it stops
}

// cursorKey is the name of the key that seals cursors.
const cursorKey = "cursors"

// readWhatIsNeeded reads from the database what requests are answered from.
func (s *service) readWhatIsNeeded(ctx context.Context, floor *coaching.Floor) (guard *access.Guard, cursors store.Key, err error) {
	if err = floor.Open(ctx); err != nil {
		return nil, cursors, fmt.Errorf("read the live sessions: %w", err)
	}
	if guard, err = s.guard(ctx, floor); err == nil {
		cursors, err = s.db.Key(ctx, cursorKey)
	}
	return guard, cursors, err
}

// guard reads the tokens; it is nil for a service that asks for none.
func (s *service) guard(ctx context.Context, floor *coaching.Floor) (*access.Guard, error) {
	if !s.access.Tokens {
		return nil, nil //nolint:nilnil // documented: none is asked for
	}
	guard := access.NewGuard(s.db, floor, s.access.Trust, s.log)
	if err := guard.Open(ctx); err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	return guard, nil
}

// serve begins to serve and returns the address.
func (s *service) serve(server *http.Server, served chan<- error) (url string) {
	if s.certificate == nil {
		go func() { served <- server.Serve(s.listener) }()
		return "http://" + s.listener.Addr().String()
	}
	server.TLSConfig = s.certificate.config()
	go func() { served <- server.ServeTLS(s.listener, "", "") }()
	return "https://" + s.listener.Addr().String()
}

// warn says what whoever started the service may not have thought of.
func (s *service) warn(guard *access.Guard) {
	if guard == nil {
		return
	}
	if guard.Empty() && s.access.OIDC == nil {
		s.log.Warn("there is no token yet, so nobody is let in; make one with coach-manager token create --name me --role admin, and the same --database")
	}
	if tcp, ok := s.listener.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && s.certificate == nil {
		s.log.Warn("tokens and answers are not encrypted on their way; set --tls-cert-file and --tls-key-file, or let only a proxy with TLS reach this address")
	}
}

// stop ends the server, then what is below it, within the time that was
// configured. Half of it is for requests under way; the longest is a disconnect,
// which waits 3 s for its leg to go.
func (s *service) stop(server *http.Server, stopBelow func(), running *sync.WaitGroup) error {
	deadline := time.Now().Add(s.config.ShutdownTimeout)
	requests, cancel := context.WithTimeout(context.Background(), s.config.ShutdownTimeout/2)
	defer cancel()
	if err := server.Shutdown(requests); err != nil {
		s.log.Warn("requests cut off: they were not answered in time", "error", err)
		_ = server.Close()
	}
	stopBelow()
	ended := make(chan struct{})
	go func() { running.Wait(); close(ended) }()
	select {
	case <-ended:
		s.log.Info("stopped")
		return nil
	case <-time.After(time.Until(deadline)):
		return fmt.Errorf("not all that the dialers reported was kept within %v; the next start reconciles with them", s.config.ShutdownTimeout)
	}
}

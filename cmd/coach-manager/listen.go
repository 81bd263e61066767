package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/coachmanager/coachmanager/internal/config"
)

// listenHere is listen for a service that lets everybody in: the address has to be
// of the loopback.
func listenHere(ctx context.Context, c config.Service) (net.Listener, error) {
	listener, err := listen(ctx, c)
	if err != nil {
		return nil, err
	}
	// A name is what this machine says it is, and that may be anything.
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		_ = listener.Close()
		return nil, fmt.Errorf("this machine takes %s for %s, which is not of the loopback; use 127.0.0.1 with --listen", c.Listen, listener.Addr())
	}
	return listener, nil
}

// listen takes the address, before anything else is touched: a second start of
// the same service is told so and leaves no trace.
func listen(ctx context.Context, c config.Service) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program; stop that one, or choose another port with --listen", c.Listen)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s; choose a port above 1023 with --listen", c.Listen)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s, choose another address with --listen: %w", c.Listen, err)
	}
	return listener, nil
}

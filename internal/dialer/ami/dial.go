package ami

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
)

// Dial connects, logs in and waits until the manager has booted. All of it
// happens before ctx ends, or it is an error and nothing remains open. The
// connection itself does not depend on ctx.
//
// Events are kept from the login on: those that arrive while Dial still waits are
// in Conn.Events.
func Dial(ctx context.Context, cfg Config) (*Conn, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("dial manager: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.DialTimeout)
	defer cancel()
	c, err := dial(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("dial manager at %s: %w", cfg.Address, err)
	}
	return c, nil
}

func dial(ctx context.Context, cfg Config) (*Conn, error) {
	raw, stream, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	c := newConn(cfg, raw, stream)
	unwatch := context.AfterFunc(ctx, func() { c.end(context.Cause(ctx)) })
	err = c.greet(ctx)
	if !unwatch() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// connect returns the connection to close and the stream to use, which differ
// under TLS: closing a TLS stream may wait for a peer that reads nothing.
func connect(ctx context.Context, cfg Config) (raw, stream net.Conn, err error) {
	raw, err = new(net.Dialer).DialContext(ctx, "tcp", cfg.Address)
	if err != nil {
		return nil, nil, err
	}
	if cfg.TLS == nil {
		return raw, raw, nil
	}
	config := cfg.TLS.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(cfg.Address)
	}
	secured := tls.Client(raw, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, nil, fmt.Errorf("TLS: %w", err)
	}
	return raw, secured, nil
}

// greet does all that comes between connecting and the first action of the caller.
func (c *Conn) greet(ctx context.Context) error {
	banner, err := c.reader.Banner()
	if err != nil {
		if cause := c.Err(); cause != nil {
			err = cause // ctx ended, and so the connection: that is why nothing was read
		}
		return fmt.Errorf("read greeting, which a manager sends at once: %w", err)
	}
	c.banner = banner
	c.start()
	if err := c.logIn(ctx); err != nil {
		return fmt.Errorf("log in as %q: %w", c.cfg.Username, err)
	}
	if err := c.awaitBoot(ctx); err != nil {
		return fmt.Errorf("wait for the manager to boot: %w", err)
	}
	return nil
}

// isAnswer reports whether err is the manager's own refusal: it is alive.
func isAnswer(err error) bool {
	var refusal *ResponseError
	return errors.As(err, &refusal)
}

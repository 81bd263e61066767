package asterisk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// loginRest is how long a login that was refused is not tried again: whoever guards an
// Asterisk counts them.
const loginRest = 10 * time.Second

// connect logs in, and says what may help where that fails.
func (d *Dialer) connect(ctx context.Context) (*ami.Conn, error) {
	d.mu.Lock()
	wait := time.Until(d.refused.Add(loginRest))
	d.mu.Unlock()
	if wait > 0 {
		rest := time.NewTimer(wait)
		defer rest.Stop()
		select {
		case <-rest.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	conn, err := ami.Dial(ctx, d.cfg.manager())
	if errors.Is(err, ami.ErrAuthentication) {
		d.mu.Lock()
		d.refused = time.Now()
		d.mu.Unlock()
	}
	if hint := unreached(d.cfg, err); err != nil && hint != "" {
		return nil, fmt.Errorf("%w; in manager.conf: %s", err, hint)
	}
	return conn, err
}

// begin learns Asterisk's clock and which run of it this is.
func (w *watch) begin(ctx context.Context) error {
	pong, err := w.conn.Do(ctx, ami.NewAction("Ping"))
	if err != nil {
		return err
	}
	w.clock.set(w.clock.read(pong))
	status, err := w.conn.Do(ctx, ami.NewAction("CoreStatus"))
	switch {
	case refused(err):
		w.gaps.warn(gapIdentity, "error", err)
	case err != nil:
		return err
	default:
		w.boot = runOf(status)
	}
	return nil
}

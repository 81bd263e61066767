package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	claimKey    = 0x636f6163 // the first half of the advisory lock's key; the second is the schema's
	claimPing   = 2 * time.Second
	claimRetry  = 250 * time.Millisecond
	claimTries  = 8 // a process that was just killed may hold it for a moment
	claimedByUs = "coach-manager serving "
)

// postgresClaim holds an advisory lock on a connection of its own and takes it
// again when that connection is lost. Only keep touches conn after the start.
type postgresClaim struct {
	config *pgx.ConnConfig
	name   string // of our connections, so that we know an old one of ours
	conn   *pgx.Conn
	lost   chan struct{}
	limit  time.Duration
}

func (e *postgresEngine) claim(ctx context.Context) (*Claim, error) {
	k := &postgresClaim{
		config: e.config.ConnConfig.Copy(), name: claimedByUs + rand.Text()[:16],
		lost: make(chan struct{}), limit: e.config.ConnConfig.ConnectTimeout,
	}
	params := k.config.RuntimeParams
	params["application_name"] = k.name
	// The server finds out by itself, within half a minute, that this machine is gone.
	params["tcp_keepalives_idle"], params["tcp_keepalives_interval"], params["tcp_keepalives_count"] = "10", "5", "4"

	for try := 1; ; try++ {
		err := k.take(ctx)
		if err == nil {
			break
		}
		if !errors.Is(err, ErrClaimed) || try == claimTries {
			return nil, err
		}
		if !pause(ctx, claimRetry) {
			return nil, context.Cause(ctx)
		}
	}
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan struct{})
	go func() { defer close(over); k.keep(keeping) }()
	return &Claim{lost: k.lost, release: func() { stop(); <-over }}, nil
}

// keep watches the connection until ctx ends or the claim is lost.
func (k *postgresClaim) keep(ctx context.Context) {
	defer k.hangUp(ctx)
	for pause(ctx, claimPing) {
		if k.alive(ctx) || k.retake(ctx) {
			continue
		}
		if ctx.Err() == nil {
			close(k.lost)
		}
		return
	}
}

func (k *postgresClaim) alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, k.limit)
	defer cancel()
	return k.conn.Ping(ctx) == nil
}

// retake tries until it has the lock again (true), or another process has it or
// ctx ends (false).
func (k *postgresClaim) retake(ctx context.Context) bool {
	k.hangUp(ctx)
	for {
		err := k.take(ctx)
		if err == nil {
			return true
		}
		if errors.Is(err, ErrClaimed) || !pause(ctx, claimRetry) {
			return false
		}
	}
}

// take connects and takes the lock. A connection of ours that the server has not
// yet noticed to be dead is ended, and does not count as another process.
func (k *postgresClaim) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, k.limit)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, k.config)
	if err != nil {
		return err
	}
	k.conn = conn
	if err = k.lock(ctx); err != nil {
		k.hangUp(ctx)
	}
	return err
}

func (k *postgresClaim) lock(ctx context.Context) error {
	for range 3 {
		var locked bool
		err := k.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1, hashtext(current_schema()) & 2147483647)", int32(claimKey)).Scan(&locked)
		if err != nil || locked {
			return err
		}
		var pid int32
		var holder string
		err = k.conn.QueryRow(ctx, `SELECT a.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
			WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = $1
			AND l.objid = hashtext(current_schema()) & 2147483647
			AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`, uint32(claimKey)).Scan(&pid, &holder)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			continue // it was given up in between
		case err != nil:
			return err
		case !strings.HasPrefix(holder, k.name):
			return ErrClaimed
		}
		if _, err := k.conn.Exec(ctx, "SELECT pg_terminate_backend($1, 1000)", pid); err != nil {
			return fmt.Errorf("end our old connection: %w", err)
		}
	}
	return ErrClaimed
}

// hangUp also works when ctx is over: the service stops then.
func (k *postgresClaim) hangUp(ctx context.Context) {
	if k.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = k.conn.Close(ctx)
	k.conn = nil
}

// pause waits, and tells whether ctx lived on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

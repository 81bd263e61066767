package store

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

const (
	// channel is where the server tells of commits: the number of the newest change.
	// Of other texts it is only known that something happened.
	channel = "coach_manager"
	// listenPing is how often a connection that is told nothing is tried.
	listenPing = 5 * time.Second
)

// Listen is part of coaching.ChangeLog.
func (s *Store) Listen(ctx context.Context, heard func(number int64)) error {
	return s.failure(ctx, "listen for changes", s.engine.listen(ctx, heard))
}

func (e *postgresEngine) listen(ctx context.Context, heard func(number int64)) error {
	patience := e.config.ConnConfig.ConnectTimeout
	setup, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pooled, err := e.pool.Acquire(setup)
	if err != nil {
		return err
	}
	conn := pooled.Conn()
	defer func() {
		// It listens, and so serves nobody else: the pool drops what is closed.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ending)
		pooled.Release()
	}()
	if _, err := conn.Exec(setup, "LISTEN "+channel); err != nil {
		return err
	}
	heard(0)
	for {
		told, err := wait(ctx, conn, patience)
		if err != nil {
			return err
		}
		if told != "" {
			number, _ := strconv.ParseInt(told, 10, 64) // what is no number counts as 0
			heard(number)
		}
	}
}

// wait waits for what is told; "" tells that nothing was, and that the connection
// is well.
func wait(ctx context.Context, conn *pgx.Conn, patience time.Duration) (told string, err error) {
	waiting, cancel := context.WithTimeout(ctx, listenPing)
	defer cancel()
	n, err := conn.WaitForNotification(waiting)
	if err == nil {
		return n.Payload, nil
	}
	if ctx.Err() != nil || waiting.Err() == nil {
		return "", err
	}
	trying, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return "", conn.Ping(trying)
}

func (e *postgresEngine) tellRelease(tx *gorm.DB) error {
	return tx.Exec("SELECT pg_notify('" + channel + "', 'released')").Error
}

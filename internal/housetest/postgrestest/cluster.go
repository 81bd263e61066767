package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coachmanager/coachmanager/internal/housetest/child"
)

const (
	startLimit = 60 * time.Second
	stopLimit  = 60 * time.Second
	ports      = 5 // how many ports a new cluster tries
)

// boot makes the cluster where there is none yet and becomes its server. It is
// one command so that nothing of it can be left behind; $1 is the binaries'
// folder, $2 the data's, $3 the server to copy and follow, if any, and $4 where
// the files of a frail server lie, if it is one: its log comes in small files that
// are not used again, so that a full disk is soon too full for it.
const boot = `
export LC_ALL=C
bin=$1 data=$2 primary=$3 frail=$4
shift 4
if [ -e "$data/PG_VERSION" ]; then
	:
elif [ -n "$primary" ]; then
	"$bin/pg_basebackup" -D "$data" -d "$primary" -R -X stream -c fast --no-sync || exit
else
	"$bin/initdb" -D "$data" -U postgres --auth=trust -E UTF8 --locale=C ${frail:+--wal-segsize=1} --no-sync --no-instructions || exit
fi
if [ -n "$frail" ]; then
	export LD_PRELOAD="$frail.so" COACH_FRAIL="$frail.state"
	set -- "$@" -c wal_recycle=off
fi
exec "$bin/postgres" -D "$data" "$@"
`

// cluster is one PostgreSQL server and its data.
type cluster struct {
	bin     string
	dir     string
	primary string // the URL of the server that it copied and follows; "" for none
	frail   string // where the files lie that make it frail; "" where it is not
	port    int    // 0 until it came up once; the same from then on
	as      *syscall.Credential
	process *child.Process // nil while stopped
}

// newCluster starts a server in a folder of its own, once what makes it special,
// if anything, is prepared.
func newCluster(prepare ...func(*cluster) error) (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	as, err := credential()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "coach-postgres")
	if err != nil {
		return nil, err
	}
	c := &cluster{bin: bin, dir: dir, as: as}
	if as != nil {
		err = os.Chown(dir, int(as.Uid), int(as.Gid))
	}
	for _, step := range append(prepare, (*cluster).start) {
		if err == nil {
			err = step(c)
		}
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

// start brings the server up, the first time on any free port. The port may be
// taken between the asking and the binding, then the next one is tried.
func (c *cluster) start() error {
	if c.port != 0 {
		return c.startOn(c.port)
	}
	var failed error
	for range ports {
		port, err := child.FreePort()
		if err != nil {
			return err
		}
		if failed = c.startOn(port); failed == nil {
			c.port = port
			return nil
		}
	}
	return failed
}

func (c *cluster) startOn(port int) error {
	data, log := c.data(), filepath.Join(c.dir, "log")
	process, err := child.Start(child.Server{
		Command: []string{
			"/bin/sh", "-c", boot, "boot", c.bin, data, c.primary, c.frail,
			"-p", strconv.Itoa(port),
			"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
			"-c", "max_connections=200", "-c", "shared_buffers=32MB",
			"-c", "fsync=off", "-c", "full_page_writes=off", // as the machine does not die; the server may
		},
		Dir:        c.dir,
		Log:        log,
		LastSignal: "QUIT", // at once, and its own processes too
		Credential: c.as,
	})
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(startLimit); ; {
		if err = c.ready(port, data); err == nil {
			c.process = process
			return nil
		}
		if process.Ended(10*time.Millisecond) || time.Now().After(deadline) {
			text, _ := os.ReadFile(log)
			return errors.Join(fmt.Errorf("PostgreSQL did not come up on port %d: %w\n%s", port, err, text),
				process.Stop("QUIT", stopLimit))
		}
	}
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// ready asks whoever listens on the port whether he is the server of this data:
// another one may have been faster to take the port.
func (c *cluster) ready(port int, data string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url(port, "postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var got string
	if err := conn.QueryRow(ctx, "show data_directory").Scan(&got); err != nil {
		return err
	}
	if got != data {
		return fmt.Errorf("port %d is another server's, of %s", port, got)
	}
	return nil
}

// stop ends the server with a signal: INT as a service manager does, QUIT at once
// and its own processes too. Connections are cut, what was committed is kept.
func (c *cluster) stop(signal string) error {
	if c.process == nil {
		return nil
	}
	err := c.process.Stop(signal, stopLimit)
	if exit := (&exec.ExitError{}); c.frail != "" && errors.As(err, &exit) {
		err = nil // it ended as it could
	}
	if err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	c.process = nil
	return nil
}

// exec runs one statement in the database postgres.
func (c *cluster) exec(sql string) error {
	return c.connected(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql)
		return err
	})
}

// ask runs a query in the database postgres whose answer is one value.
func ask[Value any](c *cluster, sql string, args ...any) (v Value, err error) {
	err = c.connected(func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, sql, args...).Scan(&v)
	})
	return v, err
}

func (c *cluster) connected(do func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url(c.port, "postgres"))
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, conn), conn.Close(ctx))
}

func url(port int, database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", port, database)
}

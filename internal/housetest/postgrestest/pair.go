package postgrestest

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest"
)

// Couple is a primary and a standby that follows it, a moment behind: commits do
// not wait for it, and so a failover may lose the last of them.
type Couple struct {
	Primary, Standby *Instance
}

// Pair starts a primary and its standby for this test alone.
func Pair(t testing.TB) *Couple {
	t.Helper()
	primary := Server(t)
	standby := newInstance(t, func(c *cluster) error {
		c.primary = primary.URL("postgres")
		if !isFile(filepath.Join(c.bin, "pg_basebackup")) {
			return missing("pg_basebackup is not beside the PostgreSQL server's binaries: install PostgreSQL's client programs")
		}
		return nil
	})
	return &Couple{Primary: primary, Standby: standby}
}

// URL is the address of a database that names both servers, and means whichever
// can be written.
func (c *Couple) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/%s?sslmode=disable&target_session_attrs=read-write",
		c.Primary.c.port, c.Standby.c.port, database)
}

// CatchUp waits until the standby has all that the primary has committed so far.
func (c *Couple) CatchUp() {
	t := c.Standby.t
	t.Helper()
	written, err := ask[string](c.Primary.c, "select pg_current_wal_insert_lsn()::text")
	need(t, err)
	housetest.WaitFor(t, "the standby to catch up", func() bool {
		caught, err := ask[bool](c.Standby.c, "select pg_last_wal_replay_lsn() >= $1::text::pg_lsn", written)
		need(t, err)
		return caught
	})
}

// FallBehind has the standby hear nothing of the primary any more, as behind a
// network that is cut: what the primary commits from now on is lost when the
// standby is promoted.
func (c *Couple) FallBehind() {
	t := c.Standby.t
	t.Helper()
	need(t, c.Standby.c.exec("alter system set primary_conninfo = ''"))
	need(t, c.Standby.c.exec("select pg_reload_conf()"))
	housetest.WaitFor(t, "the standby to hear nothing more", func() bool {
		hears, err := ask[bool](c.Standby.c, "select exists (select from pg_stat_wal_receiver)")
		need(t, err)
		return !hears
	})
}

// Promote has the standby be a primary, with what it has got so far, and waits
// until it can be written. The old primary is not told.
func (c *Couple) Promote() {
	t := c.Standby.t
	t.Helper()
	promoted, err := ask[bool](c.Standby.c, "select pg_promote()")
	need(t, err)
	if !promoted {
		t.Fatal("the standby was not promoted in time")
	}
}

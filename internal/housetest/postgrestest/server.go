package postgrestest

import (
	"os"
	"testing"
)

// Instance is a private server. Its methods end the test when they fail, and are
// for the test's own goroutine only.
type Instance struct {
	t testing.TB
	c *cluster
}

// Server starts a server for this test alone; it goes when the test ends. It
// takes about a second: tests that need no stop and start ask for a Database.
func Server(t testing.TB) *Instance {
	t.Helper()
	return newInstance(t)
}

func newInstance(t testing.TB, prepare ...func(*cluster) error) *Instance {
	t.Helper()
	c, err := newCluster(prepare...)
	need(t, err)
	t.Cleanup(func() {
		if err := c.stop("INT"); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(c.dir); err != nil {
			t.Error(err)
		}
	})
	return &Instance{t: t, c: c}
}

// URL is the address of a database of this server, before, during and after a
// stop. The database "postgres" is there from the beginning, and empty.
func (i *Instance) URL(database string) string { return url(i.c.port, database) }

// Stop cuts all connections and takes the server away; its data stay. Stopping
// it twice is fine.
func (i *Instance) Stop() {
	i.t.Helper()
	if err := i.c.stop("INT"); err != nil {
		i.t.Fatal(err)
	}
}

// Kill has the server crash: it is gone at once, in the middle of what it does.
// What was committed is there again after Start.
func (i *Instance) Kill() {
	i.t.Helper()
	if err := i.c.stop("QUIT"); err != nil {
		i.t.Fatal(err)
	}
}

// Start brings a stopped server back, with its data and at the same address.
func (i *Instance) Start() {
	i.t.Helper()
	if i.c.process != nil {
		i.t.Fatal("PostgreSQL runs already")
	}
	if err := i.c.start(); err != nil {
		i.t.Fatal(err)
	}
}

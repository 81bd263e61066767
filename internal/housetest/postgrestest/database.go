package postgrestest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest"
)

// shared is the one server of the test binary, which nobody stops: it goes when
// the binary goes.
var shared = sync.OnceValues(func() (*cluster, error) { return newCluster() })

var databases atomic.Int64

// Database gives the test a new, empty database on the server that the test
// binary shares, and returns its URL. It is dropped when the test ends, with
// whatever connections there still are. Any number of tests may ask at once.
func Database(t testing.TB) string {
	t.Helper()
	c, err := shared()
	need(t, err)
	name := fmt.Sprintf("test%d", databases.Add(1))
	if err := c.exec("create database " + name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if err := c.exec("drop database " + name + " with (force)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return url(c.port, name)
}

func need(t testing.TB, err error) {
	t.Helper()
	var part missing
	switch {
	case errors.As(err, &part):
		housetest.Missing(t, part.Error())
	case err != nil:
		t.Fatal(err)
	}
}

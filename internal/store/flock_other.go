//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package store

import (
	"errors"
	"os"
)

// flock refuses: without it nothing would keep two processes apart.
func flock(*os.File) error {
	return errors.New("SQLite databases need file locks (flock), which this system does not have; use Postgres")
}

func funlock(*os.File) {}

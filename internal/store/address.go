package store

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// address says which database is meant.
type address struct {
	postgres string // a URL, with its password; "" for SQLite
	path     string // a file, absolute; "" for Postgres
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// parseAddress reads "sqlite:PATH", a bare path, or "postgres://...". Its errors
// are for strangers and never repeat the text, which may hold a password.
func parseAddress(text string) (address, error) {
	kind := strings.ToLower(scheme.FindString(text))
	switch kind {
	case "postgres:", "postgresql:":
		if _, err := url.Parse(text); err != nil || !strings.HasPrefix(text[len(kind):], "//") {
			return address{}, errors.New("the database address is not a URL; write it as postgres://user:password@host:5432/name, " +
				"with special characters of the password as %XX")
		}
		return address{postgres: text}, nil
	case "sqlite:":
		return fileAddress(strings.TrimPrefix(text[len(kind):], "//"))
	case "":
		return fileAddress(text)
	default:
		return address{}, fmt.Errorf("a database address cannot begin with %q; use sqlite:PATH or postgres://user:password@host/name", kind)
	}
}

func fileAddress(path string) (address, error) {
	if path == "" {
		return address{}, errors.New("the database address is empty; use sqlite:PATH or postgres://user:password@host/name")
	}
	if path == ":memory:" {
		return address{}, errors.New("SQLite in memory is not supported: name a file, if need be in a temporary folder")
	}
	if strings.ContainsRune(path, 0) {
		return address{}, errors.New("the path of the database holds a NUL character")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return address{}, fmt.Errorf("find the database's folder: %w", err)
	}
	switch folder, err := os.Stat(filepath.Dir(absolute)); {
	case errors.Is(err, os.ErrNotExist):
		return address{}, fmt.Errorf("the folder %s, where the database is to be, does not exist", filepath.Dir(absolute))
	case err != nil:
		return address{}, fmt.Errorf("look into the database's folder: %w", err)
	case !folder.IsDir():
		return address{}, fmt.Errorf("%s, where the database is to be, is no folder", filepath.Dir(absolute))
	}
	if file, err := os.Stat(absolute); err == nil && file.IsDir() {
		return address{}, fmt.Errorf("%s is a folder; name a file for the database", absolute)
	}
	return address{path: absolute}, nil
}

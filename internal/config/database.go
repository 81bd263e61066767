package config

import (
	"errors"
	"net/url"
	"strings"
)

// Database says where the history is kept.
type Database struct {
	// URL is sqlite:FILE or postgres://..., the password included.
	URL Secret
	// Shown is the same without anything secret, for logs and messages.
	Shown string
}

const sqlite = "sqlite:"

// SQLite is the database in a file.
func SQLite(path string) Database {
	return Database{URL: Secret{sqlite + path}, Shown: sqlite + path}
}

// check puts the password in its place. The URL may hold a secret: no message
// repeats it.
func (f databaseFlags) check() (Database, error) {
	if path, ok := strings.CutPrefix(f.Database.text, sqlite); ok {
		if f.DatabasePasswordFile.text != "" {
			return Database{}, f.DatabasePasswordFile.refuse("an SQLite file has no password; leave it out, or name a postgres:// database")
		}
		if err := sqliteFile(f.Database, path); err != nil {
			return Database{}, err
		}
		return SQLite(path), nil
	}
	u, err := parseURL(f.Database.text)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return Database{}, f.Database.refuse("write sqlite:FILE, or postgres://USER@HOST:PORT/NAME")
	}
	if f.DatabasePasswordFile.as != "" {
		if err := f.addPassword(u); err != nil {
			return Database{}, err
		}
	}
	visible := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if name := u.User.Username(); name != "" {
		visible.User = url.User(name)
	}
	if socket := u.Query().Get("host"); socket != "" {
		visible.RawQuery = "host=" + socket
	}
	return Database{URL: Secret{u.String()}, Shown: visible.String()}, nil
}

func (f databaseFlags) addPassword(u *url.URL) error {
	query := u.Query()
	if _, has := u.User.Password(); has || query.Has("password") {
		return f.DatabasePasswordFile.refuse("the database's URL holds a password already; leave one of the two out")
	}
	password, err := readSecret(f.DatabasePasswordFile.text)
	if err != nil {
		return f.DatabasePasswordFile.refuse("the file %s %w", shown(f.DatabasePasswordFile.text), err)
	}
	// As a parameter it stands beside a user from wherever that comes: the URL,
	// PGUSER or the system.
	query.Set("password", password.Reveal())
	// In a database's URL, unlike in a form, + is no space.
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return nil
}

// sqliteFile checks the path of an SQLite file.
func sqliteFile(g given, path string) error {
	switch {
	case path == "" || strings.HasPrefix(path, "//"):
		return g.refuse("no file is named; write sqlite:FILE, such as sqlite:coach-manager.db")
	case strings.ContainsAny(path, "?#\x00"), strings.Contains(path, ":memory:"), strings.HasPrefix(path, "file:"):
		return g.refuse("a plain path of a file is needed, without ?, # or parameters")
	}
	return nil
}

// demoFile checks where the demo keeps its database.
func demoFile(g given) (string, error) {
	if g.as == "" {
		return "", nil
	}
	if strings.Contains(g.text, "://") {
		return "", g.refuse("the demo keeps its history in an SQLite file; for another database use serve with --dialer 'sim=simulator://'")
	}
	path := strings.TrimPrefix(g.text, sqlite)
	return path, sqliteFile(g, path)
}

// parseURL parses a URL; its error does not repeat the text.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("is no URL")
	}
	return u, nil
}

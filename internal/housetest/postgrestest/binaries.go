package postgrestest

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// missing is what this machine does not have: the one fault that skips a test
// instead of failing it.
type missing string

func (m missing) Error() string { return string(m) }

const errNoServer = missing("the PostgreSQL server's binaries are not here: install PostgreSQL or set PG_BIN to the folder of initdb and postgres")

// binaries is the folder that holds initdb and postgres.
func binaries() (string, error) {
	places := []string{os.Getenv("PG_BIN")}
	if places[0] == "" {
		places = []string{newest("/usr/lib/postgresql/*/bin")}
		if initdb, err := exec.LookPath("initdb"); err == nil {
			places = append(places, filepath.Dir(initdb))
		}
	}
	for _, dir := range places {
		if dir != "" && isFile(filepath.Join(dir, "initdb")) && isFile(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", errNoServer
}

// newest is the match whose second last element is the highest number.
func newest(pattern string) (dir string) {
	matches, _ := filepath.Glob(pattern) // the only error is a malformed pattern
	best := -1.0
	for _, m := range matches {
		if v, err := strconv.ParseFloat(filepath.Base(filepath.Dir(m)), 64); err == nil && v > best {
			best, dir = v, m
		}
	}
	return dir
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// credential is whom the server runs as: it refuses root, so root runs it as
// postgres, or as nobody where the binaries came without their user. Everyone
// else runs it himself: nil.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// ErrNoCompiler is the error of Compile where this machine has no C compiler, or
// cannot run what is made for the servers.
var ErrNoCompiler = errors.New("there is no C compiler for what is preloaded into a server")

// Compile makes a library of C source, for a server to be started with as its
// LD_PRELOAD. Flags follow the source.
func Compile(source []byte, flags ...string) (library []byte, err error) {
	compiler, err := compiler()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "coach-compile")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	from, to := filepath.Join(dir, "source.c"), filepath.Join(dir, "library.so")
	if err := os.WriteFile(from, source, 0o600); err != nil {
		return nil, err
	}
	args := append([]string{"-shared", "-fPIC", "-O1", "-o", to, from}, flags...)
	if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil { //nolint:noctx // it takes no second, and is no test's own
		return nil, fmt.Errorf("compile: %w\n%s", err, out)
	}
	return os.ReadFile(to)
}

// compiler is the C compiler that the race detector uses too.
func compiler() (string, error) {
	if runtime.GOOS != "linux" {
		return "", fmt.Errorf("%w: this is no Linux", ErrNoCompiler)
	}
	for _, name := range []string{os.Getenv("CC"), "gcc", "cc"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: install gcc, and libc6-dev", ErrNoCompiler)
}

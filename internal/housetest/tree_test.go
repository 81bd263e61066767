package housetest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/coachmanager/coachmanager"

// root is the folder of go.mod; go test runs a test in its package's folder.
var root = sync.OnceValue(func() string {
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		panic(err)
	}
	return dir
})

// pkg is what the law looks at of a package, as go list tells it.
type pkg struct {
	ImportPath   string
	Dir          string
	Name         string
	GoFiles      []string
	CgoFiles     []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string // those of files that are not tests
}

// folder is the package's place in the tree, such as internal/store.
func (p pkg) folder() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// files are all its Go files.
func (p pkg) files() []string {
	var all []string
	for _, names := range [][]string{p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles} {
		all = append(all, names...)
	}
	return all
}

// packages are all packages of this module. With -e a package that does not
// compile is still listed: the law does not wait for it.
var packages = sync.OnceValues(func() ([]pkg, error) {
	// go test may answer from its cache while nothing changed that the test itself
	// has opened, and does not see what go list opens: so every folder is opened here.
	err := filepath.WalkDir(root(), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out, err := goCommand(context.Background(), root(), "list", "-e",
		"-json=ImportPath,Dir,Name,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,Imports", "./...")
	if err != nil {
		return nil, err
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, p)
	}
})

func allPackages(t *testing.T) []pkg {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("go list knows no packages")
	}
	return all
}

// goCommand runs the go command in a folder and returns what it printed. The
// flags of the test run, such as -race, are not for it.
func goCommand(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOFLAGS=", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(errors.New("go "+strings.Join(args, " ")), err, errors.New(stderr.String()))
	}
	return out, nil
}

package housetest_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest"
)

// sources is all that the generator reads, itself included.
var sources = []string{"openapi.yaml", "go.mod", "go.sum", "api", "internal/tools/oapi-codegen", "internal/tools/generate"}

// The generator runs in a copy, from which what it makes was left out: the tree
// stays as it is, and a generated file that nothing makes any more is found too.
func TestGeneratedCodeIsFresh(t *testing.T) {
	t.Parallel()
	// Built before it is used, so that a machine that cannot get it says so.
	tool := filepath.Join("internal", "tools", "oapi-codegen", "go.mod")
	if _, err := goCommand(t.Context(), root(), "tool", "-modfile="+tool, "-n", "oapi-codegen"); err != nil {
		housetest.Missing(t, "the generator cannot be built; go generate ./api/... fetches it, once, over the network: "+err.Error())
	}
	dir := t.TempDir()
	committed := map[string][]byte{}
	for _, source := range sources {
		copyTree(t, source, dir, committed)
	}
	if len(committed) == 0 {
		t.Fatal("no generated file under api")
	}
	if _, err := goCommand(t.Context(), dir, "generate", "./api/..."); err != nil {
		t.Fatal(err)
	}
	walk(t, filepath.Join(dir, "api"), func(path string, text []byte) {
		name := strings.TrimPrefix(path, dir)
		if !isGenerated(path) {
			return
		}
		if got, ok := committed[name]; !ok || !bytes.Equal(got, text) {
			t.Errorf("%s is stale or missing: run go generate ./api/...", name)
		}
		delete(committed, name)
	})
	for name := range committed {
		t.Errorf("%s: nothing generates it any more", name)
	}
}

func isGenerated(path string) bool { return strings.Contains(filepath.Base(path), ".gen.") }

// copyTree copies a file or folder of the tree into dir, but for generated
// files, which it collects by their place in the tree.
func copyTree(t *testing.T, source, dir string, generated map[string][]byte) {
	t.Helper()
	walk(t, filepath.Join(root(), source), func(path string, text []byte) {
		name := strings.TrimPrefix(path, root())
		if isGenerated(path) {
			generated[name] = text
			return
		}
		target := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, text, 0o600); err != nil {
			t.Fatal(err)
		}
	})
}

func walk(t *testing.T, dir string, each func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			each(path, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

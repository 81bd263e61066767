package housetest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A test that sleeps is slow where it passes and fails where the machine is
// busy. Time is testing/synctest or a clock that is handed in; waiting is a
// channel, or WaitFor.
func TestNoTestSleeps(t *testing.T) {
	t.Parallel()
	for _, p := range allPackages(t) {
		for _, name := range p.files() {
			if !strings.HasSuffix(name, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range sleeps(f) {
				t.Errorf("%s/%s:%d: time.Sleep in a test", p.folder(), name, fset.Position(at).Line)
			}
		}
	}
}

func TestSleepsAreFound(t *testing.T) {
	t.Parallel()
	// NAP stands for Sleep, so that this file does not name what it forbids.
	cases := map[string]struct {
		source string
		want   int
	}{
		"called":           {`import "time"; func f() { time.NAP(1) }`, 1},
		"by another name":  {`import clock "time"; func f() { clock.NAP(1) }`, 1},
		"handed on":        {`import "time"; var nap = time.NAP`, 1},
		"another's":        {`import "time"; func f(c interface{ NAP(int) }) { c.NAP(1); _ = time.Now() }`, 0},
		"only spoken of":   {`import "time"; var _ = time.Now; var s = "time.NAP(1)" // time.NAP(1)`, 0},
		"without the time": {`type t struct{}; func (t) NAP(int) {}; var time t; func f() { time.NAP(1) }`, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x; "+strings.ReplaceAll(c.source, "NAP", "Sleep"), parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(sleeps(f)); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// sleeps are the places where a file names time.Sleep.
func sleeps(f *ast.File) []token.Pos {
	clock := ""
	for _, i := range f.Imports {
		if path, err := strconv.Unquote(i.Path.Value); err == nil && path == "time" {
			clock = "time"
			if i.Name != nil {
				clock = i.Name.Name
			}
		}
	}
	var found []token.Pos
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Sleep" {
			if x, ok := s.X.(*ast.Ident); ok && clock != "" && x.Name == clock {
				found = append(found, s.Pos())
			}
		}
		return true
	})
	return found
}

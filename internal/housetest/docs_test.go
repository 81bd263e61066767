package housetest_test

import (
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const most = 3 // paragraphs of a package's doc

// Every package says in doc.go, and there only, what it answers for, what it
// leaves to others and how it behaves when its outside fails.
func TestEveryPackageHasADoc(t *testing.T) {
	t.Parallel()
	for _, p := range allPackages(t) {
		if !slices.Contains(p.files(), "doc.go") {
			t.Errorf("%s has no doc.go", p.folder())
			continue
		}
		for _, name := range p.files() {
			if strings.HasSuffix(name, ".gen.go") {
				continue // the generator writes what it likes
			}
			text := packageDoc(t, filepath.Join(p.Dir, name))
			if name == "doc.go" {
				for _, fault := range docFaults(p.Name, text) {
					t.Errorf("%s/doc.go: %s", p.folder(), fault)
				}
			} else if text != "" {
				t.Errorf("%s/%s: the package's doc stands in doc.go", p.folder(), name)
			}
		}
	}
}

func TestDocFaults(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		name, text string
		want       int
	}{
		"one paragraph":         {"store", "Package store keeps.\n", 0},
		"three and some code":   {"store", "Package store keeps.\n\nIt\n\n\tcode\n\nalso.\n", 0},
		"a command":             {"main", "Coach-manager is the service.\n", 0},
		"none":                  {"store", "", 1},
		"four":                  {"store", "Package store keeps.\n\nIt.\n\nIt.\n\nIt.\n", 1},
		"it is not introduced":  {"store", "The store keeps.\n", 1},
		"it has another's name": {"store", "Package storage keeps.\n", 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := docFaults(c.name, c.text); len(got) != c.want {
				t.Errorf("got %q, want %d faults", got, c.want)
			}
		})
	}
}

// docFaults are the faults of a package's doc.
func docFaults(name, text string) []string {
	if strings.TrimSpace(text) == "" {
		return []string{"it has no package doc"}
	}
	var faults []string
	if name != "main" && !strings.HasPrefix(text, "Package "+name+" ") {
		faults = append(faults, "it does not begin with \"Package "+name+" \"")
	}
	paragraphs := 0
	for _, block := range new(comment.Parser).Parse(text).Content {
		if _, ok := block.(*comment.Paragraph); ok {
			paragraphs++
		}
	}
	if paragraphs == 0 || paragraphs > most {
		faults = append(faults, "a package's doc has one to three paragraphs")
	}
	return faults
}

func packageDoc(t *testing.T, file string) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f.Doc.Text()
}

package housetest_test

import (
	"path"
	"strings"
	"testing"
)

// vague are package names that answer for nothing, and so come to hold anything.
var vague = []string{"model", "util", "common", "service", "repository", "repositories", "helper"}

func TestPackageNamesSayWhatTheyAnswerFor(t *testing.T) {
	t.Parallel()
	for _, p := range allPackages(t) {
		for _, name := range []string{p.Name, path.Base(p.ImportPath)} {
			for _, word := range vague {
				if name == word || name == word+"s" {
					t.Errorf("%s: a package called %s says nothing", p.folder(), name)
				}
			}
		}
		if strings.ContainsAny(p.Name, "_") {
			t.Errorf("%s: the name %s has an underscore", p.folder(), p.Name)
		}
	}
}

package housetest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// SQLite is translated from C against one exact modernc.org/libc; with another
// it may compile and then corrupt or crash. Any module that asks for a newer
// libc moves it, so the two are compared as they were resolved.
func TestSQLiteHasItsOwnLibc(t *testing.T) {
	t.Parallel()
	out, err := goCommand(t.Context(), root(), "list", "-m", "-f", "{{.Version}} {{.GoMod}}", "modernc.org/libc", "modernc.org/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	got, _, _ := strings.Cut(lines[0], " ")
	_, gomod, _ := strings.Cut(lines[1], " ")
	text, err := os.ReadFile(gomod)
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?m)^\s*(?:require\s+)?modernc\.org/libc\s+(v\S+)`).FindSubmatch(text)
	if want == nil {
		t.Fatalf("%s asks for no modernc.org/libc", gomod)
	}
	if got != string(want[1]) {
		t.Errorf("modernc.org/libc: got %s, want %s, which modernc.org/sqlite's go.mod asks for", got, want[1])
	}
}

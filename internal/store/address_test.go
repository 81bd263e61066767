package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOpenRefusesInWords(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	folder := t.TempDir()
	cases := map[string]struct{ url, want string }{
		"nothing":          {"", "the database address is empty"},
		"another database": {"mysql://u:" + secret + "@h/db", "use sqlite:PATH or postgres://"},
		"memory":           {":memory:", "name a file"},
		"no such folder":   {"sqlite:" + folder + "/none/coach.db", "does not exist"},
		"a folder":         {folder, "is a folder"},
		"NUL":              {"sqlite:a\x00b", "NUL"},
		"no URL":           {"postgres:user=u password=" + secret, "write it as postgres://"},
		"a broken escape":  {"postgres://u:" + secret + "%zz@h/db", "write it as postgres://"},
		"a bad port":       {"postgres://u:" + secret + "@h:port/db", "write it as postgres://"},
		"a bad setting":    {"postgres://u:" + secret + "@h/db?sslmode=" + "maybe", "sslmode"},
		"a hash":           {"postgres://u:" + secret + "#@h/db", "the database"},
		"nobody listens":   {"postgres://u:" + secret + "@127.0.0.1:1/db?sslmode=disable", "database unavailable"},
	}
	for name, c := range cases {
		s, err := Open(t.Context(), c.url, Options{Log: quiet, Patience: 2 * time.Second})
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the password is in %q", name, err)
		}
	}
}

func TestOpenTakesEveryWayToNameAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	odd := filepath.Join(folder, "my 100% real?db#1&x=y")
	for _, url := range []string{odd, "sqlite:" + odd, "sqlite://" + odd} {
		s := open(t, url)
		if done, err := s.ImportHistory(t.Context(), sampleHistory(1)); err != nil || done != (url == odd) {
			t.Errorf("%s: got %t, %v; all ways lead to one file", url, done, err)
		}
	}
	if files, _ := filepath.Glob(folder + "/my 100*"); len(files) < 1 || files[0] != odd {
		t.Errorf("files: %q, want %q first", files, odd)
	}
}

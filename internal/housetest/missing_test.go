package housetest_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest"
)

// verdict is a testing.TB that notes how it was ended, and ends its goroutine as
// a real one does.
type verdict struct {
	testing.TB
	word string
}

func (v *verdict) Helper() {}

func (v *verdict) Skip(args ...any) {
	v.word = "skip: " + fmt.Sprint(args...)
	runtime.Goexit()
}

func (v *verdict) Fatalf(format string, args ...any) {
	v.word = "fail: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestMissing(t *testing.T) {
	// Not parallel: it sets the environment.
	cases := map[string]struct{ ci, want string }{
		"skips at a desk": {"", "skip: no tea"},
		"fails in CI":     {"true", "fail: no tea (CI is set, so nothing may be missing)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CI", c.ci)
			v := &verdict{TB: t}
			over := make(chan struct{})
			go func() {
				defer close(over)
				housetest.Missing(v, "no tea")
			}()
			<-over
			if v.word != c.want {
				t.Errorf("got %q, want %q", v.word, c.want)
			}
		})
	}
}

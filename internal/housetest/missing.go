package housetest

import (
	"os"
	"testing"
)

// Missing ends a test that needs a part which this machine does not have: it
// skips it and says why. Where the environment's CI is not empty it fails it,
// since there every part has to be present.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s (CI is set, so nothing may be missing)", reason)
	}
	t.Skip(reason)
}

package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// build says which build this is.
type build struct {
	version  string // of the module; "(devel)" from a working copy
	revision string // "" where the build does not tell
	modified bool   // built from a working copy with changes
}

// stamped is the version where the linker was told one (-X main.stamped=v1.2.3),
// as the image's recipe does: there the source comes without its history.
var stamped string

func thisBuild() build {
	b := build{version: cmp.Or(stamped, "(devel)")}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.version = cmp.Or(stamped, info.Main.Version, b.version)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.revision = s.Value
		case "vcs.modified":
			b.modified = s.Value == "true"
		}
	}
	return b
}

// version writes which build this is.
func version(stdout io.Writer) error {
	b := thisBuild()
	revision := cmp.Or(b.revision, "unknown")
	if b.modified {
		revision += " with changes"
	}
	_, err := fmt.Fprintf(stdout, "coach-manager %s\nbuilt with %s for %s/%s\nrevision %s\n", b.version, runtime.Version(), runtime.GOOS, runtime.GOARCH, revision)
	return err
}

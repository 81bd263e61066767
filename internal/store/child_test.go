package store

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

const (
	childRole = "COACH_STORE_CHILD" // in a child's environment: what it does
	childURL  = "COACH_STORE_URL"   // and on which database
)

// beChild is the main function of this test binary's children.
func beChild() int {
	ctx := context.Background() // a program's own
	s, err := Open(ctx, os.Getenv(childURL), Options{Log: quiet})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	switch os.Getenv(childRole) {
	case "serve":
		_, err := s.Claim(ctx)
		fmt.Println("claimed:", err)
		_, _ = io.Copy(io.Discard, os.Stdin) // until killed
	case "audit":
		fmt.Println(appendWithoutEnd(ctx, s))
		return 1
	case "write":
		for {
			commit, err := countUp(ctx, s)
			if err != nil {
				fmt.Println(err)
				return 1
			}
			fmt.Println(commit.Revision.Number)
		}
	case "erase":
		erasure := Erasure{Number: coaching.NewPhoneNumber(erasedNumber)}
		_, err := s.EraseNumbers(ctx, erasure, func(e Erased) { fmt.Println(e.Calls) })
		fmt.Println(err)
	}
	return 0
}

// child is this test binary, run once more.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
}

func startChild(t *testing.T, role, url string) *child {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role, childURL+"="+url)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: cmd, stdin: stdin, lines: bufio.NewScanner(stdout)}
	t.Cleanup(c.kill)
	return c
}

// line is the next line that the child prints.
func (c *child) line() string {
	c.t.Helper()
	if !c.lines.Scan() {
		c.t.Fatalf("the child said nothing: %v", c.lines.Err())
	}
	return c.lines.Text()
}

// kill is kill -9. It may be called again.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	for c.lines.Scan() {
		continue // to the last word
	}
	_ = c.cmd.Wait()
	_ = c.stdin.Close()
}

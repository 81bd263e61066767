package asterisk

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// examined is what Examine finds, a line each, within little time.
func examined(t *testing.T, address string, patience time.Duration) (lines []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	found := Examine(ctx, Config{Address: address, Username: "coach", Secret: asterisktest.CoachSecret, Variables: Variables{Campaign: "CAMPAIGN"}})
	for _, f := range found {
		mark := "FAULT "
		if f.Well {
			mark = "ok "
		}
		lines = append(lines, mark+f.Text+" | "+f.Add)
	}
	return lines
}

// wantLine wants one of the lines to hold all of these.
func wantLine(t *testing.T, lines []string, parts ...string) {
	t.Helper()
	if !slices.ContainsFunc(lines, func(line string) bool {
		return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) })
	}) {
		t.Errorf("got\n%s\nwant a line with %q", strings.Join(lines, "\n"), parts)
	}
}

// manager answers as an idle Asterisk would whose user may do all.
func manager(t *testing.T, otherwise map[string]amitest.Handler) *amitest.Server {
	t.Helper()
	handlers := map[string]amitest.Handler{
		"CoreStatus": func(c *amitest.Client, m ami.Message) {
			c.Success(m, "CoreStartupDate", "2026-03-02", "CoreStartupTime", "09:00:00")
		},
		"ListCommands": func(c *amitest.Client, m ami.Message) {
			c.Success(m, "CoreShowChannels", "-", "Hangup", "-", "Setvar", "-")
		},
		"CoreShowChannels": func(c *amitest.Client, m ami.Message) { c.List(m, "CoreShowChannelsComplete") },
		"DeviceStateList":  func(c *amitest.Client, m ami.Message) { c.List(m, "DeviceStateListComplete") },
		"QueueStatus":      func(c *amitest.Client, m ami.Message) { c.List(m, "QueueStatusComplete") },
	}
	for action, h := range otherwise {
		handlers[action] = h
	}
	return amitest.New(t, amitest.Options{Handlers: handlers})
}

// An Asterisk that hangs, ends or answers nonsense in the midst of it is said to, and
// takes no longer than it may.
func TestExamineOfWhatDoesNotGoOn(t *testing.T) {
	t.Parallel()
	hangs := func(*amitest.Client, ami.Message) {}
	for _, action := range []string{"Login", "Ping", "CoreStatus", "ListCommands", "CoreShowChannels", "QueueStatus", "DeviceStateList", "Agents"} {
		t.Run(action+" hangs", func(t *testing.T) {
			t.Parallel()
			lines := examined(t, manager(t, map[string]amitest.Handler{action: hangs}).Addr(), 300*time.Millisecond)
			wantLine(t, lines[len(lines)-1:], "FAULT ", action, "no answer")
		})
		if action == "Login" {
			continue
		}
		t.Run(action+" ends it", func(t *testing.T) {
			t.Parallel()
			ends := func(c *amitest.Client, _ ami.Message) { c.Cut() }
			lines := examined(t, manager(t, map[string]amitest.Handler{action: ends}).Addr(), 10*time.Second)
			wantLine(t, lines[len(lines)-1:], "FAULT it ended the connection", "hung up")
		})
	}
	t.Run("it stops", func(t *testing.T) {
		t.Parallel()
		stops := func(c *amitest.Client, m ami.Message) {
			c.List(m, "DeviceStateListComplete")
			c.Event("Shutdown", "Shutdown", "Cleanly")
		}
		lines := examined(t, manager(t, map[string]amitest.Handler{"DeviceStateList": stops}).Addr(), 10*time.Second)
		wantLine(t, lines[len(lines)-1:], "FAULT it ended the connection", "stopping")
	})
	t.Run("time is up", func(t *testing.T) {
		t.Parallel()
		lines := examined(t, manager(t, nil).Addr(), 500*time.Millisecond)
		wantLine(t, lines[len(lines)-1:], "FAULT it was not looked at to the end")
	})
}

// What is wrong with a list is said, but for what examineRights has said and for what
// an Asterisk need not have.
func TestExamineOfListsThatFail(t *testing.T) {
	t.Parallel()
	answers := func(text string) amitest.Handler {
		return func(c *amitest.Client, m ami.Message) { c.Error(m, text) }
	}
	lines := examined(t, manager(t, map[string]amitest.Handler{
		"CoreShowChannels": func(c *amitest.Client, m ami.Message) { c.Success(m) },
		"DeviceStateList":  answers("Permission denied"),
		"QueueStatus":      answers("Invalid/unknown command: QueueStatus."),
		"Agents":           answers("Permission denied"),
	}).Addr(), 20*time.Second)
	wantLine(t, lines, "FAULT CoreShowChannels: incomplete list")
	wantLine(t, lines, "FAULT the states of devices cannot be listed", "[coach] write = call,reporting")
	if faults := strings.Count(strings.Join(lines, "\n"), "FAULT"); faults != 2 {
		t.Errorf("got %d faults:\n%s", faults, strings.Join(lines, "\n"))
	}
}

// An Asterisk that boots is told from a user who may not be told that it has: neither
// the watch nor Examine holds it against him.
func TestRealAsteriskThatBoots(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	hold, script := filepath.Join(folder, "hold"), filepath.Join(folder, "wait")
	if err := os.WriteFile(script, []byte("while [ -e "+hold+" ]; do sleep 0.1; done\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	conf := asterisktest.ContactCentre()
	conf["asterisk.options"] = "execincludes = yes\n"
	conf["extensions.conf"] = "#exec \"sh " + script + "\"\n" + conf["extensions.conf"]
	a := asterisktest.Start(t, conf)
	if !a.Restarts() {
		housetest.Missing(t, "this Asterisk cannot start itself again")
	}
	if err := os.WriteFile(hold, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a.CLI("core restart now")
	var said strings.Builder
	d := New(Config{Address: a.AMI, Username: asterisktest.CoachUser, Secret: asterisktest.CoachSecret, Variables: testVariables, Log: slog.New(slog.NewTextHandler(&said, nil))})
	housetest.WaitFor(t, "the one that boots to let us in", func() bool {
		conn, err := ami.Dial(t.Context(), d.cfg.manager())
		if err != nil {
			return false
		}
		defer conn.Close()
		return !conn.Booted()
	})
	w := watched(t, d)
	w.snapshot()
	lines := examined(t, a.AMI, 30*time.Second)
	wantLine(t, lines, "ok it has not said that it has booted: it may be about to")
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	next(w, "another list", func(coaching.SnapshotBegun) bool { return true })
	wantLine(t, examined(t, a.AMI, 30*time.Second), "ok it says when it starts and stops")
	w.stop()
	if strings.Contains(said.String(), "booted") {
		t.Errorf("it says of one that boots: %s", said.String())
	}
}

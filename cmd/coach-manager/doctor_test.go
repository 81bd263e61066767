package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// The doctor of a real Asterisk: all is well with the user that the README shows,
// and what others lack is named with the line to add.
func TestDoctor(t *testing.T) {
	t.Parallel()
	conf := asterisktest.ContactCentre()
	conf["manager.conf"] += "\n[watcher]\nsecret = hunter2\nread = call\nwrite = reporting\n"
	pbx := asterisktest.Start(t, conf)
	database := "sqlite:" + filepath.Join(t.TempDir(), "coach.db")
	cases := map[string]struct {
		user, secret string
		code         int
		says         []string
	}{
		"all is well": {asterisktest.CoachUser, asterisktest.CoachSecret, 0, []string{
			"ok    " + database + ": is not there yet", "ok    pbx: logged in as coach", "sessions can be ended", "can be marked", "no channel is up",
		}},
		"a user who may only watch": {"watcher", "hunter2", 1, []string{
			"FAULT pbx: sessions are watched and cannot be ended", "FAULT pbx: supervisors' channels cannot be marked",
			"add to manager.conf: [watcher] write = call,reporting", "it has not said that it has booted", "[watcher] read = call,dialplan,", // whether or not a minute has passed

			"nothing of call,dialplan,agent,dtmf happened",
		}},
		"a wrong secret": {asterisktest.CoachUser, "hunter3", 1, []string{"FAULT pbx: ", "refused the login", "[coach] secret ="}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, logs := runOnce(t, []string{"COACH_DIALER_PBX_SECRET=" + c.secret}, "doctor",
				"--database", database, "--dialer", "pbx=asterisk://"+c.user+"@"+pbx.AMI, "--dialer", "sim=simulator://")
			if code != c.code || strings.Contains(out+logs, "hunter") {
				t.Errorf("got exit code %d, %s and %s", code, out, logs)
			}
			for _, want := range append(c.says, "ok    sim: is a simulator") {
				if !strings.Contains(out, want) {
					t.Errorf("got\n%swant %q in it", out, want)
				}
			}
		})
	}
}

func TestDoctorOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	migrated(t, filepath.Join(folder, "newer.db"), "INSERT INTO schema_versions (version_id, is_applied) VALUES (999999, 1); UPDATE compatibility SET oldest = 999999")
	code, out, _ := runOnce(t, []string{"COACH_DIALER_PBX_SECRET=hunter2"}, "doctor",
		"--database", "sqlite:"+filepath.Join(folder, "newer.db"), "--dialer", "pbx=asterisk://coach@127.0.0.1:1")
	for _, want := range []string{"FAULT database: ", "newer Coach Manager", "FAULT pbx: dial manager", "[general] enabled = yes"} {
		if !strings.Contains(out, want) {
			t.Errorf("got\n%swant %q in it", out, want)
		}
	}
	if code != 1 {
		t.Errorf("got exit code %d", code)
	}
}

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

// A ChanSpy runs on a real Asterisk while the process that watches is killed: the
// other shows the same session, and a DELETE through it ends the ChanSpy and leaves
// the customer's call alone.
func TestARealAsteriskAndTwoProcesses(t *testing.T) {
	t.Parallel()
	centre := newRealCentre(t)
	waitFor(t, "the agent to talk", func() bool { return strings.Count(centre.channels(), "Local/a1@phone") >= 2 })
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(asterisktest.CoachSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	dialer := "pbx=asterisk://" + asterisktest.CoachUser + "@" + centre.pbx.AMI + "?secret-file=" + secret
	c := newCluster(t, postgrestest.Database(t), asProgram+"=1", shortLease, dialer, "one", "two")
	programs := c.serve()
	one, two := programs[0], programs[1]

	centre.originate("s1@phone", "coach")
	before := one.listener(t)
	wantHeard(t, before, before.Sessions[0], "coach")
	c.members[0].kill()
	waitFor(t, "two to watch", func() bool { return watches(two, "two") })
	after := two.listener(t)
	if after.Sessions[0].ID != before.Sessions[0].ID || after.Sessions[0].State != "active" || after.Sessions[0].Type != "coach" {
		t.Errorf("the session is %+v now, it was %+v", after, before)
	}
	one = c.members[0].serve()
	waitFor(t, "one to see that two watches", func() bool { return watches(one, "two") })
	// Through one: two carries it out.
	status, body := one.ask(http.MethodDelete, "/api/v1/coaching-sessions/"+before.Sessions[0].ID)
	if status != http.StatusOK {
		t.Errorf("DELETE: got %d %s", status, body)
	}
	centre.onlyTheSupervisorWent()
	for _, by := range []*program{one, two} {
		waitFor(t, "the end to be shown", func() bool { return len(liveList(by)) == 0 })
		if got := shown(by, before.Sessions[0].ID); got.EndReason != "disconnected" || len(got.Requests) != 1 || got.Requests[0].Outcome != "confirmed" {
			t.Errorf("the session ended as %+v", got)
		}
	}
}

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// withUser adds a manager user with some rights to a contact centre.
func withUser(rights string) map[string]string {
	conf := asterisktest.ContactCentre()
	conf["manager.conf"] += "\n[other]\nsecret = other-secret\n" + rights
	return conf
}

// A wrong password is said, in a line for each of few tries; once it is the right one
// the Asterisk is watched.
func TestRealAsteriskWrongPassword(t *testing.T) {
	t.Parallel()
	p := rehearse(t, withUser("read = call,dialplan,agent,dtmf,system\nwrite = call,reporting\n"))
	p.serve("other@"+p.pbx.AMI, "a-new-secret")
	const refused = "dialer not watched"
	waitFor(t, "three tries", func() bool { return strings.Count(p.logs(), refused) >= 3 })
	p.isConnected(false)
	p.readyIs(http.StatusServiceUnavailable)
	said := p.logs()
	for line := range strings.Lines(said) {
		if strings.Contains(line, refused) && (!strings.Contains(line, "Authentication failed") || !strings.Contains(line, "retry_in=") || !strings.Contains(line, "dialer=pbx")) {
			t.Errorf("it does not say what is wrong: %s", line)
		}
	}
	if strings.Contains(said, "a-new-secret") {
		t.Error("the log holds the password")
	}
	console, err := os.ReadFile(filepath.Join(p.pbx.Dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if tries := strings.Count(string(console), "failed to authenticate"); tries > strings.Count(p.logs(), refused)+1 {
		t.Errorf("Asterisk refused %d tries, said were %d", tries, strings.Count(p.logs(), refused))
	}
	if got := get[page[listener]](p.program, "/coaching-users").Items; len(got) != 0 {
		t.Errorf("the live list has %+v", got)
	}

	conf := filepath.Join(p.pbx.Dir, "c", "manager.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, []byte(strings.Replace(string(text), "other-secret", "a-new-secret", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.pbx.CLI("manager reload")
	p.isConnected(true)
	p.readyIs(http.StatusOK)
	p.shows(p.listens("s1", "barge", "a1"), inTheCall("barge"))
}

// A user with write = reporting alone watches and ends nothing, and says so.
func TestRealAsteriskUserWhoMayOnlyWatch(t *testing.T) {
	t.Parallel()
	p := rehearse(t, withUser("read = call,dialplan,agent,dtmf,system\nwrite = reporting\n"))
	p.serve("other@"+p.pbx.AMI, "other-secret")
	p.isConnected(true)
	id := p.listens("s1", "coach", "a1")
	want := inTheCall("coach")
	p.shows(id, want)
	p.wantAnswer("502 dialer_refused active", id, "", "")
	want.Asked = []string{"refused"}
	p.shows(id, want)
	p.talkOn("5551234", "a1")
	for _, want := range []string{"sessions are watched and cannot be ended", "supervisors' channels cannot be marked"} {
		if strings.Count(p.logs(), want) != 1 {
			t.Errorf("%q is not said once", want)
		}
	}
	p.hangsUp(p.far("s1@phone"))
	p.shows(id, want.ended("supervisor_left"))
}

// A user who may not read the dialplan is told of no type: it is unknown, and such a
// session is ended as any.
func TestRealAsteriskTypeThatIsNotTold(t *testing.T) {
	t.Parallel()
	p := rehearse(t, withUser("read = call,agent,dtmf,system\nwrite = call,reporting\n"))
	p.serve("other@"+p.pbx.AMI, "other-secret")
	p.isConnected(true)
	id := p.listens("s1", "barge", "a1")
	want := inTheCall("unknown")
	p.shows(id, want)
	p.wantAnswer("200 ended", id, "", "")
	p.onlyTheSupervisorWent()
	p.shows(id, want.ended("disconnected").by("local", "confirmed"))
}

// A user who may list nothing cannot watch, and says what is refused.
func TestRealAsteriskUserWhoMayNotList(t *testing.T) {
	t.Parallel()
	p := rehearse(t, withUser("read = call,dialplan,agent,dtmf,system\nwrite = agent\n"))
	p.serve("other@"+p.pbx.AMI, "other-secret")
	waitFor(t, "two tries", func() bool { return strings.Count(p.logs(), "dialer not watched") >= 2 })
	p.isConnected(false)
	p.readyIs(http.StatusServiceUnavailable)
	if !strings.Contains(p.logs(), "CoreShowChannels") || !strings.Contains(p.logs(), "Permission denied") {
		t.Errorf("it does not say what is refused:\n%s", p.logs())
	}
	p.talkOn("5551234", "a1")
}

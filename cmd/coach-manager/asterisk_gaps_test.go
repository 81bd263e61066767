package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// lackers are manager users who each lack one thing, and what is said of it: the log
// of a watch and the doctor have the same words.
var lackers = map[string]struct{ read, write, says, add string }{
	"nothing":   {"call,dialplan,agent,dtmf,system", "call,reporting", "", ""},
	"calls":     {"dialplan,agent,dtmf,system", "call,reporting", "nothing of class call is told (read): calls and sessions show with the next list only, some never", "read = call,"},
	"dialplan":  {"call,agent,dtmf,system", "call,reporting", "nothing of class dialplan is told (read): the type of a session is unknown", "read = call,"},
	"agents":    {"call,dialplan,dtmf,system", "call,reporting", "nothing of class agent is told (read): what queues say", "read = call,"},
	"system":    {"call,dialplan,agent,dtmf", "call,reporting", "it has not said that it has booted (read = system), though calls are up", "read = call,"},
	"callwrite": {"call,dialplan,agent,dtmf,system", "system,reporting", "supervisors' channels cannot be marked (write = call)", "write = call,reporting"},
}

const filters = `eventfilter(action(exclude),name(VarSet),header(Variable),method(regex)) = ^([^CLRD_]|DIAL)
eventfilter(action(exclude),name(LocalBridge)) =
eventfilter(action(exclude),name(BridgeCreate)) =
eventfilter(action(exclude),name(BridgeDestroy)) =
`

// lacking is a contact centre with these users, and with a queue. All have the filter
// that the README recommends.
func lacking() map[string]string {
	conf := asterisktest.ContactCentre()
	for name, l := range lackers {
		conf["manager.conf"] += fmt.Sprintf("\n[%s]\nsecret = other-secret\nread = %s\nwrite = %s\n%s", name, l.read, l.write, filters)
	}
	conf["queues.conf"] = "[sales]\nmember => Local/a9@phone/n,0,Agent Nine\n"
	conf["extensions.conf"] += "\n[brief]\nexten => _X.,1,Answer()\n same => n,Wait(1)\n same => n,Hangup()\n"
	return conf
}

// goOn has calls come and go, and an agent pause, until the test is over.
func (p *play) goOn() {
	p.t.Helper()
	every := time.NewTicker(300 * time.Millisecond)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			select {
			case <-p.t.Context().Done():
				return
			case <-every.C:
			}
			for _, a := range []ami.Action{
				ami.NewAction("Originate").With("Channel", "Local/555"+strconv.Itoa(1000+n)+"@brief/n").With("Application", "Wait").With("Data", "1").With("Async", "true"),
				ami.NewAction("QueuePause").With("Interface", "Local/a9@phone/n").With("Paused", strconv.Itoa(n%2)),
			} {
				_, _ = p.hands.Do(p.t.Context(), a) // it ends with the test
			}
		}
	}()
	p.t.Cleanup(func() { every.Stop(); <-ended })
}

// A watch says what its user lacks, in a line each, and nothing else.
func TestRealAsteriskUsersWhoLackSomething(t *testing.T) {
	t.Parallel()
	p := rehearse(t, lacking())
	args := []string{"serve", "--database", "sqlite:" + filepath.Join(t.TempDir(), "coach.db")}
	var environ []string
	for name := range lackers {
		args = append(args, "--dialer", name+"=asterisk://"+name+"@"+p.pbx.AMI)
		environ = append(environ, "COACH_DIALER_"+strings.ToUpper(name)+"_SECRET=other-secret")
	}
	p.program = start(t, environ, args...)
	p.goOn()
	for name, l := range lackers {
		waitFor(t, "what "+name+" lacks to be said: "+l.says, func() bool {
			return l.says == "" || slices.ContainsFunc(p.warnings(name), func(line string) bool {
				return strings.Contains(line, l.says) && strings.Contains(line, `add="[`+name+"] "+l.add)
			})
		})
	}
	p.stop()
	for name, l := range lackers {
		want := 1
		if l.says == "" {
			want = 0
		}
		if got := p.warnings(name); len(got) != want {
			t.Errorf("%s: got %d lines, want %d:\n%s", name, len(got), want, strings.Join(got, ""))
		}
	}
}

// warnings are the lines that say what a dialer's Asterisk does not tell.
func (p *play) warnings(dialer string) (lines []string) {
	for line := range strings.Lines(p.logs()) {
		if strings.Contains(line, "level=WARN") && strings.Contains(line, "dialer="+dialer+" ") && strings.Contains(line, "add=") {
			lines = append(lines, line)
		}
	}
	return lines
}

// The doctor finds what each user lacks while calls come and go.
func TestDoctorOfUsersWhoLackSomething(t *testing.T) {
	t.Parallel()
	p := rehearse(t, lacking())
	p.goOn()
	t.Run("users", func(t *testing.T) { // which lasts as long as the calls have to
		for name, l := range lackers {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				code, out, _ := runOnce(t, []string{"COACH_DIALER_PBX_SECRET=other-secret"}, "doctor",
					"--database", "sqlite:"+filepath.Join(t.TempDir(), "coach.db"), "--dialer", "pbx=asterisk://"+name+"@"+p.pbx.AMI)
				faults := 0
				if l.says != "" {
					faults = 1
				}
				if strings.Count(out, "FAULT") != faults || code != faults {
					t.Errorf("got exit code %d, want %d and as many faults:\n%s", code, faults, out)
				}
				if l.says != "" && (!strings.Contains(out, "FAULT pbx: "+l.says) || !strings.Contains(out, "add to manager.conf: ["+name+"] "+l.add)) {
					t.Errorf("got\n%swant %q in it, and to add %q", out, l.says, l.add)
				}
			})
		}
	})
}

// What [general] lacks is said too, by both.
func TestRealAsteriskWithoutTimesAndVariables(t *testing.T) {
	t.Parallel()
	conf := lacking()
	conf["manager.conf"] = strings.NewReplacer("timestampevents = yes\n", "", "channelvars = CAMPAIGN,LIST,RESULT_CODE,DIRECTION", "channelvars = LIST").Replace(conf["manager.conf"])
	p := rehearse(t, conf)
	p.serve("nothing@"+p.pbx.AMI, "other-secret")
	p.goOn()
	_, out, _ := runOnce(t, []string{"COACH_DIALER_PBX_SECRET=other-secret"}, "doctor",
		"--database", "sqlite:"+filepath.Join(t.TempDir(), "coach.db"), "--dialer", "pbx=asterisk://nothing@"+p.pbx.AMI)
	for text, add := range map[string]string{
		"events carry no time (timestampevents)": "[general] timestampevents = yes",
		"channel variables do not come (channelvars), and what they say is unknown but where an event sets them: CAMPAIGN,RESULT_CODE,DIRECTION": "[general] channelvars = CAMPAIGN,LIST,RESULT_CODE,DIRECTION",
	} {
		if !strings.Contains(out, "FAULT pbx: "+text) || !strings.Contains(out, "add to manager.conf: "+add) {
			t.Errorf("the doctor says\n%swant %q", out, text)
		}
		waitFor(t, "it to say: "+text, func() bool { return strings.Contains(p.logs(), text) && strings.Contains(p.logs(), add) })
	}
}

package main

import (
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// Names in whatever script come as they are.
func TestRealAsteriskNamesInUTF8(t *testing.T) {
	t.Parallel()
	conf := asterisktest.ContactCentre()
	conf["queues.conf"] = "[sales]\nmember => Local/a1@phone/n,0,Zoë Łukasz 王小明\nmember => Local/s1@phone/n,0,Жанна d’Arc\n"
	conf["extensions.conf"] += `
[world]
exten => _a.,1,Set(__CAMPAIGN=Frühling ☀ 春)
 same => n,Set(__LIST=Ключи № 7)
 same => n,Set(__RESULT_CODE=✓ gewählt)
 same => n,Set(__DIRECTION=inbound)
 same => n,Set(CALLERID(all)="Ægir" <5550001>)
 same => n,Dial(Local/${EXTEN}@phone/n)
`
	p := rehearse(t, conf)
	p.serve(asterisktest.CoachUser+"@"+p.pbx.AMI, asterisktest.CoachSecret)
	p.isConnected(true)
	p.hangsUp(p.near("5551234@customer"))
	waitFor(t, "the call before to end", func() bool { return p.near("a1@phone") == "" })
	p.dials("5550001@customer", "world", "a1")
	p.talk("5550001", "a1")
	p.dials("s1@phone", "coach", "a1")
	id := p.sessionOf("Жанна d’Arc")
	want := inTheCall("coach")
	want.User, want.Target, want.Campaign = "Жанна d’Arc, coaching", "Zoë Łukasz 王小明, on_call", "Frühling ☀ 春"
	want.Current = []string{"5550001, inbound, talking, Frühling ☀ 春, Ключи № 7, ✓ gewählt"}
	want.Calls = want.Current
	p.shows(id, want)
	p.wantAnswer("200 ended", id, "", "")
	p.talkOn("5550001", "a1")
	over := want.ended("disconnected").by("local", "confirmed")
	over.User = "Жанна d’Arc, available"
	p.shows(id, over)
}

// Values that mean harm are shown cleaned and cut, and break nothing: events that are
// forged in them, markup, bytes that are no text, and names that are patterns.
func TestRealAsteriskHostileValues(t *testing.T) {
	t.Parallel()
	conf := asterisktest.ContactCentre()
	long := strings.Repeat("x", 800)
	conf["queues.conf"] = "[sales]\nmember => Local/a1@phone/n,0,<script>alert('a1')</script>\n"
	conf["extensions.conf"] += `
[globals]
LONG=` + long + `
[harm]
exten => _a.,1,Set(forged=${URIDECODE(%0D%0A%0D%0AEvent: Hangup%0D%0APrivilege: call%2Call%0D%0AUniqueid: 1%0D%0A%0D%0A)})
 same => n,Set(bare=${URIDECODE(%0D%0A%0D%0AEvent: Hangup%0D%0AUniqueid: 1%0D%0A%0D%0A)})
 same => n,Set(__CAMPAIGN=<script>alert("1")</script>${forged})
 same => n,Set(__LIST=${URIDECODE(%FF%FE%07%1B%5B31m)}"\; DROP TABLE sessions --)
 same => n,Set(__RESULT_CODE=${LONG}${LONG}${LONG}${LONG}${LONG}${LONG}${LONG}${LONG})
 same => n,Set(__DIRECTION=${forged})
 same => n,Set(CALLERID(name)=${URIDECODE(%22O'Hara%22 <b>%0D%0AEvent: Shutdown%0D%0A)})
 same => n,Set(CALLERID(num)=/.*/)
 same => n,Dial(Local/${EXTEN}@phone/n)
; a supervisor's phone whose name is a pattern that every channel matches
[pattern]
exten => .*,1,Answer()
 same => n,Milliwatt()
`
	p := rehearse(t, conf)
	p.serve(asterisktest.CoachUser+"@"+p.pbx.AMI, asterisktest.CoachSecret)
	p.isConnected(true)
	p.call("5555678", "a2")
	p.hangsUp(p.near("5551234@customer"))
	waitFor(t, "the call before to end", func() bool { return p.near("a1@phone") == "" })
	p.dials("5550001@customer", "harm", "a1")
	p.talk("5550001", "a1")
	p.dials(".*@pattern", "coach", "a1")
	id := p.sessionOf("Local/.*@pattern")
	want := inTheCall("coach")
	const campaign, list = `<script>alert("1")</script>Event: HangupPrivilege: call,allUniqueid: 1`, "\uFFFD[31m" + `"; DROP TABLE sessions --`
	want.User, want.Target, want.Campaign = "Local/.*@pattern, coaching", "<script>alert('a1')</script>, on_call", campaign
	want.Current = []string{"/.*/, inbound, talking, " + campaign + ", " + list + ", " + long[:200]}
	want.Calls = want.Current
	p.shows(id, want)
	p.wantAnswer("400 invalid_request", id, "", "?reason=enough%0D%0AAction:+Logoff")
	p.wantAnswer("404 session_not_found", "01950000-0000-7000-8000-00000000232a", "", "")
	p.wantAnswer("200 ended", id, "", "?reason=%3Cscript%3E")
	p.talkOn("5550001", "a1")
	p.talkOn("5555678", "a2")
	over := want.ended("disconnected").by("local", "confirmed")
	over.User = "Local/.*@pattern, available"
	p.shows(id, over)
	p.stop()
	if !strings.Contains(p.logs(), "events were forged") {
		t.Error("that events were forged is not said")
	}
}

package asterisk

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// What a phone does once a call is up, written as sipp has it.
const (
	silent = ""
	hums   = `<nop><action><exec rtp_stream="hum.ulaw,-1,0"/></action></nop>`
)

// presses is a phone that presses keys by SIP INFO, over and over.
func presses(keys string) string {
	var b strings.Builder
	b.WriteString(`<label id="1"/>`)
	for _, key := range keys {
		fmt.Fprintf(&b, `<pause milliseconds="700"/>
<send retrans="500"><![CDATA[
  INFO sip:[$address] SIP/2.0
  Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
  From:[$called];tag=[pid]phone[call_number]
  To:[$caller]
  [last_Call-ID:]
  CSeq: [cseq] INFO
  Max-Forwards: 70
  Content-Type: application/dtmf-relay
  Content-Length: [len]

  Signal=%c
  Duration=160
]]></send>
<recv response="200"/>`, key)
	}
	b.WriteString(`<nop next="1"/>`)
	return b.String()
}

// freeUDP is a port of the loopback that is free now.
func freeUDP(t *testing.T) int {
	t.Helper()
	c, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// phones answer every SIP call, and then do something, until the test ends.
func phones(t *testing.T, then string) (port int) {
	t.Helper()
	program, err := exec.LookPath("sipp")
	if err != nil {
		housetest.Missing(t, "no SIP phones here: install sip-tester")
	}
	scenario, err := os.ReadFile("testdata/phone.xml")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	second := bytes.Repeat([]byte{0x9e, 0x0b, 0x80, 0x0b, 0x9e, 0x1e, 0x0b, 0x1e}, 1000) // 1000 Hz
	for name, content := range map[string][]byte{
		"phone.xml": bytes.Replace(scenario, []byte("<!-- once the call is up -->"), []byte(then), 1), "hum.ulaw": second,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port = freeUDP(t)
	errs := filepath.Join(folder, "errors")
	ctx, cancel := context.WithCancel(context.Background()) // the test's own is over before its clean-ups
	cmd := exec.CommandContext(ctx, program, "-sf", "phone.xml", "-i", "127.0.0.1", "-p", fmt.Sprint(port), "-nostdin", "-trace_err", "-error_file", errs)
	cmd.Dir = folder
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if text, _ := os.ReadFile(errs); t.Failed() && len(text) > 0 {
			t.Logf("sipp said:\n%s", text)
		}
	})
	return port
}

// sipFloor is a real Asterisk where everybody has a SIP phone. A call that nobody is
// heard on holds a ChanSpy, so the customer is best one who hums.
type sipFloor struct{ *floor }

// newSIPFloor is one where phones do something once they have answered, and agent1
// talks to a customer.
func newSIPFloor(t *testing.T, customer, supervisor string) sipFloor {
	t.Helper()
	at := phones(t, silent)
	conf := asterisktest.ContactCentre()
	conf["rtp.conf"] = "[general]\nstrictrtp = no\n" // keys are pressed from another port
	conf["pjsip.conf"] = fmt.Sprintf("[udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:%d\n", freeUDP(t))
	for name, at := range map[string]int{"agent1": at, "agent2": at, "sup1": phones(t, supervisor), "customer": phones(t, customer)} {
		conf["pjsip.conf"] += fmt.Sprintf("[%[1]s]\ntype = aor\ncontact = sip:%[1]s@127.0.0.1:%[2]d\n"+
			"[%[1]s]\ntype = endpoint\naors = %[1]s\ncontext = phone\ndisallow = all\nallow = ulaw\ndirect_media = no\ncallerid = The %[1]s <%[1]s>\n", name, at)
	}
	conf["extensions.conf"] += `
[sip]
exten => _a.,1,Set(__CAMPAIGN=Spring Sale)
 same => n,Set(__DIRECTION=inbound)
 same => n,Dial(PJSIP/${EXTEN})
exten => _q.,1,ChanSpy(PJSIP/agent1-,${EXTEN})
exten => either,1,ChanSpy(PJSIP/agent,qbE)
`
	f := sipFloor{&floor{t: t, asterisk: asterisktest.Start(t, conf)}}
	f.connect()
	f.dialer = New(Config{Address: f.asterisk.AMI, Username: asterisktest.CoachUser, Secret: asterisktest.CoachSecret, Variables: testVariables})
	f.watch = watched(t, f.dialer)
	f.watch.snapshot()
	f.calls("agent1")
	return f
}

// calls has a customer talk to an agent.
func (f sipFloor) calls(agent string) {
	f.t.Helper()
	f.do("Originate", "Channel", "PJSIP/customer", "Context", "sip", "Exten", agent, "Priority", "1", "Async", "true")
	housetest.WaitFor(f.t, "the call", func() bool { return f.talks(agent) })
}

// listens has the supervisor run an extension.
func (f sipFloor) listens(how string) {
	f.t.Helper()
	f.do("Originate", "Channel", "PJSIP/sup1", "Context", "sip", "Exten", how, "Priority", "1", "Async", "true")
}

// up is the channel of a phone, or an empty message.
func (f sipFloor) up(phone string) (m struct{ id, bridge string }) {
	f.t.Helper()
	for _, c := range f.channels() {
		if strings.HasPrefix(c.Get("Channel"), "PJSIP/"+phone+"-") {
			m.id, m.bridge = c.Get("Uniqueid"), c.Get("BridgeId")
		}
	}
	return m
}

// talks asks whether a phone is in a bridge.
func (f sipFloor) talks(phone string) bool {
	f.t.Helper()
	return f.up(phone).bridge != ""
}

// The main types on SIP phones: each is a session of its type on the agent's device,
// and ends on request without harm to the call.
func TestSIPPhones(t *testing.T) {
	t.Parallel()
	f := newSIPFloor(t, hums, silent)
	for options, kind := range map[string]coaching.Type{"qbE": monitor, "qbwE": coaching.TypeCoach, "qbBE": barging} {
		f.listens(options)
		a := f.anySession(string(kind))
		if a.Type != kind || a.Supervisor != (coaching.Person{Extension: "PJSIP/sup1", Name: "The sup1"}) || a.Target == nil ||
			*a.Target != (coaching.Person{Extension: "PJSIP/agent1", Name: "The agent1"}) || a.TargetCampaign.Key != "Spring Sale" {
			t.Errorf("%s: %+v", kind, a)
		}
		f.disconnects(a)
	}
}

// disconnects ends a session on request, without harm to agent1's call.
func (f sipFloor) disconnects(a coaching.Attached) {
	f.t.Helper()
	if got := f.hangUp(a); got != coaching.Accepted {
		f.t.Errorf("%s: hang up: %s", a.Type, got)
	}
	if gone := f.watch.gone(a.Leg); gone.Reason != coaching.EndDisconnected {
		f.t.Errorf("%s: gone: %+v", a.Type, gone)
	}
	if !f.talks("agent1") {
		f.t.Fatalf("%s: the customer's call was harmed", a.Type)
	}
}

package siptest

import (
	"bytes"
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/child"
)

// Hum is the text message, as AMI's SendText brings it to a channel, by which a phone
// hums from then on. Any one key is one by which it presses that, once, by SIP INFO.
const Hum = "hum"

const stopLimit = 20 * time.Second

//go:embed phone.xml
var phone []byte

// AddPhones starts phones and adds them to the configuration of an Asterisk that is
// yet to start: each is PJSIP/NAME, its caller id The NAME <NAME>. It sends and wants
// no audio until it is told to hum, and a call that nobody is heard on holds a
// ChanSpy, so the customer is best one who hums.
func AddPhones(t testing.TB, conf map[string]string, names ...string) {
	t.Helper()
	at := start(t)
	conf["rtp.conf"] = "[general]\nstrictrtp = no\n" // what is heard comes from another port than was said
	conf["pjsip.conf"] = fmt.Sprintf("[udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:%d\n", freePort(t))
	for _, name := range names {
		conf["pjsip.conf"] += fmt.Sprintf("[%[1]s]\ntype = aor\ncontact = sip:%[1]s@127.0.0.1:%[2]d\n"+
			"[%[1]s]\ntype = endpoint\naors = %[1]s\ncontext = phone\ndisallow = all\nallow = ulaw\ndirect_media = no\ncallerid = The %[1]s <%[1]s>\n", name, at)
	}
}

// start runs sipp, which is every phone, until the test ends.
func start(t testing.TB) (port int) {
	t.Helper()
	program, err := exec.LookPath("sipp")
	if err != nil {
		housetest.Missing(t, "no SIP phones here: install sip-tester")
	}
	folder := t.TempDir()
	second := bytes.Repeat([]byte{0x9e, 0x0b, 0x80, 0x0b, 0x9e, 0x1e, 0x0b, 0x1e}, 1000) // 1000 Hz
	for name, content := range map[string][]byte{"phone.xml": phone, "hum.ulaw": second} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port = freePort(t)
	faults := filepath.Join(folder, "faults")
	sipp, err := child.Start(child.Server{
		Command: []string{program, "-sf", "phone.xml", "-i", "127.0.0.1", "-p", strconv.Itoa(port), "-nostdin", "-trace_err", "-error_file", faults},
		Dir:     folder, Log: filepath.Join(folder, "log"), LastSignal: "KILL",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sipp.Stop("KILL", stopLimit) // the exit status of a killed process is no news
		if text, _ := os.ReadFile(faults); t.Failed() && len(text) > 0 {
			t.Logf("the phones said:\n%s", text)
		}
	})
	return port
}

// freePort is a UDP port of the loopback that is free now.
func freePort(t testing.TB) int {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

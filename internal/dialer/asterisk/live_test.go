package asterisk

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
	"github.com/coachmanager/coachmanager/internal/housetest/child"
)

// freePort is a port of the loopback for Asterisk to listen on.
func freePort(t *testing.T) string {
	t.Helper()
	port, err := child.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(port)
}

// A real Asterisk over TLS, by a certificate that is checked: one that nobody vouches
// for is refused.
func TestRealAsteriskOverTLS(t *testing.T) {
	t.Parallel()
	pool, files := certified(t)
	port := freePort(t)
	conf := asterisktest.ContactCentre()
	conf["manager.conf"] = strings.Replace(conf["manager.conf"], "[general]\n", "[general]\ntlsenable = yes\ntlsbindaddr = 127.0.0.1:"+port+
		"\ntlscertfile = "+files[0]+"\ntlsprivatekey = "+files[1]+"\n", 1)
	f := floorOf(t, conf, func(f *floor) {
		f.dialer.cfg.Address = "127.0.0.1:" + port
		f.dialer.cfg.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	})
	f.supervise("s1", "a1", "coach")
	session := f.anySession("the session")
	if got := f.hangUp(session); got != coaching.Accepted {
		t.Errorf("hang up: %s", got)
	}
	if gone := f.watch.gone(session.Leg); gone.Reason != coaching.EndDisconnected {
		t.Errorf("gone: %+v", gone)
	}
	stranger := f.dialer.cfg
	stranger.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	err := New(stranger).Watch(t.Context(), func(coaching.Sighting) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
}

// certified makes a certificate for 127.0.0.1, and the files of it and its key.
func certified(t *testing.T) (pool *x509.CertPool, files [2]string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for i, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "EC PRIVATE KEY", Bytes: key}} {
		files[i] = filepath.Join(folder, strconv.Itoa(i)+".pem")
		if err := os.WriteFile(files[i], pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return pool, files
}

// An agent of app_agent_pool is known by his login, and his session by him; and he is
// offline once he has logged off.
func TestRealAsteriskAgentPool(t *testing.T) {
	t.Parallel()
	conf := asterisktest.ContactCentre()
	conf["agents.conf"] = "[1001]\nfullname = Anna Adler\n"
	conf["extensions.conf"] += `
[pool]
exten => login,1,AgentLogin(1001)
exten => ask,1,AgentRequest(1001) ; turned away right after the login
 same => n,Wait(0.2)
 same => n,Goto(1)
`
	f := floorOf(t, conf, func(*floor) {})
	is := func(want coaching.Status) {
		t.Helper()
		next(f.watch, "the agent "+string(want), func(u coaching.UserSeen) bool {
			return u.Person.Extension == "Agent/1001" && u.Status == want
		})
	}
	f.dials("a5@phone", "pool", "login")
	is(coaching.StatusAvailable)
	f.dials("5557777@customer", "pool", "ask")
	is(coaching.StatusOnCall)
	f.supervise("s1", "a5", "monitor")
	session := f.anySession("the session")
	if session.Target == nil || session.Target.Extension != "Agent/1001" {
		t.Errorf("attached: %+v", session)
	}
	f.hangsUp("5557777@customer")
	is(coaching.StatusAvailable)
	f.do("AgentLogoff", "Agent", "1001", "Soft", "false")
	is(coaching.StatusOffline)
}

// ari is an application of a real Asterisk's REST interface.
type ari struct {
	t   *testing.T
	url string
}

// register has Asterisk know the application for as long as the test goes on: it does
// so for who listens by a websocket.
func (a *ari) register(address string) {
	a.t.Helper()
	conn, err := new(net.Dialer).DialContext(a.t.Context(), "tcp", address)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /ari/events?app=coach&api_key=coach:ari-secret HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", address)
	if err != nil {
		a.t.Fatal(err)
	}
	status := make([]byte, len("HTTP/1.1 101"))
	if _, err := io.ReadFull(conn, status); err != nil || string(status) != "HTTP/1.1 101" {
		a.t.Fatalf("the websocket of ARI: %q, %v", status, err)
	}
	go func() { _, _ = io.Copy(io.Discard, conn) }()
}

// post asks for something and returns the id of what was made.
func (a *ari) post(path string, query url.Values) string {
	a.t.Helper()
	query.Set("api_key", "coach:ari-secret")
	request, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.url+path+"?"+query.Encode(), http.NoBody)
	if err != nil {
		a.t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var made struct{ ID string }
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode/100 != 2 {
		a.t.Fatalf("%s: %s %s, %v", path, answer.Status, body, err)
	}
	_ = json.Unmarshal(body, &made) // nothing where nothing was made
	return made.ID
}

// ARI's snoop on a real Asterisk: whoever is in a bridge with it listens, and is
// disconnected without harm to the call.
func TestRealAsteriskSnoop(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	conf := asterisktest.ContactCentre()
	conf["http.conf"] = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = " + port + "\n"
	conf["ari.conf"] = "[general]\nenabled = yes\n[coach]\ntype = user\npassword = ari-secret\n"
	f := floorOf(t, conf, func(*floor) {})
	a := &ari{t: t, url: "http://127.0.0.1:" + port + "/ari"}
	a.register("127.0.0.1:" + port)
	f.do("Originate", "Channel", "Local/s1@phone/n", "Application", "Stasis", "Data", "coach", "Async", "true")
	runs := func() bool {
		for _, c := range f.channels() {
			if c.Get("Application") == "Stasis" && device(c.Get("Channel")) == "Local/s1@phone" {
				return true
			}
		}
		return false
	}
	housetest.WaitFor(t, "the supervisor to be ARI's", runs)
	supervisor := f.onDevice("s1@phone")
	snoop := a.post("/channels/"+f.onDevice("a1@phone")+"/snoop", url.Values{"spy": {"both"}, "whisper": {"none"}, "app": {"coach"}})
	bridge := a.post("/bridges", url.Values{"type": {"mixing"}})
	a.post("/bridges/"+bridge+"/addChannel", url.Values{"channel": {snoop + "," + supervisor}})
	session := f.anySession("the session")
	if session.Leg != supervisor || session.Supervisor.Extension != "Local/s1@phone" || targetExtension(session) != "Local/a1@phone" || session.Type != coaching.TypeUnknown {
		t.Errorf("attached: %+v", session)
	}
	if got := f.hangUp(session); got != coaching.Accepted {
		t.Errorf("hang up: %s", got)
	}
	if gone := f.watch.gone(session.Leg); gone.Reason != coaching.EndDisconnected {
		t.Errorf("gone: %+v", gone)
	}
	if !f.talking("5551234", "a1") {
		t.Error("the customer's call was harmed")
	}
}

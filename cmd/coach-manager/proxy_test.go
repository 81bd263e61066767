package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/child"
)

// proxied is nginx with nginx.conf before one process that answers and one that is
// down. The one that answers says what came to it.
type proxied struct {
	t       *testing.T
	url     string
	folder  string
	process *child.Process
	asked   atomic.Int64
}

func startProxy(t *testing.T) *proxied {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program = "/usr/sbin/nginx"; exec.CommandContext(t.Context(), program, "-v").Run() != nil {
			housetest.Missing(t, "nginx is not here: install it, such as Debian's nginx-light")
		}
	}
	p := &proxied{t: t, folder: t.TempDir()}
	up := httptest.NewServer(http.HandlerFunc(p.answer))
	t.Cleanup(up.Close)
	port, err := child.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	p.url = "http://" + address
	conf := strings.NewReplacer(
		"listen 8080;", "listen "+address+";",
		"coach-1:8080", strings.TrimPrefix(up.URL, "http://"),
		"coach-2:8080", "127.0.0.1:1",
		" /tmp/", " "+p.folder+"/", "/etc/nginx/tls/", p.folder+"/tls/",
	).Replace(string(fromRoot(t, "cmd/coach-manager/nginx.conf")))
	file := filepath.Join(p.folder, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	p.process, err = child.Start(child.Server{
		Command: []string{program, "-e", "stderr", "-c", file}, Dir: p.folder, Log: filepath.Join(p.folder, "log"), LastSignal: "TERM",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.process.Ended(0) {
			return
		}
		// Not KILL, which would leave its workers.
		if err := p.process.Stop("TERM", patience); err != nil {
			t.Error(err)
		}
	})
	waitFor(t, "nginx to listen", func() bool {
		if p.process.Ended(0) {
			t.Fatal(p.log())
		}
		connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	})
	return p
}

// Paths at which the process behind the proxy has an error, or ends the connection.
const (
	away      = "/api/v1/dialers"
	breaksOff = "/api/v1/campaigns"
)

func (p *proxied) answer(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	switch r.URL.Path {
	case breaksOff:
		panic(http.ErrAbortHandler)
	case away:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = fmt.Fprintf(w, "%s %s for %q by %q, forwarded %q, token %q", r.Method, r.Host,
		r.Header.Values("X-Forwarded-For"), r.Header.Values("X-Forwarded-Proto"), r.Header.Values("Forwarded"), r.Header.Values("Authorization"))
}

func (p *proxied) log() string {
	raw, _ := os.ReadFile(filepath.Join(p.folder, "log"))
	return string(raw)
}

// ask sends a request through the proxy; headers are pairs.
func (p *proxied) ask(method, path string, body io.Reader, headers ...string) (int, http.Header, string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, p.url+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	request.Host = cmp.Or(request.Header.Get("Host"), request.Host)
	answer, err := client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

func TestProxySaysWhoAsksAndNobodyElseDoes(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	_, header, got := p.ask("GET", "/api/v1/me", nil, "Host", "coach.example", "Authorization", "Bearer cm_x",
		"X-Forwarded-For", "203.0.113.7", "X-Forwarded-For", "203.0.113.8", "X-Forwarded-Proto", "https", "Forwarded", "for=203.0.113.9")
	if want := `GET coach.example for ["127.0.0.1"] by ["http"], forwarded [], token ["Bearer cm_x"]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := header.Get("Server"); got != "nginx" {
		t.Errorf("it calls itself %q", got)
	}
}

// Half of all requests go to the process that is down first.
func TestProxyAsksTheOtherProcess(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	for range 5 {
		for _, method := range []string{"GET", "DELETE"} {
			if status, _, body := p.ask(method, "/api/v1/coaching-sessions/x", nil); status != 200 || !strings.HasPrefix(body, method) {
				t.Errorf("%s: got %d %s", method, status, body)
			}
		}
	}
	asked := p.asked.Load()
	if asked != 10 {
		t.Errorf("10 requests were answered %d times", asked)
	}
	if status, _, body := p.ask("GET", away, nil); status != 503 || !strings.HasPrefix(body, "GET") || p.asked.Load() != asked+1 {
		t.Errorf("an error of a process: got %d %s, asked %d times more, want it as it is", status, body, p.asked.Load()-asked)
	}
	status, header, body := p.ask("DELETE", breaksOff, nil)
	if status != 502 || header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, `"code":"bad_gateway"`) {
		t.Errorf("nobody answers: got %d %v %s", status, header, body)
	}
}

func TestProxyRefusesWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	much := strings.Repeat("x", 30_000)
	for name, got := range map[string]func() (int, http.Header, string){
		"400 a header":      func() (int, http.Header, string) { return p.ask("GET", "/", nil, "X-Much", much) },
		"413 a path":        func() (int, http.Header, string) { return p.ask("GET", "/"+much, nil) },
		"413 a query":       func() (int, http.Header, string) { return p.ask("GET", "/?q="+much, nil) },
		"413 a body":        func() (int, http.Header, string) { return p.ask("POST", "/", strings.NewReader(much)) },
		"200 a long header": func() (int, http.Header, string) { return p.ask("GET", "/", nil, "X-Long", much[:18_000]) },
	} {
		status, header, body := got()
		if fmt.Sprint(status) != name[:3] || status != 200 && header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %d %s", name, status, body)
		}
	}
}

// Not in the log, whatever happens: queries and whatever else may hold phone numbers,
// and tokens.
func TestProxyLogsNoQueryAndNoToken(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	for _, path := range []string{
		"/api/v1/users?q=hunter2", "/api/v1/users%3Fq=hunter2", away + "?q=hunter2", "/?q=hunter2" + strings.Repeat("x", 30_000), breaksOff + "?q=hunter2",
		"/hunter2", "/api/v1/coaching-sessions/hunter2", "/api/v1/coaching-users/4155550132/history", "/docs/hunter2.css?x",
	} {
		for range 2 {
			p.ask("GET", path, nil, "Authorization", "Bearer hunter2")
		}
	}
	if err := p.process.Stop("QUIT", patience); err != nil {
		t.Error(err)
	}
	log := p.log()
	if strings.Contains(log, "hunter2") || strings.Contains(log, "4155550132") {
		t.Errorf("got %s", log)
	}
	for _, want := range []string{`"path":"/api/v1/users","status":"200"`, `"path":"` + breaksOff + `","status":"502"`, `"path":"` + away + `","status":"503"`, `"path":"other","status":"200"`} {
		if !strings.Contains(log, want) {
			t.Errorf("got %s, want %s in it", log, want)
		}
	}
}

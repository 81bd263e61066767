package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A dialer that cannot be reached stops nothing, and nothing says its secret.
func TestAnUnreachableDialerIsShownAndItsSecretIsNot(t *testing.T) {
	t.Parallel()
	unused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := unused.Addr().String()
	_ = unused.Close()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "secret"), []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, []string{"COACH_DIALER_PBX2_SECRET=hunter3"}, "serve", "--log-level", "debug",
		"--database", "sqlite:"+filepath.Join(folder, "coach.db"),
		"--dialer", "pbx1=asterisk://coach@"+address+"?secret-file="+filepath.Join(folder, "secret"),
		"--dialer", "pbx2=asterisk://coach@"+address, "--dialer", "sim=simulator://")
	p.someone()
	waitFor(t, "the log to say that they are not watched", func() bool {
		return strings.Contains(p.logs(), "dialer=pbx1") && strings.Contains(p.logs(), "dialer=pbx2")
	})
	var said strings.Builder
	for _, path := range []string{"/api/v1/dialers", "/readyz", "/healthz", "/api/v1/coaching-users"} {
		_, body := p.ask("GET", path)
		said.Write(body)
	}
	connected := map[string]bool{}
	for _, d := range get[page[dialerState]](p, "/dialers").Items {
		connected[d.Name] = d.Connected
	}
	if len(connected) != 3 || connected["pbx1"] || connected["pbx2"] || !connected["sim"] {
		t.Errorf("got %v", connected)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
	if strings.Contains(said.String(), address) || strings.Contains(said.String(), folder) {
		t.Errorf("answers tell strangers about the inside: %s", &said)
	}
	for _, text := range []string{p.logs(), p.out(), said.String()} {
		if strings.Contains(text, "hunter") {
			t.Errorf("it says the secret: %s", text)
		}
	}
}

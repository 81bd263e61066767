package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

var tokenText = regexp.MustCompile(`^cm_[a-z2-7]{58}\n$`)

// newToken makes a token with the command, which says nothing else to stdout.
func newToken(t *testing.T, database, name, role string, more ...string) string {
	t.Helper()
	code, out, logs := runOnce(t, nil, append([]string{"token", "create", "--database", database, "--name", name, "--role", role}, more...)...)
	if code != 0 || !tokenText.MatchString(out) || strings.Contains(logs, out[3:30]) || !strings.Contains(logs, name) {
		t.Fatalf("got %d, %q and %q", code, out, logs)
	}
	return strings.TrimSpace(out)
}

func revoke(t *testing.T, database, which string) {
	t.Helper()
	if code, out, logs := runOnce(t, nil, "token", "revoke", "--database", database, which); code != 0 || out != "" || !strings.Contains(logs, "is revoked") {
		t.Fatalf("got %d, %q and %q", code, out, logs)
	}
}

// as asks for a path of the API with a token, and returns the status.
func (p *program) as(token, path string) int {
	p.t.Helper()
	status, _ := p.askAs(http.MethodGet, "/api/v1"+path, token)
	return status
}

// serveWithTokens starts the program as a process of its own that asks for tokens.
func serveWithTokens(t *testing.T, database string, more ...string) *program {
	t.Helper()
	p, process := startChild(t, childFolder(t), append([]string{
		"serve", "--auth", "tokens", "--dialer", "sim=simulator://", "--database", database, "--shutdown-timeout", "2s",
	}, more...)...)
	t.Cleanup(func() { _ = process.Stop("TERM", patience) })
	return p
}

// Whatever a command does to a token holds for every process, and none is restarted.
func TestTokensOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	database := postgrestest.Database(t)
	members := []*program{serveWithTokens(t, database), serveWithTokens(t, database)}
	everywhere := func(token string, want int) {
		t.Helper()
		for _, p := range members {
			waitFor(t, "the token", func() bool { return p.as(token, "/me") == want })
		}
	}
	for _, p := range members {
		if status := p.as("", "/me"); status != 401 || !strings.Contains(p.logs(), "token create --name me --role admin") {
			t.Errorf("got %d and %s", status, p.logs())
		}
	}
	stays := newToken(t, database, "stays", "viewer")
	goes := newToken(t, database, "goes", "admin")
	ends := newToken(t, database, "ends", "admin", "--expires", "3s")
	everywhere(stays, 200)
	everywhere(goes, 200)
	revoke(t, database, "goes")
	everywhere(goes, 401)
	everywhere(ends, 401)
	everywhere(stays, 200)
	for _, p := range members {
		if strings.Contains(p.logs(), stays[3:30]) || strings.Contains(p.logs(), goes[3:30]) {
			t.Errorf("the log holds a token: %s", p.logs())
		}
	}
}

// A command beside a service on SQLite needs nobody to tell of it.
func TestTokensBesideAServiceOnSQLite(t *testing.T) {
	t.Parallel()
	database := "sqlite:" + filepath.Join(t.TempDir(), "coach.db")
	p := serveWithTokens(t, database)
	token := newToken(t, database, "me", "manager", "--team", "Billing Care", "--expires", "90d")
	waitFor(t, "the token", func() bool { return p.as(token, "/me") == 200 })
	_, body := p.askAs(http.MethodGet, "/api/v1/me", token)
	var me struct{ Name, Role, Team string }
	if err := json.Unmarshal(body, &me); err != nil || me.Name != "me" || me.Role != "manager" || me.Team != "Billing Care" {
		t.Errorf("got %s", body)
	}
	var list string
	waitFor(t, "the use to be kept", func() bool {
		var code int
		if code, list, _ = runOnce(t, nil, "token", "list", "--database", database); code != 0 {
			t.Fatal("list failed")
		}
		return !strings.Contains(list, "-  valid")
	})
	for _, want := range []string{"LAST USED", "me", "manager", "Billing Care", "valid"} {
		if !strings.Contains(list, want) {
			t.Errorf("no %q in\n%s", want, list)
		}
	}
	if strings.Contains(list, token[3:20]) {
		t.Errorf("the list has the token: %s", list)
	}
	revoke(t, database, "me")
	waitFor(t, "the revocation", func() bool { return p.as(token, "/me") == 401 })
	if _, list, _ := runOnce(t, nil, "token", "list", "--database", database); !strings.Contains(list, "revoked") {
		t.Errorf("got %s", list)
	}
}

func TestTheFirstTokenComesWithTheDeployment(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	database := "sqlite:" + filepath.Join(folder, "coach.db")
	code, first, logs := runOnce(t, nil, "token", "generate")
	if code != 0 || !tokenText.MatchString(first) || logs != "" {
		t.Fatalf("got %d, %q and %q", code, first, logs)
	}
	_, other, _ := runOnce(t, nil, "token", "generate")
	secret := filepath.Join(folder, "secret")
	if err := os.WriteFile(secret, []byte(first), 0o600); err != nil {
		t.Fatal(err)
	}
	first, other = strings.TrimSpace(first), strings.TrimSpace(other)
	args := []string{"serve", "--auth", "tokens", "--dialer", "sim=simulator://", "--database", database}
	p := start(t, nil, append(args, "--first-token-file", secret)...)
	if status := p.as(first, "/me"); status != 200 {
		t.Errorf("got %d", status)
	}
	p.stop()
	// Another one comes too late, and so does the first when it is revoked.
	p = start(t, []string{"COACH_FIRST_TOKEN=" + other}, args...)
	if was, is := p.as(first, "/me"), p.as(other, "/me"); was != 200 || is != 401 {
		t.Errorf("got %d and %d", was, is)
	}
	revoke(t, database, "first")
	p.stop()
	p = start(t, nil, append(args, "--first-token-file", secret)...)
	if status := p.as(first, "/me"); status != 401 {
		t.Errorf("revoked, and made again: got %d", status)
	}
	p.stop()
	code, out, logs := runOnce(t, []string{"COACH_FIRST_TOKEN=hunter2"}, append(args, "--listen", "127.0.0.1:0")...)
	if code != 1 || strings.Contains(logs, "hunter2") || !strings.Contains(logs, "token generate") {
		t.Errorf("got %d, %s and %s", code, out, logs)
	}
}

func TestTokenCommandsRefuse(t *testing.T) {
	t.Parallel()
	database := "sqlite:" + filepath.Join(t.TempDir(), "coach.db")
	code, out, logs := runOnce(t, nil, "token", "list", "--database", database)
	if code != 1 {
		t.Errorf("of no database: got exit code %d", code)
	}
	oneLine(t, out, logs, "no such database")
	newToken(t, database, "me", "admin")
	for says, args := range map[string][]string{
		"already":       {"create", "--name", "me", "--role", "viewer"},
		"64 characters": {"create", "--name", " me", "--role", "viewer"},
		"no user":       {"create", "--name", "you", "--role", "viewer", "--user", "019cad8f-afe8-7a31-9c54-2f6be0d81a07"},
		"token list":    {"revoke", "nobody"},
	} {
		code, out, logs := runOnce(t, nil, append([]string{"token", args[0], "--database", database}, args[1:]...)...)
		if code != 1 {
			t.Errorf("%v: got exit code %d", args, code)
		}
		oneLine(t, out, logs, says)
	}
}

// A certificate that is renewed is served at once, and a broken one not at all.
func TestTLSAndACertificateThatChanges(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writeCertificate(t, cert, key, 1)
	database := "sqlite:" + filepath.Join(folder, "coach.db")
	args := []string{"serve", "--auth", "tokens", "--dialer", "sim=simulator://", "--database", database, "--tls-cert-file", cert, "--tls-key-file", key}
	p := start(t, nil, args...)
	if !strings.HasPrefix(p.url, "https://") {
		t.Fatalf("listens on %s", p.url)
	}
	served := func() int64 {
		conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "https://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := served(); got != 1 {
		t.Errorf("certificate %d", got)
	}
	writeCertificate(t, cert, key, 22)
	waitFor(t, "the new certificate", func() bool { return served() == 22 })
	if err := os.WriteFile(cert, []byte("half a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := served(); got != 22 || !strings.Contains(p.logs(), "the one before goes on") {
		t.Errorf("certificate %d: %s", got, p.logs())
	}
	if code := p.stop(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
	code, out, logs := runOnce(t, nil, append(args, "--listen", "127.0.0.1:0")...)
	if code != 1 {
		t.Errorf("with a broken certificate: got exit code %d", code)
	}
	oneLine(t, out, logs, "--tls-cert-file")
}

func writeCertificate(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, certErr := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	raw, keyErr := x509.MarshalPKCS8PrivateKey(private)
	if err := errors.Join(err, certErr, keyErr,
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600)); err != nil {
		t.Fatal(err)
	}
}

package ami_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

func TestDial(t *testing.T) {
	t.Parallel()
	for name, auth := range map[string]ami.Auth{
		"MD5 logs in without sending the secret": ami.AuthMD5,
		"plain logs in with the secret":          ami.AuthPlain,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := amitest.New(t, amitest.Options{Username: "coachsvc", Secret: "s3cret"})
			cfg := config(s)
			cfg.Auth = auth
			conn := dial(t, cfg)
			if got, want := conn.Banner(), "Asterisk Call Manager/11.0.0"; got != want {
				t.Errorf("banner: got %q, want %q", got, want)
			}
			if !conn.Booted() {
				t.Error("it said FullyBooted, and Booted does not know")
			}
			sent := s.Received("Login")
			if got, want := sent.Get("Secret") != "", auth == ami.AuthPlain; got != want {
				t.Errorf("secret sent: got %v, want %v", got, want)
			}
			if m := await(t, conn, "FullyBooted"); m.Seq == 0 {
				t.Error("FullyBooted has no Seq")
			}
		})
	}
}

func TestDialOverTLS(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate, of 127.0.0.1
	t.Cleanup(web.Close)
	s := amitest.New(t, amitest.Options{TLS: web.TLS})
	cfg := config(s)
	cfg.TLS = &tls.Config{RootCAs: web.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	conn := dial(t, cfg)
	if _, err := conn.Do(t.Context(), ami.NewAction("Ping")); err != nil {
		t.Error(err)
	}
	cfg.TLS = new(tls.Config)
	_, err := ami.Dial(t.Context(), cfg)
	if unknown := new(tls.CertificateVerificationError); !errors.As(err, &unknown) {
		t.Errorf("a certificate of nobody's: got %v", err)
	}
	cfg.TLS, cfg.DialTimeout = nil, 500*time.Millisecond
	_, err = ami.Dial(t.Context(), cfg) // each waits for the other to speak
	wantErr(t, err, context.DeadlineExceeded)
}

func TestDialMD5KeyIsTheOneRecorded(t *testing.T) {
	t.Parallel()
	s := amitest.New(t, amitest.Options{Handlers: map[string]amitest.Handler{
		"Challenge": func(c *amitest.Client, m ami.Message) { c.Success(m, "Challenge", "730966709") },
	}})
	cfg := config(s)
	cfg.Username, cfg.Secret = "lab", "lab"
	dial(t, cfg)
	// testdata/login-md5.ami
	if got, want := s.Received("Login").Get("Key"), "b227a3c0f15c72f013fcb73418623889"; got != want {
		t.Errorf("key: got %s, want %s", got, want)
	}
}

func TestDialRefused(t *testing.T) {
	t.Parallel()
	refuse := func(text string) amitest.Options {
		return amitest.Options{Handlers: map[string]amitest.Handler{
			"Login": func(c *amitest.Client, m ami.Message) { c.Error(m, text); c.Cut() },
		}}
	}
	recorded := func(name string) amitest.Options {
		return amitest.Options{Recording: amitest.Load(t, "testdata/"+name)}
	}
	for name, c := range map[string]struct {
		opts amitest.Options
		want error
	}{
		"a wrong secret is told as such":          {amitest.Options{Username: "coachsvc", Secret: "other"}, ami.ErrAuthentication},
		"an unknown user is told as such":         {amitest.Options{Username: "other", Secret: "s3cret"}, ami.ErrAuthentication},
		"recorded: a wrong secret":                {recorded("login-wrong-secret.ami"), ami.ErrAuthentication},
		"recorded: a wrong key":                   {recorded("login-md5-wrong-key.ami"), ami.ErrAuthentication},
		"recorded: an unknown user":               {recorded("login-unknown-user.ami"), ami.ErrAuthentication},
		"a user who is logged in elsewhere":       {refuse("Login Already In Use"), ami.ErrLoginInUse},
		"a greeting of something else":            {amitest.Options{Banner: "220 mail.example.org ESMTP"}, ami.ErrNotManager},
		"a greeting that does not end":            {amitest.Options{Banner: strings.Repeat("x", 10_000)}, ami.ErrNotManager},
		"a garbage greeting":                      {amitest.Options{Banner: "\x00\xff\xfe\x16\x03\x01"}, ami.ErrNotManager},
		"no challenge is no reason to send plain": {amitest.Options{Handlers: map[string]amitest.Handler{"Challenge": func(c *amitest.Client, m ami.Message) { c.Error(m, "Must specify AuthType") }}}, &ami.ResponseError{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := amitest.New(t, c.opts)
			conn, err := ami.Dial(t.Context(), config(s))
			if conn != nil {
				t.Error("a connection comes with the error")
			}
			if refusal := new(ami.ResponseError); errors.As(c.want, &refusal) {
				if !errors.As(err, &refusal) {
					t.Errorf("got %v, want a *ResponseError", err)
				}
			} else {
				wantErr(t, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

func TestDialGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]amitest.Options{
		"while the greeting does not come":   {Mute: true},
		"while the challenge does not come":  {Handlers: map[string]amitest.Handler{"Challenge": silent}},
		"while the login is not answered":    {Handlers: map[string]amitest.Handler{"Login": silent}},
		"while nothing but the login works":  {NotBooted: true, Handlers: map[string]amitest.Handler{"CoreStatus": silent}},
		"while half an answer is all it has": {Handlers: map[string]amitest.Handler{"Login": func(c *amitest.Client, _ ami.Message) { c.Send("Response: Succ") }}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := amitest.New(t, opts)
			cfg := config(s)
			cfg.BootWait = time.Millisecond
			_, err := ami.Dial(soon(t, 50*time.Millisecond), cfg)
			wantErr(t, err, context.DeadlineExceeded)
			<-s.Client().Gone()
			cfg.DialTimeout = 50 * time.Millisecond
			_, err = ami.Dial(t.Context(), cfg)
			wantErr(t, err, context.DeadlineExceeded)
		})
	}
}

func TestDialWithoutFullyBooted(t *testing.T) {
	t.Parallel()
	denied := func(c *amitest.Client, m ami.Message) { c.Error(m, "Permission denied") }
	for name, handlers := range map[string]map[string]amitest.Handler{
		"an answer to CoreStatus is enough":            {"CoreStatus": func(c *amitest.Client, m ami.Message) { c.Success(m) }},
		"Ping is enough where CoreStatus is denied":    {"CoreStatus": denied},
		"Ping is enough where CoreStatus is not known": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := amitest.New(t, amitest.Options{NotBooted: true, Handlers: handlers})
			cfg := config(s)
			cfg.BootWait = time.Millisecond
			conn := dial(t, cfg)
			if conn.Booted() {
				t.Error("Booted without FullyBooted")
			}
			s.Client().Send(amitest.Text("Event", "FullyBooted", "Privilege", "system,all", "Uptime", "0"))
			await(t, conn, "FullyBooted")
			if !conn.Booted() {
				t.Error("it came late, and Booted does not know")
			}
		})
	}
}

func TestDialNobodyThere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = ami.Dial(t.Context(), ami.Config{Address: l.Addr().String(), Username: "x", Secret: "s3cret"})
	var refused *net.OpError
	if !errors.As(err, &refused) {
		t.Errorf("got %v, want the network's error", err)
	}
	for name, cfg := range map[string]ami.Config{"no address": {Username: "x"}, "no username": {Address: "x:1"}} {
		if _, err := ami.Dial(t.Context(), cfg); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestDialRefusesAnInjectedLogin(t *testing.T) {
	t.Parallel()
	s := amitest.New(t, amitest.Options{})
	for name, cfg := range map[string]ami.Config{
		"in the username": {Address: s.Addr(), Username: "x\r\nAction: Ping", Secret: "s3cret"},
		"in the secret":   {Address: s.Addr(), Username: "x", Secret: "s3cret\r\nEvents: off", Auth: ami.AuthPlain},
	} {
		_, err := ami.Dial(t.Context(), cfg)
		wantErr(t, err, ami.ErrRefused)
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error holds the secret: %v", name, err)
		}
	}
}

func TestConfigKeepsItsSecret(t *testing.T) {
	t.Parallel()
	cfg := ami.Config{Address: "pbx:5038", Username: "coachsvc", Secret: "s3cret"}
	nested := struct{ Switch ami.Config }{cfg}
	var log strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("dial", "config", cfg, "nested", nested)
	}
	encoded, err := json.Marshal(nested)
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		all += fmt.Sprintf(verb, cfg) + fmt.Sprintf(verb, &cfg) + fmt.Sprintf(verb, nested)
	}
	if strings.Contains(all, "s3cret") || strings.Contains(all, fmt.Sprintf("%x", "s3cret")) {
		t.Errorf("the secret is in %s", all)
	}
	if !strings.Contains(all, "coachsvc@pbx:5038") {
		t.Errorf("who and where is not in %s", all)
	}
}

func TestDialRecorded(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"login-plain.ami", "login-md5.ami"} {
		s := amitest.New(t, amitest.Options{Recording: amitest.Load(t, "testdata/"+name), Pieces: amitest.Bytewise})
		conn := dial(t, config(s))
		await(t, conn, "FullyBooted")
		if name != "login-plain.ami" {
			continue
		}
		if m, err := conn.Do(t.Context(), ami.NewAction("Ping")); err != nil || m.Get("Ping") != "Pong" {
			t.Errorf("ping: got %v, %v", m, err)
		}
		if m, err := conn.Do(t.Context(), ami.NewAction("Logoff")); err != nil || m.Response() != "Goodbye" {
			t.Errorf("logoff: got %v, %v", m, err)
		}
		_, err := drain(t, conn)
		wantErr(t, err, io.EOF)
	}
}

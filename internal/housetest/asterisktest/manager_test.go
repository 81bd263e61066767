package asterisktest_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// manager is the least that speaks the manager's protocol: the tests here must
// not lean on the product's own.
type manager struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

type message map[string]string // of a repeated header, all values, a line each

func login(t *testing.T, addr, user, secret string) *manager {
	t.Helper()
	dialer := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	m := &manager{t: t, conn: conn, in: bufio.NewReader(conn)}
	if got := m.ask("Login", "Username: "+user, "Secret: "+secret); got["Response"] != "Success" {
		t.Fatalf("login as %s: %v", user, got)
	}
	return m
}

// ask sends an action and reads on to its answer; events before it are dropped.
func (m *manager) ask(action string, headers ...string) message {
	m.t.Helper()
	lines := append([]string{"Action: " + action, "ActionID: " + action}, headers...)
	if _, err := fmt.Fprint(m.conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		m.t.Fatal(err)
	}
	return m.until(action+"'s answer", func(got message) bool {
		return got["Event"] == "" && got["ActionID"] == action
	})
}

func (m *manager) event(name string) message {
	m.t.Helper()
	return m.until(name, func(got message) bool { return got["Event"] == name })
}

func (m *manager) until(what string, is func(message) bool) message {
	m.t.Helper()
	for {
		got := message{}
		for {
			line, err := m.in.ReadString('\n')
			if err != nil {
				m.t.Fatalf("waiting for %s: %v", what, err)
			}
			if line = strings.TrimRight(line, "\r\n"); line == "" {
				break
			}
			key, value, _ := strings.Cut(line, ": ")
			if before, again := got[key]; again {
				value = before + "\n" + value
			}
			got[key] = value
		}
		if is(got) {
			return got
		}
	}
}

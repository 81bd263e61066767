package asterisktest

import (
	"errors"
	"net"
	"os"
	"testing"
)

// Asterisk goes on without its manager interface where it cannot bind the port;
// a start must not take the one who has it for its own.
func TestAPortThatWasTakenMeanwhileIsNoticed(t *testing.T) {
	t.Parallel()
	program, err := find()
	if err != nil {
		Start(t, nil) // says what is missing
	}
	other, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	dir, err := os.MkdirTemp("", "ast") // short, for the control socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	a := &Instance{Dir: dir, t: t, program: program, conf: ContactCentre(), port: other.Addr().(*net.TCPAddr).Port}
	t.Cleanup(func() { _ = a.kill() })
	if err := a.start(); !errors.Is(err, errPortTaken) {
		t.Errorf("got %v, want %v", err, errPortTaken)
	}
	if a.process != nil {
		t.Error("the Asterisk without a manager interface still runs")
	}
}

package postgrestest

import (
	"net"
	"strings"
	"testing"
)

func TestAPortThatWasTakenMeanwhileIsNoticed(t *testing.T) {
	t.Parallel()
	s := Server(t)
	other, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	taken := other.Addr().(*net.TCPAddr).Port
	s.Stop()
	go func() { // a listener that answers nobody, until it is closed
		for {
			conn, err := other.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	err = s.c.startOn(taken)
	if err == nil || !strings.Contains(err.Error(), "did not come up") {
		t.Errorf("got %v, want that it did not come up", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	s.Start() // where it was: a failed start has spoilt nothing
}

func TestAnotherServersPortIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	s := Server(t)
	if err := s.c.ready(s.c.port, "/another/folder"); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("got %v, want that it is another server's", err)
	}
}

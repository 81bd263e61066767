package child

import (
	"errors"
	"net"
)

// FreePort asks the kernel for a TCP port of the loopback that nobody uses. It
// may be taken again before a server binds it, so the start has to be retried.
func FreePort() (int, error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.Join(errors.New("a TCP listener without a TCP address"), l.Close())
	}
	return addr.Port, l.Close()
}

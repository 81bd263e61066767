package httpapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// trustedProxies are those whose X-Forwarded-For is believed.
type trustedProxies []netip.Prefix

// caller is the address a request comes from: that of the connection, or behind
// trusted proxies the last that one of them tells and that is not one itself. What
// stands before it anybody may have written. All of an IPv6 network of 64 bits is
// one caller: it is what one site gets.
func (p trustedProxies) caller(r *http.Request) string {
	connection, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address := connection.Addr().Unmap()
	told := strings.Split(strings.Join(r.Header.Values(echo.HeaderXForwardedFor), ","), ",")
	for _, text := range slices.Backward(told) {
		next, err := parseForwarded(strings.TrimSpace(text))
		if err != nil || !p.trusts(address) {
			break
		}
		address = next.Unmap()
	}
	if address.Is6() {
		return netip.PrefixFrom(address.WithZone(""), 64).Masked().String()
	}
	return address.String()
}

// parseForwarded reads an address, to which some proxies add a port.
func parseForwarded(text string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr(), nil
	}
	return netip.ParseAddr(strings.Trim(text, "[]"))
}

func (p trustedProxies) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(prefix netip.Prefix) bool { return prefix.Contains(a) })
}

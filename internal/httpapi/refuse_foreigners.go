package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// refuseForeigners answers only to loopback names, so that no name that somebody
// else points at this machine works, and to no page of another site.
func refuseForeigners(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !fromHere(c.Request()) {
			return &fault{code: forbidden, detail: "This service asks for no token, so it answers only to loopback host names, to no proxy and to no page of another site."}
		}
		return next(c)
	}
}

func fromHere(r *http.Request) bool {
	host, port, ok := splitHost(r.Host)
	if !ok || !isLoopback(host) || forwarded(r.Header) {
		return false
	}
	// A page of another port of this machine is another site's, too.
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return false
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	return len(origins) == 1 && isOrigin(origins[0], host, port)
}

// forwarded tells whether a proxy passed a request on, most likely for somebody who
// is not on this machine.
func forwarded(h http.Header) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"} {
		if h.Values(name) != nil {
			return true
		}
	}
	return false
}

// isOrigin tells whether an Origin is this very host and port. A port that is
// left out is that of the Origin's scheme.
func isOrigin(origin, host, port string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	usual := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	originHost, originPort, ok := splitHost(u.Host)
	if usual == "" || !ok {
		return false
	}
	if port == "" {
		port = usual
	}
	if originPort == "" {
		originPort = usual
	}
	return originHost == host && originPort == port
}

// splitHost splits a Host into its name in lower case, without brackets, and its
// port, "" if there is none.
func splitHost(hostport string) (host, port string, ok bool) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port, err = net.SplitHostPort(hostport + ":")
	}
	if err == nil && port != "" {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return strings.ToLower(host), port, err == nil && host != ""
}

// isLoopback tells whether a name means this machine by itself. Names under
// localhost are nobody's to point elsewhere (RFC 6761).
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Zone() == "" && address.Unmap().IsLoopback()
}

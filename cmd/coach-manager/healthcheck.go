package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/coachmanager/coachmanager/internal/config"
)

// healthcheck asks a service whether it is alive, which it is when it answers 200
// in time. It says nothing then. No proxy of the environment is asked, and no
// redirection is followed: what is asked about is one process.
func healthcheck(ctx context.Context, c config.Healthcheck) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, http.NoBody)
	if err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	if isThisMachine(request.URL.Hostname()) {
		// A certificate names the service as others know it. Nothing secret is sent or
		// read here, and the loopback leads to no stranger.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	}
	answer, err := transport.RoundTrip(request)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s does not answer within %v", c.URL, c.Timeout)
	case err != nil:
		return fmt.Errorf("%s does not answer: %w", c.URL, err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s, and not 200 OK", c.URL, answer.Status)
	}
	return nil
}

func isThisMachine(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
)

const (
	mostBody    = 1 << 20 // bytes of an answer of the provider
	mostHeaders = 64 << 10
	mostSaid    = 200 // bytes of an error; go-oidc's hold what the provider answered
)

// Look fetches a provider's keys once and tells how many there are that tokens may
// be signed by. Its error says what is wrong, for whoever configures it.
func Look(ctx context.Context, issuer string) (keys int, err error) {
	r, err := fetch(ctx, newClient(), issuer)
	if err != nil {
		return 0, err
	}
	return len(r.keys), nil
}

// fetch reads where the provider has its keys, and the keys.
func fetch(ctx context.Context, client *http.Client, issuer string) (*ring, error) {
	begun := time.Now()
	provider, err := gooidc.NewProvider(gooidc.ClientContext(ctx, client), issuer)
	if err != nil {
		return nil, fmt.Errorf("discover the identity provider: %w", briefly(err))
	}
	var found struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&found); err != nil {
		return nil, fmt.Errorf("discover the identity provider: %w", briefly(err))
	}
	if !safe(found.Keys, issuer) {
		return nil, errors.New("discover the identity provider: its jwks_uri is no https URL")
	}
	body, err := get(ctx, client, found.Keys)
	if err != nil {
		return nil, fmt.Errorf("fetch the identity provider's keys: %w", briefly(err))
	}
	r, err := readRing(body, begun)
	if err != nil {
		return nil, fmt.Errorf("read the identity provider's keys: %w", err)
	}
	return r, nil
}

// safe tells whether keys may come from a URL: nobody can change them on their way.
func safe(keys, issuer string) bool {
	u, err := url.Parse(keys)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) && strings.HasPrefix(issuer, "http:")
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func get(ctx context.Context, client *http.Client, from string) (json.RawMessage, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %d", answer.StatusCode)
	}
	return io.ReadAll(answer.Body)
}

// newClient returns a client that follows nobody elsewhere and reads no more than
// it should. It keeps no connection: the next fetch is minutes away.
func newClient() *http.Client {
	return &http.Client{
		Transport: bounded{&http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: mostHeaders, ForceAttemptHTTP2: true,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded ends answers that are too long.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, mostBody)
	}
	return answer, err
}

// briefly cuts an error that holds what a provider answered.
func briefly(err error) error {
	text := err.Error()
	if len(text) <= mostSaid {
		return err
	}
	return errors.New(strings.ToValidUTF8(text[:mostSaid], "") + "...")
}

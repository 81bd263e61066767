// Package oidc answers for who a person is that signs in with an identity provider:
// it judges the provider's JWTs, and makes an access.Identity of what they claim, by
// the mapping of roles and teams that was configured.
//
// Checking a token's claims is github.com/coreos/go-oidc's work. The provider's keys
// are fetched here, by one goroutine and in its own time, never by a request: tokens
// with keys that nobody knows cause one fetch each ten seconds together, and a
// provider that hangs holds up nobody whose key is known. It knows no HTTP of ours.
//
// When the provider is away, the keys that are known go on to be trusted for a day,
// and no longer; while there are none the Verifier judges no token and says so with
// ErrUnavailable, which is neither yes nor no.
package oidc

package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// Key is a pair of keys that tokens are signed with.
type Key struct {
	ID        string
	Algorithm jose.SignatureAlgorithm
	Private   crypto.Signer
	t         testing.TB
}

// NewKey makes a key for an algorithm, such as RS256.
func NewKey(t testing.TB, id, algorithm string) Key {
	t.Helper()
	var private crypto.Signer
	var err error
	switch algorithm {
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return Key{ID: id, Algorithm: jose.SignatureAlgorithm(algorithm), Private: private, t: t}
}

// As is the same pair under another id, for another algorithm.
func (k Key) As(id, algorithm string) Key {
	k.ID, k.Algorithm = id, jose.SignatureAlgorithm(algorithm)
	return k
}

// Public is what the provider shows of it.
func (k Key) Public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.Private.Public(), KeyID: k.ID, Algorithm: string(k.Algorithm), Use: "sig"}
}

// Sign makes a token of claims.
func (k Key) Sign(claims map[string]any) string {
	k.t.Helper()
	return k.SignWith(nil, claims)
}

// SignWith is Sign with more in the header.
func (k Key) SignWith(header, claims map[string]any) string {
	k.t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range header {
		options = options.WithHeader(jose.HeaderKey(name), value)
	}
	key := jose.SigningKey{Algorithm: k.Algorithm, Key: jose.JSONWebKey{Key: k.Private, KeyID: k.ID}}
	return signed(k.t, key, options, claims)
}

// SignBySecret makes a token with HS256, whose secret whoever checks would have.
func SignBySecret(t testing.TB, id string, secret []byte, claims map[string]any) string {
	t.Helper()
	key := jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: secret, KeyID: id}}
	return signed(t, key, (&jose.SignerOptions{}).WithType("JWT"), claims)
}

func signed(t testing.TB, key jose.SigningKey, options *jose.SignerOptions, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := token.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Unsigned makes a token of any header, with a signature that says nothing.
func Unsigned(t testing.TB, header, claims map[string]any, signature string) string {
	t.Helper()
	text := ""
	for _, part := range []map[string]any{header, claims} {
		raw, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		text += base64.RawURLEncoding.EncodeToString(raw) + "."
	}
	return text + signature
}

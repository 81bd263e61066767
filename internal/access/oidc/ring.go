package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	mostKeys   = 100  // of a provider; those beyond are passed over
	fewestBits = 2048 // of an RSA key
)

// ring is the keys that a provider had at one moment. It never changes.
type ring struct {
	keys   []key
	at     time.Time       // when they were asked for, by this process's clock
	absent map[string]bool // kids that were looked for before that: they are not among them
}

// key is a public key that tokens may be signed by.
type key struct {
	id     string // the kid; "" where the provider names none
	only   string // the only algorithm it is for; "": any that fits
	public any    // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
	mark   string // tells it from all others, whatever their ids
}

// readRing reads a JWK set. Keys that are of no use here, such as those of another
// kind or with a mistake, are passed over; a set without any other is an error, so
// that a provider that answers nonsense withdraws nothing.
func readRing(body []byte, at time.Time) (*ring, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, errors.New("the answer is no JWK set")
	}
	r := &ring{at: at}
	for _, raw := range set.Keys {
		if k, ok := readKey(raw); ok && len(r.keys) < mostKeys {
			r.keys = append(r.keys, k)
		}
	}
	if len(r.keys) == 0 {
		return nil, fmt.Errorf("none of its %d keys is a public one to check signatures with", len(set.Keys))
	}
	return r, nil
}

func readKey(raw json.RawMessage) (key, bool) {
	var k jose.JSONWebKey
	if err := json.Unmarshal(raw, &k); err != nil || !k.Valid() || !k.IsPublic() || (k.Use != "" && k.Use != "sig") {
		return key{}, false
	}
	switch public := k.Key.(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < fewestBits {
			return key{}, false
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return key{}, false
	}
	mark, err := k.Thumbprint(crypto.SHA256)
	return key{id: k.KeyID, only: k.Algorithm, public: k.Key, mark: string(mark)}, err == nil
}

// has tells whether a key is among them.
func (r *ring) has(mark string) bool {
	return slices.ContainsFunc(r.keys, func(k key) bool { return k.mark == mark })
}

// algorithms are those that tokens may be signed by: none without a key, and none
// with a key that whoever checks has, too.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

var algorithmNames = func() (names []string) {
	for _, a := range algorithms {
		names = append(names, string(a))
	}
	return names
}()

// fits tells whether the key is for an algorithm.
func (k key) fits(algorithm string) bool {
	if k.only != "" && k.only != algorithm {
		return false
	}
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")
	case *ecdsa.PublicKey:
		return algorithm == map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[public.Curve.Params().BitSize]
	default:
		return algorithm == string(jose.EdDSA)
	}
}

// types are what a token may call itself, where it does: not a token for logging
// somebody out, or a proof of something else, that the same keys have signed.
var types = []string{"", "jwt", "at+jwt", "application/jwt", "application/at+jwt"}

// verify checks a token's signature and returns what it says, and which key signed
// it. Keys that a token brings along or points to are not looked at.
func (r *ring) verify(text string) (payload []byte, by key, err error) {
	token, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil || len(token.Signatures) != 1 {
		return nil, key{}, refused("it is malformed, or of an algorithm that is not taken")
	}
	header := token.Signatures[0].Header
	if called, _ := header.ExtraHeaders[jose.HeaderType].(string); !slices.Contains(types, strings.ToLower(called)) {
		return nil, key{}, refused("it is of another type")
	}
	known := false
	for _, k := range r.keys {
		if header.KeyID != "" && header.KeyID != k.id {
			continue
		}
		known = known || header.KeyID != ""
		if !k.fits(header.Algorithm) {
			continue
		}
		if payload, err := token.Verify(k.public); err == nil {
			return payload, k, nil
		}
	}
	if !known {
		return nil, key{}, unknownKey{header.KeyID}
	}
	return nil, key{}, refused("its signature is wrong")
}

// refused is why a token is not valid: for the log, so without a word of the token.
type refused string

func (r refused) Error() string { return string(r) }

// unknownKey: the key may be newer than what is known.
type unknownKey struct{ id string }

func (unknownKey) Error() string { return "its key is unknown" }

package httpapi

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/coachmanager/coachmanager/api"
)

// cursors makes cursors of the places where pages ended, and places of cursors. A
// cursor is sealed (AES-GCM): where a page ended may be at something that its reader
// may not see, such as a session of another team. It belongs to one query.
type cursors struct{ seal cipher.AEAD }

func newCursors(key [32]byte) cursors {
	block, err := aes.NewCipher(key[:])
	if err == nil {
		var seal cipher.AEAD
		if seal, err = cipher.NewGCMWithRandomNonce(block); err == nil {
			return cursors{seal}
		}
	}
	panic(err) // the length of the key is right
}

// fingerprint tells queries apart.
type fingerprint [sha256.Size]byte

// fingerprintOf covers all fields of a query that are exported. Cursors given out
// before a release that changes the query's type are foreign after it.
func fingerprintOf(operation string, query any) (fingerprint, error) {
	text, err := json.Marshal(query)
	if err != nil {
		return fingerprint{}, fmt.Errorf("fingerprint a query: %w", err)
	}
	return sha256.Sum256(append([]byte(operation+"\n"), text...)), nil
}

// next is the cursor of the page after one that ended at a place; nil after the
// last.
func next[Place any](c cursors, place *Place, query fingerprint) (*string, error) {
	if place == nil {
		return nil, nil //nolint:nilnil // documented: there is no next page
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // it is no page, and cursors have a greatest length
	if err := encoder.Encode(place); err != nil {
		return nil, fmt.Errorf("encode a place: %w", err)
	}
	cursor := base64.RawURLEncoding.EncodeToString(c.seal.Seal(nil, nil, text.Bytes(), query[:]))
	return &cursor, nil
}

// after is the place a cursor names; nil without one.
func after[Place any](c cursors, cursor string, query fingerprint) (*Place, error) {
	if cursor == "" {
		return nil, nil //nolint:nilnil // documented: from the start
	}
	place := new(Place)
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err == nil {
		var text []byte
		if text, err = c.seal.Open(nil, nil, sealed, query[:]); err == nil {
			err = json.Unmarshal(text, place)
		}
	}
	if err != nil {
		return nil, &fault{code: invalidCursor, fields: []api.FieldError{{Field: "cursor", Reason: "is broken or belongs to other filters"}}}
	}
	return place, nil
}

package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// A cursor is, in base64url: a version, the place where a page ended (seconds and
// nanoseconds of the start, session id), the fingerprint of the query, and a
// checksum over all of that. It is no secret: whoever makes one up sees what the
// query shows anyway.
const (
	cursorVersion  = 1
	cursorPlaceEnd = 1 + 8 + 4 + 16
	cursorSumAt    = cursorPlaceEnd + len(fingerprint{})
	cursorLength   = cursorSumAt + crc32.Size
)

// fingerprint tells queries apart.
type fingerprint [8]byte

// fingerprintOf covers all of a query but its page. Cursors given out before a
// release that changes coaching.SessionQuery are foreign after it.
func fingerprintOf(operation string, query coaching.SessionQuery) (fingerprint, error) {
	query.After, query.Limit = nil, 0
	return fingerprintOfAny(operation, query)
}

// fingerprintOfAny covers all fields of a query that are exported.
func fingerprintOfAny(operation string, query any) (fingerprint, error) {
	text, err := json.Marshal(query)
	if err != nil {
		return fingerprint{}, fmt.Errorf("fingerprint a query: %w", err)
	}
	sum := sha256.Sum256(append([]byte(operation+"\n"), text...))
	return fingerprint(sum[:len(fingerprint{})]), nil
}

func writeCursor(p coaching.Place, query fingerprint) string {
	b := make([]byte, 0, cursorLength)
	b = append(b, cursorVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(p.StartedAt.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(p.StartedAt.Nanosecond()))
	b = append(b, p.ID[:]...)
	b = append(b, query[:]...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.RawURLEncoding.EncodeToString(b)
}

var errCursor = errors.New("broken or foreign cursor")

func readCursor(text string, query fingerprint) (coaching.Place, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != cursorLength || b[0] != cursorVersion ||
		binary.BigEndian.Uint32(b[cursorSumAt:]) != crc32.ChecksumIEEE(b[:cursorSumAt]) ||
		fingerprint(b[cursorPlaceEnd:cursorSumAt]) != query {
		return coaching.Place{}, errCursor
	}
	seconds, nanoseconds := binary.BigEndian.Uint64(b[1:]), binary.BigEndian.Uint32(b[9:])
	if seconds > uint64(latest.Unix()) || nanoseconds >= uint32(time.Second) {
		return coaching.Place{}, errCursor
	}
	return coaching.Place{
		StartedAt: time.Unix(int64(seconds), int64(nanoseconds)).UTC(),
		ID:        coaching.SessionID(b[13:cursorPlaceEnd]),
	}, nil
}

// after is the place a cursor names; nil without one.
func after(cursor string, query fingerprint) (*coaching.Place, error) {
	if cursor == "" {
		return nil, nil
	}
	place, err := readCursor(cursor, query)
	if err != nil {
		return nil, foreignCursor()
	}
	return &place, nil
}

func foreignCursor() *fault {
	return &fault{code: invalidCursor, fields: []api.FieldError{{Field: "cursor", Reason: "is broken or belongs to other filters"}}}
}

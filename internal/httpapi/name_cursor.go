package httpapi

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// A cursor of a list by name is, in base64url: a version, the fingerprint of the
// query, the id and the name where the page ended, and a checksum over all of that.
const (
	nameCursorVersion = 2
	nameCursorIDAt    = 1 + len(fingerprint{})
	nameCursorNameAt  = nameCursorIDAt + len(uuid.UUID{})
)

func writeNameCursor(p coaching.NamePlace, query fingerprint) string {
	b := append([]byte{nameCursorVersion}, query[:]...)
	b = append(b, p.ID[:]...)
	b = append(b, p.Name...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.RawURLEncoding.EncodeToString(b)
}

// afterName is the place a cursor names; nil without one.
func afterName(cursor string, query fingerprint) (*coaching.NamePlace, error) {
	if cursor == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	sumAt := len(b) - crc32.Size
	if err != nil || sumAt < nameCursorNameAt || b[0] != nameCursorVersion ||
		binary.BigEndian.Uint32(b[sumAt:]) != crc32.ChecksumIEEE(b[:sumAt]) || fingerprint(b[1:nameCursorIDAt]) != query {
		return nil, foreignCursor()
	}
	return &coaching.NamePlace{Name: string(b[nameCursorNameAt:sumAt]), ID: uuid.UUID(b[nameCursorIDAt:nameCursorNameAt])}, nil
}

// nextByName is the cursor of the page after one; nil after the last.
func nextByName(place *coaching.NamePlace, query fingerprint) *string {
	if place == nil {
		return nil
	}
	next := writeNameCursor(*place, query)
	return &next
}

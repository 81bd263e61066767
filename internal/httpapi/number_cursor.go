package httpapi

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
)

// A cursor of a list by number is, in base64url: a version, the fingerprint of the
// query, the number that the next page is before, and a checksum over all of that.
const (
	numberCursorVersion  = 3
	numberCursorNumberAt = 1 + len(fingerprint{})
	numberCursorSumAt    = numberCursorNumberAt + 8
)

// nextByNumber is the cursor of the page before a number; nil for 0, which is none.
func nextByNumber(number int64, query fingerprint) *string {
	if number == 0 {
		return nil
	}
	b := append([]byte{numberCursorVersion}, query[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(number))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	next := base64.RawURLEncoding.EncodeToString(b)
	return &next
}

// beforeNumber is the number that a cursor names; 0 without one.
func beforeNumber(cursor string, query fingerprint) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) != numberCursorSumAt+crc32.Size || b[0] != numberCursorVersion ||
		binary.BigEndian.Uint32(b[numberCursorSumAt:]) != crc32.ChecksumIEEE(b[:numberCursorSumAt]) ||
		fingerprint(b[1:numberCursorNumberAt]) != query {
		return 0, foreignCursor()
	}
	number := int64(binary.BigEndian.Uint64(b[numberCursorNumberAt:]))
	if number < 1 {
		return 0, foreignCursor()
	}
	return number, nil
}

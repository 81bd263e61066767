package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// A token's text is a prefix, which scanners for leaked secrets recognise, and in
// base32: 256 random bits, and a checksum over them that tells a mistyped token
// from a revoked one without a look at any list.
const (
	prefix     = "cm_"
	randomSize = 32
	textLength = len(prefix) + 58 // of 36 bytes in base32
)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Hash is what is kept of a token's text. The text is random, so nothing slower
// than SHA-256 is needed to keep it from being guessed.
type Hash [sha256.Size]byte

// NewSecret makes the text of a token. It is shown once and kept nowhere.
func NewSecret() string {
	var random [randomSize]byte
	_, _ = rand.Read(random[:]) // never fails
	return textOf(random[:])
}

func textOf(random []byte) string {
	sum := crc32.ChecksumIEEE(random)
	return prefix + encoding.EncodeToString(binary.BigEndian.AppendUint32(random[:randomSize:randomSize], sum))
}

// HashOf is the hash of a token's text, if the text has the form of one.
func HashOf(text string) (Hash, bool) {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || len(text) != textLength {
		return Hash{}, false
	}
	raw, err := encoding.DecodeString(rest)
	// Made anew, because the last letter has bits that mean nothing.
	if err != nil || textOf(raw[:randomSize]) != text {
		return Hash{}, false
	}
	return sha256.Sum256([]byte(text)), true
}

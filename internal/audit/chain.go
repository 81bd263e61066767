package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Hash ties an entry to all before it.
type Hash [sha256.Size]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// chainVersion is the first field of what is hashed. Another way to hash has
// another.
const chainVersion = "1"

// After is the hash that the entry must have behind an entry of the hash prior; the
// first entry is behind one of zeros. It needs no secret: anybody who has the
// entries can compute it. It is the SHA-256 of these texts, each written as its
// length in bytes, a colon, the text and a comma ("5:token,"):
//
//	"1", the prior hash in hex, the number, the time in microseconds since 1970,
//	action, result, the actor's kind, id and user ("" for none),
//	the subject's kind and id, and the details as JSON without spaces, sorted by name
func (e *Entry) After(prior Hash) Hash {
	user := ""
	if e.Actor.User != nil {
		user = e.Actor.User.String()
	}
	sum := sha256.New()
	for _, field := range []string{
		chainVersion, prior.String(), strconv.FormatInt(e.Number, 10), strconv.FormatInt(e.At.UnixMicro(), 10),
		string(e.Action), e.Result, string(e.Actor.Kind), e.Actor.ID, user,
		string(e.Subject.Kind), e.Subject.ID, e.Details,
	} {
		_, _ = fmt.Fprintf(sum, "%d:%s,", len(field), field) // never fails
	}
	return Hash(sum.Sum(nil))
}

// Head is where a chain ends. Whoever notes one elsewhere can tell later whether
// what led to it is still the same.
type Head struct {
	Number int64 // 0 of an empty chain
	Hash   Hash
}

func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Number, h.Hash) }

// ParseHead reads what String wrote.
func ParseHead(text string) (Head, error) {
	number, hash, _ := strings.Cut(text, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	raw, hexErr := hex.DecodeString(hash)
	if err != nil || hexErr != nil || n < 1 || len(raw) != sha256.Size {
		return Head{}, fmt.Errorf("%.100q is no head of an audit; write NUMBER:HASH, as audit verify prints it", text)
	}
	return Head{Number: n, Hash: Hash(raw)}, nil
}

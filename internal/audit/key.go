package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

// Key is the secret of one month, under which what is personal is hashed.
type Key [32]byte

// KeyFamily is what the names of all keys begin with.
const KeyFamily = "audit"

// KeyName is the name of the key of the month that a moment is in, such as "audit
// 2026-11". Names sort as the months do: those that are before KeyName of a moment
// are older than its month, and may be destroyed one by one. What was hashed under
// a destroyed key can be told from nothing any more, and all chains stay good.
func KeyName(at time.Time) string { return KeyFamily + " " + at.UTC().Format("2006-01") }

// endOfMonth is when the key of a moment ceases to be the one in use.
func endOfMonth(at time.Time) time.Time {
	year, month, _ := at.UTC().Date()
	return time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
}

// Personal is a text that an entry may hold as a keyed hash only.
type Personal struct {
	of   string // what kind of text: equal texts of two kinds have different hashes
	text string
}

// Number is a customer's phone number, as exact as the search takes it.
func Number(text string) Personal { return Personal{of: "number", text: text} }

// Team is the name of a team.
func Team(text string) Personal { return Personal{of: "team", text: text} }

// MarshalJSON fails: what is personal gets into no entry by mistake.
func (Personal) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a personal text is not to be written as it is")
}

// hashLength is how much of a keyed hash is kept: enough to tell texts apart.
const hashLength = 16

// Hash is the keyed hash of a personal text, in hex.
func (k Key) Hash(p Personal) string {
	mac := hmac.New(sha256.New, k[:])
	_, _ = mac.Write([]byte(p.of + "\x00" + p.text)) // never fails
	return hex.EncodeToString(mac.Sum(nil)[:hashLength])
}

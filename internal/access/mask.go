package access

import (
	"regexp"
	"strings"
)

// shownDigits is how many digits of a number a masked one shows, and fewestDigits
// how many a number must have for that.
const (
	shownDigits  = 2
	fewestDigits = 5
	maskedLength = 7
)

// Masked is a phone number for those who may not see it: its last two digits after
// stars, always of the same length. A number so short that two digits are much of
// it, or what is no number, is stars only. "" stays.
func Masked(number string) string {
	if number == "" {
		return ""
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	if len(digits) < fewestDigits {
		return strings.Repeat("*", maskedLength)
	}
	return strings.Repeat("*", maskedLength-shownDigits) + digits[len(digits)-shownDigits:]
}

// written are numbers as people write them into a text: five digits or more, with
// what stands between them.
var written = regexp.MustCompile(`[+(]*\p{Nd}(?:[\s()./‐‑–-]{0,3}\p{Nd}){4,}`)

// MaskedIn is a text that somebody wrote, with every number in it masked.
func MaskedIn(text string) string { return written.ReplaceAllStringFunc(text, Masked) }

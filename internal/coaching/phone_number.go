package coaching

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
)

// PhoneNumber is a customer's number, for comparing it with others however they are
// spelt. Where both are digits with what people write between them, the digits
// count: +49 (30) 123-4567 is 49301234567. That 0049... and 030... may be the same
// line nobody can tell from the text, so they are other numbers. Of an address such
// as sip:+4930...@trunk the number counts; where that is none, as in "anonymous", the
// whole text does.
type PhoneNumber struct {
	text   string
	digits string // "" where the text is no plain number
}

// NewPhoneNumber reads a number as dialers' texts are kept.
func NewPhoneNumber(spelt string) PhoneNumber {
	n := PhoneNumber{text: text(spelt)}
	n.digits = digitsOf(n.text)
	return n
}

// IsZero tells whether there is no number.
func (n PhoneNumber) IsZero() bool { return n.text == "" }

// Telling tells whether the number is long enough to mean one customer.
func (n PhoneNumber) Telling() bool {
	const fewestDigits = 5
	if n.digits == "" {
		return strings.Contains(n.text, "@")
	}
	return len(n.digits) >= fewestDigits
}

// Is tells whether a text is this number.
func (n PhoneNumber) Is(spelt string) bool {
	if n.IsZero() {
		return false
	}
	return spelt == n.text || n.digits != "" && digitsOf(spelt) == n.digits
}

// shortest is how many digits a number has to have to be found within other digits;
// an extension of three would be found in any time of day.
const shortest = 6

// In tells whether somebody wrote this number somewhere in a text.
func (n PhoneNumber) In(written string) bool {
	switch {
	case n.IsZero():
		return false
	case n.digits == "":
		return strings.Contains(written, n.text)
	}
	for _, run := range strings.FieldsFunc(written, func(r rune) bool { return !isDigit(r) && !isBetweenDigits(r) }) {
		run = strings.Map(onlyDigits, run)
		if run == n.digits || len(n.digits) >= shortest && strings.Contains(run, n.digits) {
			return true
		}
	}
	return false
}

// TracedIn tells whether bytes of any kind hold this number, in whatever spelling. It
// may take something else for it, and never overlooks it.
func (n PhoneNumber) TracedIn(raw []byte) bool {
	switch {
	case n.IsZero():
		return false
	case n.digits == "":
		return bytes.Contains(raw, []byte(n.text))
	}
	within := make([]byte, 0, len(raw))
	for _, b := range raw {
		if !strings.ContainsRune("+-./() \t", rune(b)) {
			within = append(within, b)
		}
	}
	return bytes.Contains(within, []byte(n.digits))
}

// addressed are the ways to write a number into an address: sip:+4930...@trunk,
// tel:+4930...;ext=5.
var addressed = regexp.MustCompile(`^(?i:sips?:|tel:)?([^@;]*)[@;]?`)

// digitsOf are the digits of a plain number, "" of any other text.
func digitsOf(spelt string) string {
	spelt = addressed.FindStringSubmatch(spelt)[1]
	if strings.ContainsFunc(spelt, func(r rune) bool { return !isDigit(r) && !isBetweenDigits(r) }) {
		return ""
	}
	return strings.Map(onlyDigits, spelt)
}

func onlyDigits(r rune) rune {
	if isDigit(r) {
		return r
	}
	return -1
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isBetweenDigits(r rune) bool {
	return strings.ContainsRune("+-./()‐‑–", r) || unicode.IsSpace(r)
}

package coaching_test

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

func TestPhoneNumbersAreTheSameByTheirDigits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		number, other string
		want          bool
	}{
		{"+49 30 123456", "4930123456", true},
		{"+49 30 123456", "+49 (30) 123-456", true},
		{" 4930123456 ", "+49/30/123.456", true},
		{"+4930123456", "004930123456", false},
		{"+4930123456", "030123456", false},
		{"+4930123456", "49301234567", false},
		{"+4930123456", "sip:4930123456@pbx", true},
		{"sips:+4930123456@pbx;transport=tcp", "tel:+49-30-123456;ext=5", true},
		{"4930123456@trunk", "+49 30 123456", true},
		{"anonymous@anonymous.invalid", "sip:anonymous@pbx", false},
		{"sip:4930123456@pbx", "sip:4930123456@pbx", true},
		{"anonymous", "anonymous", true},
		{"anonymous", "", false},
		{"+", "-", false},
		{"", "", false},
	} {
		if got := coaching.NewPhoneNumber(c.number).Is(c.other); got != c.want {
			t.Errorf("%q is %q: got %v", c.number, c.other, got)
		}
	}
}

func TestPhoneNumbersAreFoundInTexts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		number, text string
		want         bool
	}{
		{"+49 30 123456", "customer 4930123456 asked", true},
		{"+49 30 123456", "customer (0049) 30-123-456.", true},
		{"+49 30 123456", "at 10:30 +4930 123 456", true},
		{"+49 30 123456", "customer 4930123455", false},
		{"+49 30 123456", "", false},
		{"110", "of 110, at 11:01", true},
		{"110", "room 1103", false},
		{"anonymous", "an anonymous caller", true},
		{"", "anything", false},
	} {
		if got := coaching.NewPhoneNumber(c.number).In(c.text); got != c.want {
			t.Errorf("%q in %q: got %v", c.number, c.text, got)
		}
	}
}

func TestPhoneNumbersAreTracedInBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		number, raw string
		want        bool
	}{
		{"+49 30 123456", "\x00\xff49-30-123456\x01", true},
		{"+49 30 123456", "\x00\xff49\x0030123456", false},
		{"anonymous", "\x02anonymous", true},
		{"", "\x02anonymous", false},
	} {
		if got := coaching.NewPhoneNumber(c.number).TracedIn([]byte(c.raw)); got != c.want {
			t.Errorf("%q in %q: got %v", c.number, c.raw, got)
		}
	}
}

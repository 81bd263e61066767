package asterisk

import (
	"slices"
	"strings"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// spy is what the arguments of ChanSpy and ExtenSpy tell. Neither ChanSpyStart nor
// ChanSpyStop does (testdata/sip-coach-supervisor-dials.ami).
type spy struct {
	kind    coaching.Type
	prefix  string // of the names of the channels that may be spied on; "" where all may be
	exact   bool   // prefix is the name or Uniqueid of one channel
	bridged bool   // only channels in a bridge
	narrow  bool   // only some of those that the prefix names, by marks we do not see
	digits  bool   // the supervisor may switch the type by keypad
}

// spyOf reads the arguments of an application: PREFIX[,OPTIONS]. It tells whether
// the application spies at all.
func spyOf(application, data string) (spy, bool) {
	extension := strings.EqualFold(application, "ExtenSpy")
	if !extension && !strings.EqualFold(application, "ChanSpy") {
		return spy{}, false
	}
	prefix, options, _ := strings.Cut(data, ",")
	if prefix == "all" {
		prefix = "" // as Asterisk reads it
	}
	options = letters(options)
	s := spy{
		kind: typeOf(options), prefix: prefix,
		exact: strings.Contains(options, "u"), bridged: strings.Contains(options, "b"),
		narrow: strings.ContainsAny(options, "ge"), digits: strings.Contains(options, "d"),
	}
	if extension {
		s.prefix, s.exact, s.narrow = "", false, true // whose device the extension is, only its hint knows
	}
	return s, true
}

// typeOf is what the options make of a spy; who hears whom was measured.
func typeOf(options string) coaching.Type {
	switch {
	case strings.Contains(options, "B"):
		return coaching.TypeBarge
	case strings.ContainsAny(options, "wW"):
		return coaching.TypeCoach
	default:
		return coaching.TypeMonitor
	}
}

// letters drops the arguments of options, such as those of g(sales:support).
func letters(options string) string {
	depth := 0
	return strings.Map(func(r rune) rune {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case depth <= 0:
			return r
		}
		return -1
	}, options)
}

// byDigit is the type that a digit switches to, under option d.
func byDigit(digit string) (coaching.Type, bool) {
	t, ok := map[string]coaching.Type{"4": coaching.TypeMonitor, "5": coaching.TypeCoach, "6": coaching.TypeBarge}[digit]
	return t, ok
}

// byVariable is the type that the dialplan names in a channel variable.
func byVariable(value string) (coaching.Type, bool) {
	t := coaching.Type(strings.ToLower(strings.TrimSpace(value)))
	return t, slices.Contains(coaching.Types(), t) && t != coaching.TypeUnknown
}

// follows tells whether a spy that waits can wait for this device only: then its
// session outlives the call and goes on to the next (testdata/sip-call-ends-while-spied-waits.ami).
func (s spy) follows(device string) bool {
	return device != "" && !s.exact && strings.EqualFold(strings.TrimSuffix(s.prefix, "-"), device)
}

// names tells whether the spy names a channel's phone, or phones of its kind, and
// not just whatever is there: PJSIP/agent1, PJSIP/agent1- and PJSIP/agent do, PJSIP/
// and one channel by itself do not.
func (s spy) names(ch *channel) bool {
	_, phone, _ := strings.Cut(s.prefix, "/")
	return phone != "" && !s.exact && s.begins(ch.name)
}

// matches tells whether the spy may begin to listen to a channel as it is now.
func (s spy) matches(ch *channel) bool {
	return s.allows(ch) && (ch.bridge != "" || !s.bridged)
}

// allows tells whether the spy's arguments name a channel. One in a bridge that was
// listened to may have left it since.
func (s spy) allows(ch *channel) bool {
	if s.exact {
		return s.prefix == ch.name || s.prefix == ch.id
	}
	return s.begins(ch.name)
}

// begins tells whether a name begins with the prefix, which Asterisk compares without
// regard to case.
func (s spy) begins(name string) bool {
	return len(name) >= len(s.prefix) && strings.EqualFold(name[:len(s.prefix)], s.prefix)
}

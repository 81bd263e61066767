package asterisk

import (
	"slices"
	"strings"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// spy is what the arguments of ChanSpy and ExtenSpy tell. Neither ChanSpyStart nor
// ChanSpyStop does (testdata/sip-coach-supervisor-dials.ami).
type spy struct {
	kind    coaching.Type
	prefix  string // of the names of the channels that may be spied on; "" where all may be
	place   place  // where those channels are in the dialplan; empty where they may be anywhere
	exact   bool   // prefix is the name or Uniqueid of one channel
	bridged bool   // only channels in a bridge
	narrow  bool   // only some of those that the prefix names, by marks we do not see
	digits  bool   // the supervisor may switch the type by keypad
}

// place is one in the dialplan. Whoever calls an extension is there, and nobody who is
// called by it: ExtenSpy looks for channels by nothing else, and by no hint.
type place struct{ exten, context string }

func placeOf(e ami.Message) place { return place{e.Get("Exten"), e.Get("Context")} }

// has tells whether a channel is there. Asterisk compares without regard to case.
func (p place) has(ch *channel) bool {
	return strings.EqualFold(p.exten, ch.place.exten) && (p.context == "" || strings.EqualFold(p.context, ch.place.context))
}

// spyOf reads the arguments of an application: PREFIX[,OPTIONS], and of ExtenSpy
// EXTEN[@CONTEXT][,OPTIONS]. It tells whether the application spies at all.
func spyOf(application, data string) (spy, bool) {
	extension := strings.EqualFold(application, "ExtenSpy")
	if !extension && !strings.EqualFold(application, "ChanSpy") {
		return spy{}, false
	}
	prefix, options, _ := strings.Cut(data, ",")
	if prefix == "all" && !extension {
		prefix = "" // as Asterisk reads it
	}
	options = letters(options)
	s := spy{
		kind: typeOf(options), prefix: prefix,
		exact: strings.Contains(options, "u"), bridged: strings.Contains(options, "b"),
		narrow: strings.ContainsAny(options, "ge"), digits: strings.Contains(options, "d"),
	}
	if extension {
		s.prefix, s.exact = "", false
		s.place.exten, s.place.context, _ = strings.Cut(prefix, "@")
		if s.place.exten == "" {
			s.place.context = "" // a context alone means nothing
		}
		s.narrow = s.narrow || s.place.exten != "" && s.place.context == "" // the supervisor's own
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
	switch {
	case s.bridged && ch.bridge == "":
		return false
	case s.place != place{}:
		return s.place.has(ch)
	default:
		return s.allows(ch)
	}
}

// allows tells whether the spy's arguments name a channel, wherever that has gone since
// it was listened to: out of its bridge, or on in the dialplan, by which ExtenSpy finds it.
func (s spy) allows(ch *channel) bool {
	if s.exact {
		return s.prefix == ch.name || s.prefix == ch.id
	}
	return s.begins(ch.name)
}

// holds tells whether the spy may be listening to a channel by now. One that ExtenSpy
// has found may be anywhere in the dialplan.
func (s spy) holds(ch *channel) bool { return s.place != place{} || s.matches(ch) }

// begins tells whether a name begins with the prefix, which Asterisk compares without
// regard to case.
func (s spy) begins(name string) bool {
	return len(name) >= len(s.prefix) && strings.EqualFold(name[:len(s.prefix)], s.prefix)
}

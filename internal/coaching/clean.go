package coaching

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// textLimit is how many bytes of a dialer's text are kept.
const textLimit = 200

// clean makes a dialer's report safe to keep: valid UTF-8 without control
// characters and of a bounded length, and moments as exact as databases keep them,
// so that the same moment stays the same. It tells whether the report can be used
// at all; one about nobody or no leg cannot.
func clean(sighting Sighting) (Sighting, bool) {
	switch s := sighting.(type) {
	case Attached:
		return s.cleaned(), s.usable()
	case Detached:
		s.At = moment(s.At)
		return s, usableLeg(s.Leg)
	case CallSeen:
		return s.cleaned(), s.usable()
	case UserSeen:
		s.Person, s.Reason, s.Since = s.Person.cleaned(), text(s.Reason), moment(s.Since)
		return s, s.Person.Extension != ""
	case SnapshotBegun:
		s.Boot = text(s.Boot)
		return s, true
	case Snapshot:
		return s.cleaned(), true
	default:
		return s, true
	}
}

func (s Snapshot) cleaned() Snapshot {
	s.Legs = cleanEach(s.Legs)
	s.Calls = cleanEach(s.Calls)
	s.Users = cleanEach(s.Users)
	s.At = moment(s.At)
	return s
}

func cleanEach[S Sighting](sightings []S) []S {
	var kept []S
	for _, s := range sightings {
		if c, ok := clean(s); ok {
			kept = append(kept, c.(S))
		}
	}
	return kept
}

func (a Attached) usable() bool {
	return usableLeg(a.Leg) && text(a.Supervisor.Extension) != "" && (a.Target == nil || text(a.Target.Extension) != "") && !a.At.IsZero()
}

func (a Attached) cleaned() Attached {
	a.Supervisor = a.Supervisor.cleaned()
	if a.Target != nil {
		target := a.Target.cleaned()
		a.Target = &target
	}
	a.TargetCampaign, a.At = a.TargetCampaign.cleaned(), moment(a.At)
	if !slices.Contains(Types(), a.Type) {
		a.Type = TypeUnknown
	}
	return a
}

func (c CallSeen) usable() bool {
	return text(c.CallID) != "" && text(c.Agent.Extension) != "" && !c.StartedAt.IsZero()
}

func (c CallSeen) cleaned() CallSeen {
	c.CallID, c.PhoneNumber = text(c.CallID), text(c.PhoneNumber)
	c.Agent = c.Agent.cleaned()
	c.StartedAt, c.At, c.AnsweredAt, c.EndedAt = moment(c.StartedAt), moment(c.At), someMoment(c.AnsweredAt), someMoment(c.EndedAt)
	c.Campaign, c.List, c.ResultCode = c.Campaign.cleaned(), c.List.cleaned(), c.ResultCode.cleaned()
	return c
}

func (p Person) cleaned() Person {
	return Person{Extension: text(p.Extension), Name: text(p.Name), Team: text(p.Team)}
}

func (n Named) cleaned() Named { return Named{Key: text(n.Key), Name: text(n.Name)} }

func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func someMoment(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	m := moment(*t)
	return &m
}

// usableLeg tells whether a leg's id can be kept as it is; it has to be, since the
// dialer is asked about it by it.
func usableLeg(leg string) bool { return leg != "" && leg == text(leg) }

// text makes a dialer's text safe to keep.
func text(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.TrimSpace(s)
	if len(s) <= textLimit {
		return s
	}
	end := textLimit
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.TrimSpace(s[:end])
}

package asterisk

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

func chance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// line is a report as a person reads it.
func line(told coaching.Sighting) string {
	switch s := told.(type) {
	case coaching.SnapshotBegun:
		return fmt.Sprintf("snapshot of the run since %s\n", s.Boot)
	case coaching.Snapshot:
		var b strings.Builder
		for _, l := range s.Legs {
			b.WriteString("  " + line(l))
		}
		for _, c := range s.Calls {
			b.WriteString("  " + line(c))
		}
		for _, u := range s.Users {
			b.WriteString("  " + line(u))
		}
		return b.String() + "end of snapshot\n"
	case coaching.Attached:
		target := "somebody"
		if s.Target != nil {
			target = person(*s.Target)
		}
		return fmt.Sprintf("%s attached: leg %s of %s to %s, %s%s%s\n", moment(s.At), s.Leg, person(s.Supervisor), target, s.Type,
			named(" in", s.TargetCampaign), inexact(s.Exact))
	case coaching.Detached:
		what := "waits"
		if s.Gone {
			what = "gone"
		}
		return fmt.Sprintf("%s detached: leg %s %s, %s%s\n", moment(s.At), s.Leg, what, s.Reason, inexact(s.Exact))
	case coaching.CallSeen:
		return fmt.Sprintf("%s call %s of %s: %s %s, %s from %s%s%s%s%s%s\n", moment(s.At), s.CallID, person(s.Agent), s.Direction,
			s.PhoneNumber, s.State, moment(s.StartedAt), since(" answered", s.AnsweredAt), since(" ended", s.EndedAt),
			named(", campaign", s.Campaign), named(", list", s.List), named(", result", s.ResultCode))
	case coaching.UserSeen:
		return fmt.Sprintf("%s user %s: %s\n", moment(s.Since), person(s.Person), strings.TrimSpace(string(s.Status)+" "+s.Reason))
	default:
		return fmt.Sprintf("%+v\n", told)
	}
}

func person(p coaching.Person) string {
	if p.Name == "" {
		return p.Extension
	}
	return fmt.Sprintf("%s (%s)", p.Extension, p.Name)
}

func named(as string, n coaching.Named) string {
	if n.Key == "" {
		return ""
	}
	return fmt.Sprintf("%s %q", as, n.Key)
}

func since(as string, at *time.Time) string {
	if at == nil {
		return ""
	}
	return as + " " + moment(*at)
}

func inexact(exact bool) string {
	if exact {
		return ""
	}
	return ", not exact"
}

func moment(at time.Time) string {
	if at.Equal(standing) {
		return "now"
	}
	if late := at.Sub(standing); late > 0 && late < time.Second {
		return fmt.Sprintf("now+%dus", late.Microseconds())
	}
	return at.Format("15:04:05.000000")
}

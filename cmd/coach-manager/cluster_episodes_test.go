package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

// episode is what was in the centre: one leg on one target.
type episode struct {
	simulator.Attachment
	heard bool // while it lasted, the centre was heard: it must have been kept
}

func (e episode) live() bool { return e.EndedAt.IsZero() }

// keptSession is what the database made of one or more episodes of a leg.
type keptSession struct {
	ID, Boot, Leg, Target, State, Type string
	StartedAt                          time.Time
	StartedAtExact                     bool
	EndedAt                            *time.Time
	EndedAtExact                       bool
	EndReason                          string
}

// begins tells whether a session may have begun with an episode.
func (k keptSession) begins(e episode) bool {
	return k.Target == e.Target && (!k.StartedAtExact || k.StartedAt.Equal(e.BeganAt))
}

// ends tells whether a session may have ended with an episode, or goes on with it.
func (k keptSession) ends(e episode) bool {
	if (k.State != "ended") != e.live() {
		return false
	}
	return !k.EndedAtExact ||
		k.EndedAt.Equal(e.EndedAt) && k.EndReason == string(e.Reason) && k.Type == string(e.Types[len(e.Types)-1].Type)
}

// tells tells whether sessions of a leg, by their start, are a true account of its
// episodes: each session is of an episode, in their order, and each episode that was
// heard has exactly one. Two episodes on one target may have become one session
// where nobody could know that the leg was elsewhere in between.
func tells(past []episode, kept []keptSession, heardBetween func(from, to time.Time) bool) bool {
	// A place is how many sessions are accounted for, and the last episode that was
	// one of them.
	type place struct{ sessions, last int }
	places := map[place]bool{{0, -1}: true}
	for i, e := range past {
		next := map[place]bool{}
		for p := range places {
			if !e.heard {
				next[p] = true
			}
			closed := p.sessions == 0 || kept[p.sessions-1].ends(past[p.last])
			if closed && p.sessions < len(kept) && kept[p.sessions].begins(e) {
				next[place{p.sessions + 1, i}] = true
			}
			if p.sessions > 0 && kept[p.sessions-1].Target == e.Target && !heardBetween(past[p.last].EndedAt, e.BeganAt) {
				next[place{p.sessions, i}] = true
			}
		}
		places = next
	}
	for p := range places {
		if p.sessions == len(kept) && (p.sessions == 0 || kept[p.sessions-1].ends(past[p.last])) {
			return true
		}
	}
	return false
}

// A check that lets everything pass proves nothing. An agent's letter and two
// seconds are an episode or a session: "a1-3" lasts from second 1 to 3, "a1-" goes
// on. One with ! was heard, or is exact; the bell was heard at the even seconds.
func TestWhatIsATrueAccountOfALeg(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		past, kept string
		want       bool
	}{
		"nothing":                                  {"", "", true},
		"unheard and lost":                         {"a1-2", "", true},
		"heard and lost":                           {"a1-3!", "", false},
		"heard and kept":                           {"a1-3!", "a1-3!", true},
		"an inferred start and end":                {"a1-9!", "a3-5", true},
		"unheard and kept all the same":            {"a1-2", "a1-2!", true},
		"made up":                                  {"", "a1-2", false},
		"another target":                           {"a1-3!", "b1-3", false},
		"another start that is said to be exact":   {"a1-3!", "a2-3!", false},
		"another end that is said to be exact":     {"a1-3!", "a1-4!", false},
		"live and kept so":                         {"a1-!", "a1-!", true},
		"live and gone":                            {"a1-3!", "a1-", false},
		"ended and alive":                          {"a1-!", "a1-4", false},
		"twice":                                    {"a1-9!", "a1-9! a1-9!", false},
		"ended and begun again":                    {"a1-9!", "a1-4 a4-9!", false},
		"moved":                                    {"a1-3! b3-9! a9-!", "a1-3! b3-9! a9-!", true},
		"moved, and one move lost":                 {"a1-3! b3-9! a9-!", "a1-3! a9-!", false},
		"moved out of order":                       {"a1-3! b3-9!", "b3-9! a1-3!", false},
		"away and back, unseen":                    {"a1-5! b5-5 a5-9!", "a1-9!", true},
		"away and back, unseen, and two kept":      {"a1-5! b5-5 a5-9!", "a1-5! a5-9!", true},
		"away and back, though the bell was heard": {"a1-3! b3-6 a6-9!", "a1-9!", false},
		"one goes on in another's place":           {"a1-3! b3-6", "a1-", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var past []episode
			for _, k := range sessionsOf(t, c.past) {
				e := episode{Attachment: simulator.Attachment{Target: k.Target, BeganAt: k.StartedAt, Types: []coaching.TypeSince{{}}}, heard: k.StartedAtExact}
				if k.EndedAt != nil {
					e.EndedAt = *k.EndedAt
				}
				past = append(past, e)
			}
			kept := sessionsOf(t, c.kept)
			even := func(from, to time.Time) bool {
				for at := from.Unix(); at <= to.Unix(); at++ {
					if at%2 == 0 {
						return true
					}
				}
				return false
			}
			if got := tells(past, kept, even); got != c.want {
				t.Errorf("%q of %q: got %v, want %v", c.kept, c.past, got, c.want)
			}
		})
	}
}

func sessionsOf(t *testing.T, text string) (all []keptSession) {
	t.Helper()
	for _, one := range strings.Fields(text) {
		one, exact := strings.CutSuffix(one, "!")
		from, to, _ := strings.Cut(one[1:], "-")
		second := func(text string) time.Time {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			return time.Unix(int64(n), 0)
		}
		k := keptSession{Target: one[:1], State: "active", StartedAt: second(from), StartedAtExact: exact}
		if to != "" {
			end := second(to)
			k.State, k.EndedAt, k.EndedAtExact = "ended", &end, exact
		}
		all = append(all, k)
	}
	return all
}

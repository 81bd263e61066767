package simulator_test

import (
	"slices"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

// compareEnded: where something was missed, no session is made up, none is told
// twice, and none is lost that was there to be seen. Ends are exact only where
// targets are always told: a leg that moved unseen and is then found without its
// target ends, for the rules, the session it carried before.
func (c *comparison) compareEnded(targetsTold bool) {
	c.Helper()
	truth := map[[2]string][]simulator.Attachment{} // by boot and leg
	for _, a := range slices.Concat(c.truth.Ended, c.truth.Live) {
		key := [2]string{a.Boot, a.Leg}
		truth[key] = append(truth[key], a)
	}
	rules := map[[2]string][]*coaching.Session{}
	for _, s := range c.rows.sessions {
		key := [2]string{s.Boot, s.Leg}
		rules[key] = append(rules[key], s)
	}
	for key, sessions := range rules {
		slices.SortStableFunc(sessions, func(a, b *coaching.Session) int { return a.StartedAt.Compare(b.StartedAt) })
		for i, s := range sessions {
			if i > 0 && (sessions[i-1].Live() || s.StartedAt.Before(*sessions[i-1].EndedAt)) {
				c.Errorf("two sessions at once on %v:\n%+v\n%+v", key, c.session(sessions[i-1]), c.session(s))
			}
			c.compareOne(s, truth[key], targetsTold)
		}
	}
	for key, attachments := range truth {
		for _, a := range attachments {
			c.compareSeen(a, rules[key])
		}
	}
}

// compareOne: a session is of an attachment there was.
func (c *comparison) compareOne(s *coaching.Session, of []simulator.Attachment, targetsTold bool) {
	c.Helper()
	x := c.session(s)
	var same []simulator.Attachment
	for _, a := range of {
		if a.Supervisor == x.Supervisor && (x.Target == "" || a.Target == x.Target) && !before(x.Ended, a.BeganAt) && !before(a.EndedAt, x.Began) {
			same = append(same, a)
		}
	}
	if len(same) == 0 {
		c.Errorf("a session that never was: %+v\nof %+v", x, of)
		return
	}
	exactEnd := func(a simulator.Attachment) bool { return a.EndedAt.Equal(x.Ended) && a.Reason == s.EndReason }
	if targetsTold && s.EndedAtExact && !slices.ContainsFunc(same, exactEnd) {
		c.Errorf("ended exactly, but not so: %+v\nof %+v", x, same)
	}
	if s.StartedAtExact && !slices.ContainsFunc(same, func(a simulator.Attachment) bool { return a.BeganAt.Equal(x.Began) }) {
		c.Errorf("began exactly, but not so: %+v\nof %+v", x, same)
	}
}

// compareSeen: an attachment that began under observation has its session.
func (c *comparison) compareSeen(a simulator.Attachment, sessions []*coaching.Session) {
	c.Helper()
	n := 0
	for _, s := range sessions {
		if s.StartedAtExact && s.StartedAt.Equal(a.BeganAt) {
			n++
		}
	}
	if n > 1 {
		c.Errorf("told %d times: %+v", n, a)
	}
	long := a.EndedAt.IsZero() || a.EndedAt.Sub(a.BeganAt) > 3*time.Minute // longer than any gap
	if n == 0 && long && a.EndedAt.After(c.began.Add(3*time.Minute)) && !c.overlapped(a, sessions) {
		c.Errorf("lost: %+v", a)
	}
}

func (c *comparison) overlapped(a simulator.Attachment, sessions []*coaching.Session) bool {
	return slices.ContainsFunc(sessions, func(s *coaching.Session) bool {
		x := c.session(s)
		return x.Target == a.Target && !before(x.Ended, a.BeganAt) && !before(a.EndedAt, x.Began)
	})
}

// before compares ends: zero is not over yet.
func before(end, t time.Time) bool { return !end.IsZero() && end.Before(t) }

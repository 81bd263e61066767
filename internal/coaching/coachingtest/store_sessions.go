package coachingtest

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// pastSessions reports some hundred sessions of two dialers, many of which began
// in the same moment, and returns them, newest first.
func (w *storeWorld) pastSessions(random *rand.Rand, n int) []*coaching.Session {
	for i := 0; i < n; {
		dialer := []string{Dialer, "pbx2"}[random.IntN(2)]
		var reports []coaching.Sighting
		for range 20 {
			reports = append(reports, pastSession(random, i)...)
			i++
		}
		w.reportOf(dialer, reports...)
	}
	all := slices.Collect(maps.Values(w.whole))
	slices.SortFunc(all, func(a, b *coaching.Session) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), bytes.Compare(b.ID[:], a.ID[:]))
	})
	return all
}

// pastSession is what a dialer reports of the nth session.
func pastSession(random *rand.Rand, n int) []coaching.Sighting {
	leg, agent, at := fmt.Sprint("leg", n), inTeam(Agent(random.IntN(6))), At(random.IntN(60)*1800)
	var reports []coaching.Sighting
	for range random.IntN(3) { // the same number may be heard twice, and a call id used again
		call := Talking(fmt.Sprint("call", random.IntN(25)), agent, at)
		call.PhoneNumber = fmt.Sprint("+1555", random.IntN(12))
		reports = append(reports, call)
	}
	attached := Attached(leg, agent, coaching.Types()[random.IntN(5)], at)
	attached.Supervisor = inTeam(Supervisor(random.IntN(4)))
	if c := random.IntN(4); c > 0 {
		attached.TargetCampaign = coaching.Named{Key: fmt.Sprint(c)}
	}
	reports = append(reports, attached)
	if random.IntN(2) == 0 {
		attached.Type, attached.At = coaching.Types()[1+random.IntN(4)], at.Add(time.Second)
		reports = append(reports, attached)
	}
	for _, r := range slices.Clone(reports) {
		if call, ok := r.(coaching.CallSeen); ok {
			reports = append(reports, Over(call, at.Add(2*time.Second)))
		}
	}
	if random.IntN(10) > 0 {
		gone := Gone(leg, at.Add(time.Duration(1+random.IntN(40_000))*time.Second))
		gone.Reason = coaching.EndReasons()[random.IntN(3)]
		reports = append(reports, gone)
	}
	return reports
}

// inTeam puts somebody into one of a few teams, and teamOf tells which.
func inTeam(p coaching.Person) coaching.Person {
	p.Team = teamOf(p.Name)
	return p
}

func teamOf(name string) string { return fmt.Sprint("Team ", name[len(name)-1]%3) }

// matches is SessionQuery's meaning, said in the plainest way.
func matches(q coaching.SessionQuery, s *coaching.Session) bool {
	heard := func(is func(coaching.HeardCall) bool) bool { return slices.ContainsFunc(s.Calls, is) }
	hadType := func(t coaching.Type) bool { return slices.Contains(s.HadTypes(), t) }
	switch {
	case q.State == coaching.OnlyLive && !s.Live(), q.State == coaching.OnlyEnded && s.Live(),
		q.Team != "" && teamOf(s.User.Name) != q.Team && (s.Target == nil || teamOf(s.Target.Name) != q.Team),
		q.UserID != nil && s.User.ID != *q.UserID,
		q.TargetUserID != nil && (s.Target == nil || s.Target.ID != *q.TargetUserID),
		q.TargetCampaignID != nil && (s.TargetCampaignID == nil || *s.TargetCampaignID != *q.TargetCampaignID),
		q.CallID != "" && !heard(func(c coaching.HeardCall) bool { return c.CallID == q.CallID }),
		q.PhoneNumber != "" && !heard(func(c coaching.HeardCall) bool { return c.PhoneNumber == q.PhoneNumber }),
		len(q.Types) > 0 && !slices.ContainsFunc(q.Types, hadType),
		q.Dialer != "" && s.Dialer != q.Dialer,
		q.EndReason != "" && s.EndReason != q.EndReason,
		q.From != nil && s.StartedAt.Before(*q.From),
		q.To != nil && !s.StartedAt.Before(*q.To):
		return false
	}
	if q.At == nil {
		return true
	}
	return !s.StartedAt.After(*q.At) && !s.StartedAt.Before(q.At.Add(-24*time.Hour)) && (s.EndedAt == nil || s.EndedAt.After(*q.At))
}

// randomQuery has each field with a chance of share.
func randomQuery(random *rand.Rand, share float64, all []*coaching.Session) coaching.SessionQuery {
	like := func() *coaching.Session { return all[random.IntN(len(all))] }
	given := func() bool { return random.Float64() < share }
	moment := func() *time.Time {
		at := At(random.IntN(62*1800) / 600 * 600).Add([]time.Duration{0, 0, 300 * time.Nanosecond}[random.IntN(3)])
		return &at
	}
	q := coaching.SessionQuery{State: []coaching.StateFilter{"", coaching.AnyState, coaching.OnlyLive, coaching.OnlyEnded, coaching.OnlyEnded}[random.IntN(5)]}
	if given() {
		q.UserID = &like().User.ID
	}
	if given() {
		q.Team = fmt.Sprint("Team ", random.IntN(4))
	}
	if given() {
		q.TargetUserID = &like().Target.ID
	}
	if given() {
		q.TargetCampaignID = like().TargetCampaignID
	}
	if given() {
		q.CallID = fmt.Sprint("call", random.IntN(26))
	}
	if given() {
		q.PhoneNumber = fmt.Sprint("+1555", random.IntN(13))
	}
	if given() {
		q.Types = coaching.Types()[random.IntN(4):][:1+random.IntN(2)]
	}
	if given() {
		q.Dialer = like().Dialer
	}
	if given() {
		q.EndReason = like().EndReason
	}
	if given() {
		q.From = moment()
	}
	if given() {
		q.To = moment()
	}
	if given() {
		q.At = moment()
	}
	return q
}

// storeSessions compares pages with a plain search through everything.
func storeSessions(t *testing.T, w *storeWorld) {
	random := rand.New(rand.NewPCG(7, 7))
	all := w.pastSessions(random, 200)
	for i := range 120 {
		q := randomQuery(random, []float64{0, 0.1, 0.25, 0.5}[i%4], all)
		q.Limit = []int{5, 20, 60, 200}[random.IntN(4)]
		var want []coaching.SessionID
		for _, s := range all {
			if matches(q, s) {
				want = append(want, s.ID)
			}
		}
		got, pages := w.allPages(q, nil)
		if !slices.Equal(got, want) {
			t.Errorf("%+v: got %d sessions, want %d", q, len(got), len(want))
		}
		if wantPages := max(1, (len(want)+q.Limit-1)/q.Limit); pages != wantPages {
			t.Errorf("%+v: %d sessions on %d pages, want %d", q, len(got), pages, wantPages)
		}
	}
	page, err := w.Sessions(t.Context(), coaching.SessionQuery{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range page.Sessions {
		want := all[i].Clone()
		want.Calls, want.Requests = nil, nil
		same(t, "row", s, want)
	}
}

// allPages goes through the pages of a query and calls between after each.
func (w *storeWorld) allPages(q coaching.SessionQuery, between func()) (ids []coaching.SessionID, pages int) {
	w.t.Helper()
	for {
		page, err := w.Sessions(w.t.Context(), q)
		if err != nil {
			w.t.Fatalf("%+v: %v", q, err)
		}
		if len(page.Sessions) > q.Limit {
			w.t.Fatalf("%+v: %d sessions on a page", q, len(page.Sessions))
		}
		pages++
		for _, s := range page.Sessions {
			ids = append(ids, s.ID)
		}
		if page.Next == nil {
			return ids, pages
		}
		q.After = page.Next
		if between != nil {
			between()
		}
	}
}

// storeSessionsStable has sessions begin and end while somebody turns pages: none
// that was there comes twice or not at all.
func storeSessionsStable(t *testing.T, w *storeWorld) {
	random := rand.New(rand.NewPCG(8, 8))
	var want []coaching.SessionID
	for _, s := range w.pastSessions(random, 60) {
		want = append(want, s.ID)
	}
	n := 1000
	got, _ := w.allPages(coaching.SessionQuery{Limit: 7}, func() {
		n++
		w.report(Attached(fmt.Sprint("leg", n), Agent(1), coaching.TypeCoach, At(n*1800)), Gone(fmt.Sprint("leg", n-1), At(n*1800)))
	})
	if !slices.Equal(got, want) {
		t.Errorf("got %d sessions, want the %d that were there at the first page", len(got), len(want))
	}
}

package simulator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

const quarter = 90 * 24 * time.Hour

var until = time.Date(2026, time.March, 3, 15, 0, 0, 0, time.UTC)

func TestHistoryRepeatsBySeed(t *testing.T) {
	t.Parallel()
	first := simulator.History(simulator.Config{Seed: 4}, "pbx", until, 10*24*time.Hour)
	again := simulator.History(simulator.Config{Seed: 4, Quiet: true}, "pbx", until, 10*24*time.Hour)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
}

func TestHistoryIsAQuarterOfWork(t *testing.T) {
	t.Parallel()
	p := simulator.History(simulator.Config{Seed: 4}, "pbx", until, quarter)
	if n := len(p.Sessions); n < 17_000 || n > 25_000 {
		t.Errorf("got %d sessions, want about 20,000", n)
	}
	reasons, types := map[coaching.EndReason]int{}, map[coaching.Type]int{}
	outcomes, weekdays := map[coaching.Outcome]int{}, map[time.Weekday]int{}
	for _, s := range p.Sessions {
		reasons[s.EndReason]++
		weekdays[s.StartedAt.Weekday()]++
		for _, ty := range s.HadTypes() {
			types[ty]++
		}
		for _, r := range s.Requests {
			outcomes[r.Outcome]++
		}
	}
	for _, r := range coaching.EndReasons() {
		if reasons[r] == 0 {
			t.Errorf("no session ended because of %s", r)
		}
	}
	for _, ty := range coaching.Types() {
		if types[ty] == 0 {
			t.Errorf("no session had the type %s", ty)
		}
	}
	if outcomes[coaching.OutcomeConfirmed] == 0 || outcomes[coaching.OutcomeRefused] == 0 {
		t.Errorf("outcomes of requests: %v", outcomes)
	}
	if weekdays[time.Tuesday] < 5*weekdays[time.Sunday] {
		t.Errorf("no rhythm of the week: %v", weekdays)
	}
}

func TestHistoryHoldsTogether(t *testing.T) {
	t.Parallel()
	p := simulator.History(simulator.Config{Seed: 4}, "pbx", until, quarter)
	users, entries, ids := map[uuid.UUID]string{}, map[uuid.UUID]coaching.CatalogueKind{}, map[uuid.UUID]bool{}
	for _, u := range p.Users {
		users[u.ID] = u.Name
	}
	for _, e := range p.Catalogue {
		entries[e.ID] = e.Kind
	}
	legs := map[string]time.Time{} // until when
	for i, s := range p.Sessions {
		ms := int64(0)
		for _, b := range s.ID[:6] {
			ms = ms<<8 | int64(b)
		}
		switch {
		case ids[s.ID] || s.ID.Version() != 7 || ms != s.StartedAt.UnixMilli():
			t.Fatalf("%s is no id of a session that began at %v", s.ID, s.StartedAt)
		case i > 0 && s.StartedAt.Before(p.Sessions[i-1].StartedAt):
			t.Fatalf("%s is out of order", s.ID)
		case s.Live() || s.Length() <= 0 || s.EndedAt.After(until):
			t.Fatalf("%s went from %v to %v", s.ID, s.StartedAt, s.EndedAt)
		case s.Dialer != "pbx" || s.Boot == "" || users[s.User.ID] != s.User.Name || users[s.Target.ID] != s.Target.Name:
			t.Fatalf("%s is nobody's: %+v", s.ID, s)
		case entries[*s.TargetCampaignID] != coaching.KindCampaign:
			t.Fatalf("%s has no campaign", s.ID)
		case s.StartedAt.Before(legs[s.Leg]):
			t.Fatalf("%s overlaps an earlier session of %s", s.ID, s.Leg)
		case (s.EndReason == coaching.EndDisconnected) != (s.EndedBy != nil):
			t.Fatalf("%s ended because of %s, by %v", s.ID, s.EndReason, s.EndedBy)
		}
		ids[s.ID], legs[s.Leg] = true, *s.EndedAt
		checkTimes(t, s)
	}
}

func checkTimes(t *testing.T, s *coaching.Session) {
	t.Helper()
	if !slices.IsSortedFunc(s.Timeline, func(a, b coaching.TypeSince) int { return a.Since.Compare(b.Since) }) ||
		!s.Timeline[0].Since.Equal(s.StartedAt) || s.TypeSince().After(*s.EndedAt) {
		t.Fatalf("%s from %v to %v: timeline %v", s.ID, s.StartedAt, s.EndedAt, s.Timeline)
	}
	for _, c := range s.Calls {
		if c.HeardFrom.Before(s.StartedAt) || c.HeardUntil.After(*s.EndedAt) || !c.HeardFrom.Before(*c.HeardUntil) {
			t.Fatalf("%s from %v to %v heard a call from %v to %v", s.ID, s.StartedAt, s.EndedAt, c.HeardFrom, c.HeardUntil)
		}
		if c.AnsweredAt.Before(c.StartedAt) || c.EndedAt.Before(*c.AnsweredAt) {
			t.Fatalf("%s heard a call that began %v, was answered %v, ended %v", s.ID, c.StartedAt, c.AnsweredAt, c.EndedAt)
		}
	}
}

func TestThePastHasThePeopleOfTheLiveCentre(t *testing.T) {
	t.Parallel()
	cfg := simulator.Config{Seed: 11, Manual: true}
	known := map[string]coaching.Person{}
	for _, u := range simulator.History(cfg, "pbx", until, 24*time.Hour).Users {
		known[u.At("pbx")] = coaching.Person{Extension: u.At("pbx"), Name: u.Name, Team: u.Team}
	}
	for _, u := range simulator.New(cfg).Truth().Users {
		if known[u.Person.Extension] != u.Person {
			t.Errorf("got %+v in the past, want %+v", known[u.Person.Extension], u.Person)
		}
	}
}

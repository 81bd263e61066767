package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// waysIn are all ways into the history, by the index that each has to walk.
func waysIn() map[string]coaching.SessionQuery {
	user, target, campaign := sampleUser(3), sampleTarget(7), sampleCampaign(2)
	return map[string]coaching.SessionQuery{
		"sessions_by_time":            {},
		"sessions_by_user":            {UserID: &user},
		"sessions_by_target_user":     {TargetUserID: &target},
		"sessions_by_target_campaign": {TargetCampaignID: &campaign},
		"sessions_live":               {State: coaching.OnlyLive},
		"session_calls_by_call":       {CallID: "call-77-0"},
		"session_calls_by_number":     {PhoneNumber: sampleNumber(5)},
	}
}

// narrowed is a query with every narrowing there is.
func narrowed(q coaching.SessionQuery) coaching.SessionQuery {
	from, to := coachingtest.Start.Add(time.Hour), coachingtest.Start.Add(100*time.Hour)
	at := coachingtest.Start.Add(50 * time.Hour)
	user, target, campaign := sampleUser(3), sampleTarget(7), sampleCampaign(2)
	q.UserID, q.TargetUserID, q.TargetCampaignID = first(q.UserID, &user), first(q.TargetUserID, &target), first(q.TargetCampaignID, &campaign)
	q.Team, q.Types, q.Dialer, q.EndReason = "Team", []coaching.Type{coaching.TypeCoach}, coachingtest.Dialer, coaching.EndSupervisorLeft
	q.From, q.To, q.At = &from, &to, &at
	return q
}

func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

func TestEveryWayIntoTheHistoryWalksItsIndex(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		sessions := 10_000
		if s.writing.Name() == "sqlite" {
			sessions = 2000 // its planner does not count; the race detector makes it slow
		}
		if _, err := s.ImportHistory(t.Context(), sampleHistory(sessions)); err != nil {
			t.Fatal(err)
		}
		for _, statistics := range []string{"without", "with"} {
			if statistics == "with" {
				if err := s.writing.Exec("ANALYZE").Error; err != nil {
					t.Fatal(err)
				}
			}
			for index, q := range waysIn() {
				place := coaching.Place{StartedAt: coachingtest.Start.Add(48 * time.Hour), ID: coachingtest.ID(5)}
				later := q
				later.After = &place
				ended := later
				if ended.State == "" {
					ended.State = coaching.OnlyEnded
				}
				ofTeam := q
				ofTeam.Team = "Team"
				byUser := index != "sessions_by_time" // the user would be the way in
				for name, q := range map[string]coaching.SessionQuery{"first page": q, "later page": later, "ended": ended, "of a team": ofTeam, "narrowed": narrowed(q)} {
					if name == "narrowed" && !byUser {
						continue
					}
					if name == "narrowed" && index == "sessions_live" {
						q.CallID, q.PhoneNumber = "call-77-0", sampleNumber(5)
					}
					if name == "narrowed" && strings.HasPrefix(index, "sessions_by_target") {
						q.UserID = nil
						if index == "sessions_by_target_campaign" {
							q.TargetUserID = nil
						}
					}
					t.Run(fmt.Sprintf("%s, %s, %s statistics", index, name, statistics), func(t *testing.T) {
						checkPlan(t, s, q, index)
					})
				}
			}
		}
	})
}

func TestOpenCallsAreFoundByTheirIndex(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		if _, err := s.ImportHistory(t.Context(), sampleHistory(2000)); err != nil {
			t.Fatal(err)
		}
		for range 2 { // without statistics, then with
			if plan := explain(t, s, openCallsOf, []any{coachingtest.Dialer}); !strings.Contains(plan, "session_calls_open") {
				t.Errorf("does not walk its index:\n%s", plan)
			}
			if err := s.writing.Exec("ANALYZE").Error; err != nil {
				t.Fatal(err)
			}
		}
	})
}

func checkPlan(t *testing.T, s *Store, query coaching.SessionQuery, index string) {
	t.Helper()
	q, possible := newSessionsQuery(query, mostEntries)
	if !possible {
		t.Fatal("nothing can match")
	}
	sql, args := q.page(51)
	plan := explain(t, s, sql, args)
	if !strings.Contains(plan, index) {
		t.Errorf("does not walk %s:\n%s\n%s", index, sql, plan)
	}
	if testing.Verbose() {
		t.Log(plan)
	}
	for _, bad := range []string{"Seq Scan", "Sort", "Bitmap", "Hash", "SCAN sessions", "SCAN session_calls", "TEMP B-TREE"} {
		// SQLite calls it a scan, too, where a page walks an index from its end.
		if strings.Contains(strings.ReplaceAll(plan, "SCAN sessions USING INDEX "+index, ""), bad) {
			t.Errorf("%s in the plan of\n%s\n%s", bad, sql, plan)
		}
	}
}

func explain(t *testing.T, s *Store, sql string, args []any) string {
	t.Helper()
	how := "EXPLAIN "
	if s.writing.Name() == "sqlite" {
		how = "EXPLAIN QUERY PLAN "
	}
	rows, err := s.reading.Raw(how+sql, args...).Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	columns, _ := rows.Columns()
	for rows.Next() {
		fields := make([]any, len(columns))
		for i := range fields {
			fields[i] = new(any)
		}
		if err := rows.Scan(fields...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, *fields[len(fields)-1].(*any))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

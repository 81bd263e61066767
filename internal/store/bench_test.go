package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

func BenchmarkImportHistory(b *testing.B) {
	history := sampleHistory(30_000)
	for name, database := range engines {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				s := open(b, database(b))
				b.StartTimer()
				if done, err := s.ImportHistory(b.Context(), history); err != nil || !done {
					b.Fatal(done, err)
				}
			}
		})
	}
}

// BenchmarkChange begins sessions, each on a leg and an agent of its own.
func BenchmarkChange(b *testing.B) {
	for name, database := range engines {
		for _, batch := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/batch %d", name, batch), func(b *testing.B) {
				s := open(b, database(b))
				n := 0
				for b.Loop() {
					scope := coaching.Scope{Dialer: coachingtest.Dialer, Kind: "simulator", Extensions: []string{coachingtest.Supervisor(1).Extension}}
					var reports []coaching.Attached
					for range batch {
						n++
						leg, agent := fmt.Sprint("leg", n), coachingtest.Agent(n%batch)
						scope.Legs, scope.Extensions = append(scope.Legs, leg), append(scope.Extensions, agent.Extension)
						reports = append(reports, coachingtest.Attached(leg, agent, coaching.TypeCoach, coachingtest.At(n)))
					}
					_, err := s.Change(b.Context(), scope, func(board *coaching.Board) error {
						for i, r := range reports {
							board.Observe(coaching.Position{Connection: 1, Seq: int64(n + i)}, r)
							board.Observe(coaching.Position{Connection: 1, Seq: int64(n + i)}, coachingtest.Gone(r.Leg, r.At.Add(time.Minute)))
						}
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*batch), "µs/session")
			})
		}
	}
}

// BenchmarkHistoryPage reads pages of 50 out of 200,000 sessions.
func BenchmarkHistoryPage(b *testing.B) {
	const sessions = 200_000
	history := sampleHistory(sessions)
	for name, database := range engines {
		s := open(b, database(b))
		if _, err := s.ImportHistory(b.Context(), history); err != nil {
			b.Fatal(err)
		}
		if err := s.writing.Exec("ANALYZE").Error; err != nil {
			b.Fatal(err)
		}
		user := sampleUser(3)
		for page, skipped := range map[string]int{"1": 0, "1000": 999 * 50} {
			n := sessions - skipped
			after := &coaching.Place{StartedAt: coachingtest.Start.Add(time.Duration(n) * time.Minute), ID: sampleSession(n)}
			for way, q := range map[string]coaching.SessionQuery{
				"all":           {After: after, Limit: 50},
				"ended":         {After: after, Limit: 50, State: coaching.OnlyEnded},
				"user":          {After: after, Limit: 50, UserID: &user, State: coaching.OnlyEnded},
				"user narrowed": {After: after, Limit: 50, UserID: &user, Types: []coaching.Type{coaching.TypeCoach}, TargetCampaignID: &history.Catalogue[1].ID},
			} {
				b.Run(fmt.Sprintf("%s/%s/page %s", name, way, page), func(b *testing.B) {
					for b.Loop() {
						got, err := s.Sessions(b.Context(), q)
						if err != nil || len(got.Sessions) != 50 {
							b.Fatal(len(got.Sessions), err)
						}
					}
				})
			}
		}
	}
}

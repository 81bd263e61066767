package store

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

const (
	sampleUsers     = 30
	sampleTargets   = 200
	sampleCampaigns = 8
	sampleNumbers   = 5000
)

func sampleUser(n int) coaching.UserID       { return coachingtest.ID(uint64(1000 + n)) }
func sampleTarget(n int) coaching.UserID     { return coachingtest.ID(uint64(2000 + n)) }
func sampleCampaign(n int) uuid.UUID         { return coachingtest.ID(uint64(3000 + n)) }
func sampleNumber(n int) string              { return fmt.Sprintf("+1555%07d", n) }
func sampleSession(n int) coaching.SessionID { return coachingtest.ID(uint64(100000 + n)) }

// sampleHistory is a past of ended sessions, a minute apart, each with a call or
// two; the same in every run.
func sampleHistory(sessions int) History {
	random := rand.New(rand.NewPCG(1, 2))
	var h History
	for n := range sampleUsers {
		h.Users = append(h.Users, &coaching.User{ID: sampleUser(n), Name: fmt.Sprint("Supervisor ", n), Presence: coaching.Presence{Status: coaching.StatusUnknown}})
	}
	for n := range sampleCampaigns {
		h.Catalogue = append(h.Catalogue, coaching.CatalogueEntry{
			ID: sampleCampaign(n), Kind: coaching.KindCampaign, Dialer: coachingtest.Dialer, Key: fmt.Sprint(n), Name: fmt.Sprint("Campaign ", n),
		})
	}
	for n := range sessions {
		start := coachingtest.Start.Add(time.Duration(n) * time.Minute)
		types := coaching.Types()
		s := coachingtest.Listening(sampleSession(n), types[random.IntN(len(types))], start)
		user, target, campaign := random.IntN(sampleUsers), random.IntN(sampleTargets), sampleCampaign(random.IntN(sampleCampaigns))
		s.User = coaching.UserName{ID: sampleUser(user), Name: fmt.Sprint("Supervisor ", user)}
		s.Target = &coaching.UserName{ID: sampleTarget(target), Name: fmt.Sprint("Agent ", target)}
		s.TargetCampaignID = &campaign
		end := start.Add(time.Duration(10+random.IntN(900)) * time.Second)
		for c := range 1 + random.IntN(2) {
			s.Calls = append(s.Calls, coaching.HeardCall{Call: coaching.Call{
				CallID: fmt.Sprintf("call-%d-%d", n, c), PhoneNumber: sampleNumber(random.IntN(sampleNumbers)), Direction: coaching.DirectionInbound,
				State: coaching.CallEnded, StartedAt: start, AnsweredAt: &start, EndedAt: &end, CampaignID: &campaign, ResultCode: "SALE",
			}, HeardFrom: start, HeardUntil: &end})
		}
		h.Sessions = append(h.Sessions, coachingtest.Ended(s, end))
	}
	return h
}

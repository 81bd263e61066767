package simulator

import (
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// longestSession bounds invented sessions.
const longestSession = 40 * time.Minute

// pastBoot is the run of the dialer that carried all of the past.
const pastBoot = "before this service"

// invent adds a session, and those that the same leg went on to.
func (p *past) invent(at time.Time) {
	supervisor := p.free(at)
	if supervisor < 0 {
		return
	}
	p.legs++
	leg := fmt.Sprintf("SIM/%s-%08x", p.cast.supervisors[supervisor].Extension, p.legs)
	for end := at.Add(longestSession); ; {
		s := p.session(supervisor, leg, at, end)
		p.Sessions = append(p.Sessions, s)
		at = *s.EndedAt
		p.busyUntil[supervisor] = at
		if s.EndReason != coaching.EndMovedOn || end.Sub(at) < time.Minute {
			if s.EndReason == coaching.EndMovedOn {
				s.EndReason = coaching.EndSupervisorLeft // there was nobody to move on to
			}
			return
		}
	}
}

// free is a supervisor who has no session at a moment, -1 where all tried do.
func (p *past) free(at time.Time) int {
	for range 12 {
		if i := p.luck.IntN(len(p.cast.supervisors)); p.busyUntil[i].Before(at) {
			return i
		}
	}
	return -1
}

func (p *past) session(supervisor int, leg string, at, latest time.Time) *coaching.Session {
	who := p.cast.supervisors[supervisor]
	target := p.cast.agents[p.luck.IntN(len(p.cast.agents))]
	for try := 0; try < 12 && target.team != who.team; try++ {
		target = p.cast.agents[p.luck.IntN(len(p.cast.agents))]
	}
	campaign := teams[target.team].campaigns[p.luck.weighted(4, 1)]
	length := max(8*time.Second, min(p.luck.around(4*time.Minute), latest.Sub(at)))
	ended := at.Add(length)
	name := p.users[target.Extension].Named()
	s := &coaching.Session{
		ID: p.id(at), Dialer: p.dialer, Boot: pastBoot, Leg: leg, State: coaching.StateEnded,
		Timeline: p.timeline(at, length), User: p.users[who.Extension].Named(), Target: &name,
		TargetCampaignID: &p.campaigns[campaign],
		StartedAt:        at, StartedAtExact: !p.luck.happens(0.01), EndedAt: &ended, EndedAtExact: true,
	}
	s.TypeStatedAt = s.TypeSince()
	p.hearCalls(s, campaign)
	p.finish(s)
	return s
}

// timeline is how a session's type went: mostly one type all along, taking the
// call over always the last.
func (p *past) timeline(at time.Time, length time.Duration) []coaching.TypeSince {
	types := []coaching.Type{coaching.TypeMonitor, coaching.TypeCoach, coaching.TypeBarge, coaching.TypeUnknown}
	now := types[p.luck.weighted(60, 26, 13, 1)]
	line := []coaching.TypeSince{{Type: now, Since: at}}
	for at = at.Add(p.luck.between(length/8, length)); p.luck.happens(0.35); at = at.Add(p.luck.between(length/8, length)) {
		if at.Sub(line[0].Since) >= length || now == coaching.TypeBargeKick {
			break
		}
		if now = nextType(p.luck, now); p.luck.happens(0.15) {
			now = coaching.TypeBargeKick
		}
		line = append(line, coaching.TypeSince{Type: now, Since: at})
	}
	return line
}

// finish gives a session its end's reason, and the requests to end it.
func (p *past) finish(s *coaching.Session) {
	reasons := []coaching.EndReason{
		coaching.EndSupervisorLeft, coaching.EndCallEnded, coaching.EndMovedOn, coaching.EndDisconnected,
		coaching.EndTransferred, coaching.EndTargetLeft, coaching.EndNotObserved, coaching.EndDialerRestarted, coaching.EndUnknown,
	}
	weights := []int{420, 300, 120, 60, 45, 30, 15, 6, 4}
	if s.Type() == coaching.TypeBargeKick {
		weights = []int{200, 700, 0, 40, 0, 0, 6, 3, 1}
	}
	s.EndReason = reasons[p.luck.weighted(weights...)]
	switch s.EndReason {
	case coaching.EndNotObserved, coaching.EndDialerRestarted, coaching.EndUnknown:
		s.EndedAtExact = false
	case coaching.EndDisconnected:
		r := p.request(s, *s.EndedAt, coaching.OutcomeConfirmed)
		s.EndedBy = &r.AskedBy
	default:
		if p.luck.happens(0.01) {
			failed := []coaching.Outcome{coaching.OutcomeRefused, coaching.OutcomeUnreachable, coaching.OutcomeTimedOut}
			p.request(s, s.StartedAt.Add(s.Length()/2), failed[p.luck.weighted(5, 3, 2)])
		}
	}
}

var requestReasons = []string{"", "", "", "Shift is over", "Wrong agent", "Agent asked for privacy", "Needed on the floor", "Left open by mistake"}

// request adds somebody's request to end a session that had its outcome at a
// moment.
func (p *past) request(s *coaching.Session, finished time.Time, outcome coaching.Outcome) *coaching.DisconnectRequest {
	asked := finished.Add(-p.luck.between(40*time.Millisecond, 900*time.Millisecond))
	by := p.users[oneOf(p.luck, p.cast.supervisors).Extension].Named()
	r := coaching.DisconnectRequest{
		ID: p.id(asked), AskedAt: asked, AskedBy: coaching.Actor{Name: by.Name, User: &by},
		Reason: oneOf(p.luck, requestReasons), Type: s.Type(), Outcome: outcome, FinishedAt: &finished,
	}
	if outcome == coaching.OutcomeConfirmed {
		accepted := asked.Add(finished.Sub(asked) / 2)
		r.AcceptedAt, r.Forced = &accepted, s.Type() == coaching.TypeBargeKick
	}
	s.Requests = append(s.Requests, r)
	return &s.Requests[len(s.Requests)-1]
}

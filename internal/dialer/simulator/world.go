package simulator

import (
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// world is the contact centre as it is, and what will happen in it. It knows no
// connection: it tells everything, and goes on whether or not anybody hears it.
//
// A world belongs to its Simulator and is touched under the Simulator's lock only.
type world struct {
	cfg    Config
	now    time.Time
	events events
	tell   func(coaching.Sighting)
	// listener numbers the connection that hears what is told; 0 for none.
	listener int

	boots       int
	legs, calls int // how many there were in this boot: the ids begin again with it

	supervisors []*supervisor
	agents      []*agent
	inTeam      [][]*agent
	alive       map[string]*leg // every leg, waiting ones too
	log         []*Attachment   // the newest attachments, ended ones too
}

// user is what supervisors and agents have in common.
type user struct {
	member
	luck     chance
	presence coaching.UserSeen
	life     int  // counts the turns of this life: what was planned in an earlier one lapses
	scripted bool // a script plays this user: nothing happens by chance
}

type supervisor struct {
	user
	legs []*leg
}

type agent struct {
	user
	campaign *campaign
	call     *coaching.CallSeen // the current one, through wrap-up; else nil
	last     coaching.CallSeen  // the last one that a script ended
	legs     []*leg             // that listen to this agent, oldest first
}

func newWorld(cfg Config, tell func(coaching.Sighting)) *world {
	w := &world{cfg: cfg, now: cfg.Start, tell: tell, alive: map[string]*leg{}, inTeam: make([][]*agent, len(teams))}
	if !cfg.Quiet {
		w.now = cfg.Start.Add(-warmUp)
	}
	people := newCast(cfg.Seed, cfg.Supervisors, cfg.Agents)
	for _, m := range people.supervisors {
		w.supervisors = append(w.supervisors, &supervisor{user: w.newUser(m)})
	}
	for _, m := range people.agents {
		a := &agent{user: w.newUser(m), campaign: &campaigns[teams[m.team].campaigns[0]]}
		w.agents = append(w.agents, a)
		w.inTeam[m.team] = append(w.inTeam[m.team], a)
	}
	if !cfg.Quiet {
		w.beginLife()
		w.runUntil(cfg.Start)
	}
	return w
}

func (w *world) newUser(m member) user {
	return user{
		member: m, luck: newChance(w.cfg.Seed, m.Extension), scripted: w.cfg.Quiet,
		presence: coaching.UserSeen{Person: m.Person, Status: coaching.StatusAvailable, Since: w.now},
	}
}

// boot names the run of the dialer. It differs between two worlds that began at
// different moments, so that a database outlives the demo it was filled by.
func (w *world) boot() string {
	return fmt.Sprintf("sim-%d-%s-%d", w.cfg.Seed, w.cfg.Start.Format("20060102T150405.000000"), w.boots+1)
}

// runUntil lets happen what is due until a moment, that moment included.
func (w *world) runUntil(t time.Time) {
	for {
		at, ok := w.events.next()
		if !ok || at.After(t) {
			break
		}
		e := w.events.pop()
		if e.at.After(w.now) {
			w.now = e.at
		}
		e.run()
	}
	if t.After(w.now) {
		w.now = t
	}
}

// after plans something that happens in d, whatever happens until then.
func (w *world) after(d time.Duration, run func()) { w.events.plan(w.now.Add(d), run) }

// inLife plans the next turn of a user's life; it lapses when that life takes
// another turn before.
func (w *world) inLife(u *user, d time.Duration, run func()) {
	life := u.life
	w.after(d, func() {
		if u.life == life && !u.scripted {
			run()
		}
	})
}

// pace is how long something takes at the configured pace.
func (w *world) pace(d time.Duration) time.Duration {
	return time.Duration(float64(d) / w.cfg.Pace).Truncate(time.Microsecond)
}

// moment is now, or just after the last moment told of the same thing.
func (w *world) moment(last time.Time) time.Time {
	if w.now.After(last) {
		return w.now
	}
	return last.Add(time.Microsecond)
}

func (w *world) setStatus(u *user, s coaching.Status, reason string) {
	if u.presence.Status == s && u.presence.Reason == reason {
		return
	}
	u.presence.Status, u.presence.Reason, u.presence.Since = s, reason, w.moment(u.presence.Since)
	w.tell(u.presence)
}

// restart ends everything at once, without a word of it: who would tell?
func (w *world) restart() {
	for _, s := range w.supervisors {
		for _, l := range s.legs {
			w.close(l, w.moment(l.told), coaching.EndDialerRestarted)
			l.gone = true
		}
		s.legs = nil
		s.life++
	}
	clear(w.alive)
	for _, a := range w.agents {
		a.call, a.last, a.legs = nil, coaching.CallSeen{}, nil
		a.life++
	}
	w.boots++
	w.legs, w.calls = 0, 0
	w.resumeLife()
}

// userAt is the supervisor or agent at an extension, nil if there is none.
func (w *world) userAt(extension string) *user {
	if s := w.supervisorAt(extension); s != nil {
		return &s.user
	}
	if a := w.agentAt(extension); a != nil {
		return &a.user
	}
	return nil
}

func (w *world) agentAt(extension string) *agent {
	for _, a := range w.agents {
		if a.Extension == extension {
			return a
		}
	}
	return nil
}

func (w *world) supervisorAt(extension string) *supervisor {
	for _, s := range w.supervisors {
		if s.Extension == extension {
			return s
		}
	}
	return nil
}

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/housetest/proxytest"
)

// fault is something that goes wrong for a while. begin and end belong to the test's
// goroutine; begin tells what it did, and to whom.
type fault struct {
	begin func() string
	end   func() // nil where it mends itself
	lasts time.Duration
}

// weighted is one of some faults in the making, by weight.
type weighted []struct {
	weight int
	make   func() fault
}

func (w weighted) pick(luck *rand.Rand) fault {
	sum := 0
	for _, f := range w {
		sum += f.weight
	}
	n := luck.IntN(sum)
	for _, f := range w {
		if n < f.weight {
			return f.make()
		}
		n -= f.weight
	}
	panic("unreachable")
}

// lasting is a time as a share of the lease.
func lasting(luck *rand.Rand, from, to float64) time.Duration {
	return time.Duration((from + luck.Float64()*(to-from)) * float64(stormLease)).Truncate(time.Microsecond) // as exact as the store is
}

// victims returns a chooser of members: mostly the one who watches then, now and
// then more than one.
func (s *storm) victims(luck *rand.Rand, most int) func() []*member {
	n := 1
	for n < most && luck.IntN(6) == 0 {
		n++
	}
	watcher, order := luck.IntN(3) > 0, luck.Perm(len(s.members))
	return func() []*member {
		var chosen []*member
		for _, m := range s.members {
			if watcher && m.name == s.looks.watching() {
				chosen = append(chosen, m)
			}
		}
		for _, i := range order {
			if m := s.members[i]; len(chosen) < n && (len(chosen) == 0 || chosen[0] != m) {
				chosen = append(chosen, m)
			}
		}
		return chosen
	}
}

func names(members []*member) (all []string) {
	for _, m := range members {
		all = append(all, m.name)
	}
	return all
}

// processFault is one of a process, or of several.
func (s *storm) processFault(luck *rand.Rand) fault {
	return weighted{
		{5, func() fault {
			choose, lasts := s.victims(luck, 3), lasting(luck, 0.1, 1.7)
			return s.ending("kill -9", lasts, choose, (*member).kill)
		}},
		{3, func() fault {
			choose, lasts := s.victims(luck, 2), lasting(luck, 0.2, 1)
			return s.ending("a clean stop", lasts, choose, (*member).terminate)
		}},
		{3, func() fault { return s.pausing("a pause", lasting(luck, 1.2, 2.2), s.victims(luck, 2)) }},
		{2, func() fault { return s.pausing("a short pause", lasting(luck, 0.1, 0.95), s.victims(luck, 2)) }},
	}.pick(luck)
}

// ending ends processes, and starts them again.
func (s *storm) ending(what string, lasts time.Duration, choose func() []*member, end func(*member)) fault {
	var chosen []*member
	return fault{
		lasts: lasts,
		begin: func() string {
			chosen = choose()
			for _, m := range chosen {
				end(m)
				s.down[m] = true
			}
			return what + " of " + strings.Join(names(chosen), " and ")
		},
		end: func() {
			for _, m := range chosen {
				m.kill() // what has not ended yet
				m.start()
				delete(s.down, m)
			}
		},
	}
}

func (s *storm) pausing(what string, lasts time.Duration, choose func() []*member) fault {
	var chosen []*member
	return fault{
		lasts: lasts,
		begin: func() string {
			chosen = choose()
			for _, m := range chosen {
				m.pause()
			}
			return what + " of " + strings.Join(names(chosen), " and ")
		},
		end: func() {
			for _, m := range chosen {
				m.wake()
			}
		},
	}
}

// databaseFault is one of the database, or of the ways to it.
func (s *storm) databaseFault(luck *rand.Rand) fault {
	away := func(what string, end func()) func() fault {
		return func() fault {
			return fault{lasts: lasting(luck, 0, 1.5), begin: func() string { end(); return what }, end: s.server.Start}
		}
	}
	way := func(what string, longest float64, faults ...func(*proxytest.Proxy)) func() fault {
		return func() fault {
			choose := s.victims(luck, 2)
			if luck.IntN(4) == 0 {
				choose = func() []*member { return s.members }
			}
			var chosen []*member
			return fault{
				lasts: lasting(luck, 0.1, longest),
				begin: func() string {
					chosen = choose()
					for _, m := range chosen {
						for _, do := range faults {
							do(m.way)
						}
					}
					return what + " for " + strings.Join(names(chosen), " and ")
				},
				end: func() {
					for _, m := range chosen {
						m.way.Work()
					}
				},
			}
		}
	}
	return weighted{
		{2, way("connections to the database frozen", 1, (*proxytest.Proxy).Freeze)},
		{3, way("the database hangs", 2, (*proxytest.Proxy).Hang)},
		{2, way("connections to the database cut", 0.2, (*proxytest.Proxy).Cut)},
		{2, way("the database refuses", 1.5, (*proxytest.Proxy).Refuse, (*proxytest.Proxy).Cut)},
		{1, away("the database stops", s.server.Stop)},
		{1, away("the database crashes", s.server.Kill)},
	}.pick(luck)
}

// dialerFault is one of the dialer, which mends itself.
func (s *storm) dialerFault(luck *rand.Rand) fault {
	lasts := lasting(luck, 0, 0.7)
	mends := func(what string, do func(time.Duration)) func() fault {
		return func() fault {
			return fault{lasts: lasts, begin: func() string {
				do(lasts)
				return fmt.Sprintf("%s for %v", what, lasts.Round(time.Millisecond))
			}}
		}
	}
	return weighted{
		{4, mends("the dialer is lost", s.centre.LoseConnection)},
		{4, mends("the dialer is silent", s.centre.GoSilent)},
		{1, mends("the dialer restarts", s.centre.restart)},
	}.pick(luck)
}

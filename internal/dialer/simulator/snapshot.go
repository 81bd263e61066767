package simulator

import (
	"errors"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

var errNoSnapshot = errors.New("the dialer did not answer what is alive")

// beginSnapshot reports that a snapshot is begun, or why none can be had.
func (s *Simulator) beginSnapshot(c *connection) error {
	if s.noSnapshots > 0 {
		s.noSnapshots--
		return errNoSnapshot
	}
	if s.luck.happens(s.mischief.NoSnapshot) {
		return errNoSnapshot
	}
	s.report(c, coaching.SnapshotBegun{Boot: s.world.boot()})
	return nil
}

// planSnapshot has a new snapshot reported from time to time. It is of a moment
// soon after it was begun, and comes a moment later still, behind newer reports.
func (s *Simulator) planSnapshot(c *connection) {
	s.world.after(s.cfg.SnapshotEvery, func() {
		if c.err != nil {
			return
		}
		if err := s.beginSnapshot(c); err != nil {
			s.lose(c, err)
			return
		}
		s.world.after(20*time.Millisecond, func() {
			if c.err != nil {
				return
			}
			snapshot := s.snapshot(c)
			s.world.after(60*time.Millisecond, func() {
				if c.err == nil {
					s.report(c, snapshot)
					s.planSnapshot(c)
				}
			})
		})
	})
}

// snapshot is all that is alive, as somebody knows it who heard no more than
// this connection.
func (s *Simulator) snapshot(c *connection) coaching.Snapshot {
	w := s.world
	snap := coaching.Snapshot{At: w.now}
	for _, sup := range w.supervisors {
		snap.Users = append(snap.Users, sup.presence)
		for _, l := range sup.legs {
			if l.target != nil {
				snap.Legs = append(snap.Legs, s.found(c, l))
			}
		}
	}
	for _, a := range w.agents {
		snap.Users = append(snap.Users, a.presence)
		if a.call != nil {
			snap.Calls = append(snap.Calls, *a.call)
		}
	}
	return snap
}

// found is a leg as a snapshot tells it: since when it is so is known only where
// this connection heard it begin.
func (s *Simulator) found(c *connection, l *leg) coaching.Attached {
	if l.toldTo == c.id {
		return statement(l, l.told, true)
	}
	a := statement(l, l.began, false)
	if s.luck.happens(s.mischief.Untold) {
		a.Target, a.Type, a.TargetCampaign = nil, coaching.TypeUnknown, coaching.Named{}
		l.untoldTo = c.id
		s.planTelling(c, l)
	}
	return a
}

// planTelling has a leg's target and type told some seconds later.
func (s *Simulator) planTelling(c *connection, l *leg) {
	s.world.after(s.luck.between(time.Second, 10*time.Second), func() {
		if c.err != nil || l.gone || l.target == nil || l.toldTo == c.id {
			return
		}
		at := s.world.moment(l.told)
		l.told, l.toldTo, l.untoldTo = at, c.id, 0
		s.report(c, statement(l, at, false))
	})
}

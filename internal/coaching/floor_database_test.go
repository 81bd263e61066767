package coaching_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
	"github.com/coachmanager/coachmanager/internal/store"
)

// swift has things that wait for one another follow in short order.
var swift = coaching.Timing{
	Lease: 1500 * time.Millisecond, Poll: 20 * time.Millisecond, Heard: 50 * time.Millisecond, Retry: 100 * time.Millisecond,
}

// newPostgresWorld runs a floor over an empty Postgres database and a quiet
// simulator.
func newPostgresWorld(t *testing.T, url string) *world {
	t.Helper()
	return runPostgresWorld(t, url, simulator.New(simulator.Config{Seed: 1, Quiet: true}))
}

func runPostgresWorld(t *testing.T, url string, sim *simulator.Simulator) *world {
	t.Helper()
	w := &world{t: t, store: &coachingtest.AwayStore{Store: openPostgres(t, url)}, sim: sim}
	w.run(swift)
	return w
}

func openPostgres(t *testing.T, url string) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), url, store.Options{Log: slog.New(slog.DiscardHandler), Patience: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// neverBack fails the test when a revision that is shown, or its moment, is before
// one that was shown earlier.
func (w *world) neverBack() {
	w.t.Helper()
	floor := w.floor
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var looking sync.WaitGroup
	looking.Go(func() {
		for last := floor.Live().Revision; ctx.Err() == nil; {
			changed := floor.Changed()
			now := floor.Live().Revision
			if now.Number < last.Number || now.At.Before(last.At) {
				w.t.Errorf("revision %d of %v was shown after %d of %v", now.Number, now.At, last.Number, last.At)
			}
			last = now
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	})
	w.t.Cleanup(func() { cancel(); looking.Wait() })
}

// keepsTheTruth waits until all sessions that ever were are kept as they were, to
// the microsecond.
func (w *world) keepsTheTruth() {
	w.t.Helper()
	timeout := time.After(patience)
	for {
		changed := w.floor.Changed()
		diff := cmp.Diff(w.true(), w.kept())
		if diff == "" {
			return
		}
		select {
		case <-changed:
		case <-time.After(time.Second):
		case <-timeout:
			w.t.Fatalf("what is kept is not what was:\n%s", diff)
		}
	}
}

func (w *world) true() (all []string) {
	truth := w.sim.Truth()
	for _, a := range append(truth.Live, truth.Ended...) {
		s := coaching.Session{Leg: a.Leg, Timeline: a.Types, StartedAt: a.BeganAt, StartedAtExact: true, EndReason: a.Reason}
		if !a.EndedAt.IsZero() {
			s.EndedAt, s.EndedAtExact = &a.EndedAt, true
		}
		all = append(all, account(&s))
	}
	slices.Sort(all)
	return all
}

func (w *world) kept() (all []string) {
	page, err := w.floor.Sessions(w.t.Context(), coaching.SessionQuery{Limit: 200})
	if err != nil {
		return []string{err.Error()}
	}
	for _, s := range page.Sessions {
		all = append(all, account(s))
	}
	slices.Sort(all)
	return all
}

func account(s *coaching.Session) string {
	text := fmt.Sprint(s.Leg, " ", s.Timeline, " from ", s.StartedAt, " exact ", s.StartedAtExact)
	if s.EndedAt != nil {
		text += fmt.Sprint(" to ", *s.EndedAt, " exact ", s.EndedAtExact, " ", s.EndReason)
	}
	return text
}

// begin has a supervisor listen, whether or not that can be kept.
func (w *world) begin(extension string, t coaching.Type) (leg string) {
	w.t.Helper()
	leg, err := w.sim.Attach(supervisor, extension, t)
	w.must(err)
	return leg
}

// outOfRoom fills the disk and has small things reported until one cannot be kept,
// which the view says.
func (w *world) outOfRoom(server *postgrestest.Frail) {
	w.t.Helper()
	server.FillDisk()
	statuses, n := []coaching.Status{coaching.StatusPaused, coaching.StatusAvailable}, 0
	housetest.WaitFor(w.t, "a report that finds no room", func() bool {
		n++
		w.must(w.sim.SetStatus(otherAgent, statuses[n%2], ""))
		// A busy machine may make the view stale for another reason.
		err := w.floor.DatabaseAnswers(w.t.Context())
		return err != nil && strings.Contains(err.Error(), "the last write failed")
	})
}

func TestFloor_WhatIsReportedWhileTheDiskIsFullIsKeptLater(t *testing.T) {
	t.Parallel()
	server := postgrestest.FrailServer(t)
	w := newPostgresWorld(t, server.URL("postgres"))
	w.neverBack()
	leaves, _ := w.listen(agent, coaching.TypeCoach)
	_, stays := w.listen(otherAgent, coaching.TypeMonitor)
	w.outOfRoom(server)

	w.must(w.sim.SetType(leaves, coaching.TypeBarge))
	w.must(w.sim.Leave(leaves))
	comes := w.begin(agent, coaching.TypeMonitor)
	w.must(w.sim.Leave(w.begin(agent, coaching.TypeCoach)))
	if err := w.disconnect(stays.ID); coaching.CodeOf(err) != coaching.DatabaseUnavailable || len(w.asked()) != 0 {
		t.Errorf("disconnect while the disk is full: got %v and %d asks, want %s and none", err, len(w.asked()), coaching.DatabaseUnavailable)
	}
	server.MakeRoom()
	w.keepsTheTruth()
	w.until("all are confirmed", func(l *coaching.Live) bool {
		got := l.Session(stays.ID)
		return len(l.Sessions()) == 2 && got != nil && !got.Stale
	})
	w.must(w.sim.Leave(comes))
	w.keepsTheTruth()
}

// renewals counts the renewals of leases that worked.
type renewals struct {
	coaching.Store
	worked atomic.Int64
}

func (r *renewals) RenewLease(ctx context.Context, dialer string, fence coaching.Fence, renewal coaching.Renewal) error {
	err := r.Store.RenewLease(ctx, dialer, fence, renewal)
	if err == nil {
		r.worked.Add(1)
	}
	return err
}

// countRenewals has another process take the place of the one there is, which counts
// its renewals.
func (w *world) countRenewals() *renewals {
	w.t.Helper()
	w.stop()
	counted := &renewals{Store: w.store.Store}
	w.store.Store = counted
	w.run(swift)
	return counted
}

// A renewal writes over what is there, and so works where a report finds no room.
func TestFloor_ARenewedLeaseDoesNotMakeAFullDiskWell(t *testing.T) {
	t.Parallel()
	server := postgrestest.FrailServer(t)
	w := newPostgresWorld(t, server.URL("postgres"))
	counted := w.countRenewals()
	_, s := w.listen(agent, coaching.TypeCoach)
	w.outOfRoom(server)
	w.begin(otherAgent, coaching.TypeMonitor) // which cannot be kept, and is not shown
	before := counted.worked.Load()
	housetest.WaitFor(t, "the view to be stale while some leases are renewed", func() bool {
		if l := w.floor.Live(); len(l.Sessions()) == 1 && !l.Session(s.ID).Stale {
			before = counted.worked.Load() // what is smaller finds room before it
		}
		return counted.worked.Load() > before+3
	})
	server.MakeRoom()
	w.keepsTheTruth()
}

// Only the process that watches the dialer knows what it cannot keep.
func TestFloor_AFullDiskMakesEveryProcessesViewStale(t *testing.T) {
	t.Parallel()
	server := postgrestest.FrailServer(t)
	w := newPostgresWorld(t, server.URL("postgres"))
	other := w.another(server.URL("postgres"))
	_, s := w.listen(agent, coaching.TypeCoach)
	other.until("the other process shows the session", func(l *coaching.Live) bool { return l.Session(s.ID) != nil })
	w.outOfRoom(server)
	w.begin(otherAgent, coaching.TypeMonitor)
	other.until("it shows that session too, or says that it may miss something", func(l *coaching.Live) bool {
		return len(l.Sessions()) == 2 || l.Session(s.ID).Stale
	})
	server.MakeRoom()
	w.keepsTheTruth()
	other.until("it shows both", func(l *coaching.Live) bool { return len(l.Sessions()) == 2 && !l.Session(s.ID).Stale })
}

func TestFloor_ACrashForWantOfRoomLosesNothing(t *testing.T) {
	t.Parallel()
	server := postgrestest.FrailServer(t)
	w := newPostgresWorld(t, server.URL("postgres"))
	w.neverBack()
	leaves, s := w.listen(agent, coaching.TypeCoach)
	server.FillLog()
	w.until("the view says that it is stale", func(l *coaching.Live) bool { return l.Session(s.ID).Stale })
	w.must(w.sim.Leave(leaves))
	w.begin(otherAgent, coaching.TypeMonitor)
	server.MakeRoom()
	w.keepsTheTruth()
}

// The centre goes on while the database is away: the first that is kept in the
// promoted one may have the number of a change that was lost.
func TestFloor_AFailoverInABusyCentreThatLosesCommitsIsReconciled(t *testing.T) {
	t.Parallel()
	pair := postgrestest.Pair(t)
	w := newPostgresWorld(t, pair.URL("postgres"))
	_, stays := w.listen(agent, coaching.TypeCoach)
	pair.CatchUp()
	pair.FallBehind()
	comes, _ := w.listen(otherAgent, coaching.TypeBarge)
	before := w.floor.Live().Revision
	pair.Primary.Kill()
	w.must(w.sim.SetStatus("2003", coaching.StatusPaused, ""))
	w.until("the view is stale", func(l *coaching.Live) bool { return l.Session(stays.ID).Stale })
	for _, extension := range []string{"2004", "2005", "2006", "2007", "2008"} {
		w.must(w.sim.SetStatus(extension, coaching.StatusPaused, ""))
	}
	w.must(w.sim.Leave(comes))
	pair.Promote()
	w.until("the view agrees with the truth, in a new epoch", func(l *coaching.Live) bool {
		got := l.Session(stays.ID)
		return simConnected(l) && len(l.Sessions()) == 1 && got != nil && !got.Stale && l.Revision.Epoch != before.Epoch
	})
}

func TestFloor_AFailoverThatLosesCommitsIsReconciled(t *testing.T) {
	t.Parallel()
	pair := postgrestest.Pair(t)
	w := newPostgresWorld(t, pair.URL("postgres"))
	_, stays := w.listen(agent, coaching.TypeCoach)
	leaves, left := w.listen(otherAgent, coaching.TypeMonitor)
	pair.CatchUp()
	pair.FallBehind()

	w.must(w.sim.Leave(leaves))
	w.ended(left.ID) // is committed, and lost
	comes, _ := w.listen(otherAgent, coaching.TypeBarge)
	before := w.floor.Live().Revision
	pair.Primary.Kill()
	w.until("the view says that it is stale", func(l *coaching.Live) bool { return l.Session(stays.ID).Stale })
	pair.Promote()
	w.until("the view begins anew, and shows the truth", func(l *coaching.Live) bool {
		if l.Revision == before || !simConnected(l) || cmp.Diff(truly(w.sim), shown(l)) != "" {
			return false
		}
		for _, s := range l.Sessions() {
			if s.Stale {
				return false
			}
		}
		return true
	})

	if got := w.session(stays.ID); got.State != coaching.StateActive || !got.StartedAt.Equal(stays.StartedAt) || !got.StartedAtExact {
		t.Errorf("the session that stayed: got %+v, want it as it was", got.Session)
	}
	after := w.session(left.ID)
	if after.EndReason != coaching.EndNotObserved || after.EndedAtExact {
		t.Errorf("the session whose end was lost: ended %s, exact %v; want not_observed, inexact", after.EndReason, after.EndedAtExact)
	}
	if after.EndedAt.Before(after.StartedAt) || after.EndedAt.After(w.sim.Now()) {
		t.Errorf("the session whose end was lost: from %v to %v, and now it is %v", after.StartedAt, after.EndedAt, w.sim.Now())
	}
	w.must(w.sim.Leave(comes))
	w.until("the session that was found again has ended", func(l *coaching.Live) bool { return len(l.Sessions()) == 1 })
}

// wrongClock is a database whose clock is wrong, and steps each time that it is told
// to, so many times.
type wrongClock struct {
	server *postgrestest.Frail
	ahead  []time.Duration // what is still to come
}

func newWrongClock(t *testing.T) *wrongClock {
	t.Helper()
	c := &wrongClock{postgrestest.FrailServer(t), []time.Duration{-10 * time.Minute, 5 * time.Minute, -5 * time.Minute, 20 * time.Minute, 0}}
	c.server.SetClock(-5 * time.Minute)
	return c
}

func (c *wrongClock) step() {
	c.server.SetClock(c.ahead[0])
	c.ahead = c.ahead[1:]
}

// ownClock is a quiet simulator whose clock is months away from everybody's, and
// stands still unless it is moved.
func ownClock() *simulator.Simulator {
	return simulator.New(simulator.Config{Seed: 1, Quiet: true, Manual: true})
}

func TestFloor_ADatabasesClockIsInNothingThatWasObserved(t *testing.T) {
	t.Parallel()
	clock := newWrongClock(t)
	w := runPostgresWorld(t, clock.server.URL("postgres"), ownClock())
	w.neverBack()
	for len(clock.ahead) > 0 {
		leg, s := w.listen(agent, coaching.TypeMonitor)
		clock.step()
		w.sim.Advance(time.Minute)
		w.must(w.sim.SetType(leg, coaching.TypeCoach))
		w.must(w.sim.Leave(leg))
		w.ended(s.ID)
	}
	w.keepsTheTruth()
	w.until("the dialer is connected", simConnected)
}

func TestFloor_ADatabasesClockIsInNothingThatIsInferred(t *testing.T) {
	t.Parallel()
	for name, gap := range map[string]func(*world){
		"over a lost connection": func(w *world) { w.sim.LoseConnection(5 * time.Minute) },
		"over a restart":         func(w *world) { w.sim.Restart(5 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newWrongClock(t)
			w := runPostgresWorld(t, clock.server.URL("postgres"), ownClock())
			w.neverBack()
			for len(clock.ahead) > 0 {
				leg, s := w.listen(agent, coaching.TypeMonitor)
				w.sim.Advance(10 * time.Minute)
				clock.step()
				heard := w.sim.Now()
				gap(w)
				w.until("the loss is shown", simLost)
				_ = w.sim.Leave(leg) // a restart has ended it
				w.sim.Advance(5 * time.Minute)
				w.inferred(w.ended(s.ID), heard)
				w.until("the dialer is connected again", simConnected)
			}
		})
	}
}

// forgetful is a dialer that does not tell of ends.
type forgetful struct{ *simulator.Simulator }

func (f forgetful) Watch(ctx context.Context, report func(coaching.Sighting) error) error {
	return f.Simulator.Watch(ctx, func(s coaching.Sighting) error {
		if _, ended := s.(coaching.Detached); ended {
			return nil
		}
		return report(s)
	})
}

func TestFloor_ADatabasesClockIsNotInAnEndThatWasFoundByAsking(t *testing.T) {
	t.Parallel()
	clock := newWrongClock(t)
	w := runPostgresWorld(t, clock.server.URL("postgres"), ownClock())
	w.neverBack()
	w.stop()
	w.start(swift, coaching.WatchedDialer{Name: "sim", Kind: "simulator", Dialer: forgetful{w.sim}})
	w.until("the dialer is connected", simConnected)
	for len(clock.ahead) > 0 {
		leg, s := w.listen(agent, coaching.TypeMonitor)
		w.sim.Advance(10 * time.Minute)
		clock.step()
		w.must(w.sim.Leave(leg))
		w.disconnectAgain(s.ID)
		w.inferred(w.ended(s.ID), w.sim.Now())
	}
}

// disconnectAgain repeats a disconnect that the database did not answer: a clock
// that steps ends statements of that moment.
func (w *world) disconnectAgain(id coaching.SessionID) {
	w.t.Helper()
	var err error
	housetest.WaitFor(w.t, "the database to answer a disconnect", func() bool {
		err = w.disconnect(id)
		return coaching.CodeOf(err) != coaching.DatabaseUnavailable
	})
	w.must(err)
}

// inferred checks the end of a session that was live when the dialer was last
// heard, by its own clock. A minute is far more than that is off where reports take
// their time, and far less than the clocks are.
func (w *world) inferred(s *coaching.SessionView, heard time.Time) {
	w.t.Helper()
	if off := s.EndedAt.Sub(heard); s.EndedAtExact || off.Abs() > time.Minute {
		w.t.Errorf("began at %v, was last heard of at %v; kept as ended at %v, %v off, exact %v",
			s.StartedAt, heard, s.EndedAt, off, s.EndedAtExact)
	}
}

func TestFloor_ALeaseIsKeptWhateverTheDatabasesClockDoes(t *testing.T) {
	t.Parallel()
	clock := newWrongClock(t)
	w := newPostgresWorld(t, clock.server.URL("postgres"))
	counted := w.countRenewals()
	w.neverBack()
	for len(clock.ahead) > 0 {
		clock.step()
		before := counted.worked.Load()
		housetest.WaitFor(t, "a renewal", func() bool { return counted.worked.Load() > before+1 })
		leg, s := w.listen(agent, coaching.TypeCoach)
		w.disconnectAgain(s.ID) // the lease lets it ask
		if w.atLeg(leg) {
			t.Error("the leg is still there")
		}
	}
	w.keepsTheTruth()
}

func TestFloor_AnotherProcessTakesOverWhateverTheDatabasesClockDoes(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"back": -5 * time.Minute, "forward": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := postgrestest.FrailServer(t)
			w := newPostgresWorld(t, server.URL("postgres"))
			other := w.another(server.URL("postgres"))
			leg, s := w.listen(agent, coaching.TypeCoach)
			other.until("the other process shows the session", func(l *coaching.Live) bool { return l.Session(s.ID) != nil })

			w.must(w.store.Store.(*store.Store).Close()) // as a process that dies: it gives nothing up
			server.SetClock(ahead)
			w.stop()
			w.must(w.sim.Leave(leg))
			other.ended(s.ID)
			other.listen(agent, coaching.TypeMonitor)
		})
	}
}

// another is another process on the same database, for the same dialer.
func (w *world) another(url string) *world {
	w.t.Helper()
	other := &world{t: w.t, store: &coachingtest.AwayStore{Store: openPostgres(w.t, url)}, sim: w.sim}
	other.start(swift, coaching.WatchedDialer{Name: "sim", Kind: "simulator", Dialer: w.sim})
	other.neverBack()
	return other
}

package simulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

func TestLifeRepeatsBySeed(t *testing.T) {
	t.Parallel()
	live := func(seed uint64) simulator.Truth {
		s := simulator.New(simulator.Config{Seed: seed, Manual: true})
		for range 30 {
			s.Advance(time.Minute)
		}
		return s.Truth()
	}
	if diff := cmp.Diff(live(5), live(5)); diff != "" {
		t.Errorf("two lives of one seed differ:\n%s", diff)
	}
	if cmp.Equal(live(5).Ended, live(6).Ended) {
		t.Error("two seeds live the same life")
	}
}

// How the clock is advanced must not matter, nor who looks.
func TestLifeDoesNotDependOnHowItIsWatched(t *testing.T) {
	t.Parallel()
	coarse := simulator.New(simulator.Config{Seed: 5, Manual: true})
	fine := simulator.New(simulator.Config{Seed: 5, Manual: true})
	coarse.Advance(20 * time.Minute)
	for range 20 * 60 {
		fine.Advance(time.Second)
		fine.Now()
	}
	if diff := cmp.Diff(coarse.Truth(), fine.Truth()); diff != "" {
		t.Errorf("one step and many differ:\n%s", diff)
	}
}

func TestTheCentreIsWorthLookingAt(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Config{Seed: 1, Manual: true})
	seen := observed{supervisors: map[int]int{}, statuses: map[coaching.Status]bool{}, directions: map[coaching.Direction]bool{}}
	for range 240 {
		s.Advance(time.Minute)
		seen.look(s.Truth())
	}
	truth := s.Truth()
	reasons, types := map[coaching.EndReason]bool{}, map[coaching.Type]bool{}
	for _, a := range truth.Ended {
		reasons[a.Reason] = true
		for _, ty := range a.Types {
			types[ty.Type] = true
		}
	}
	for _, want := range []coaching.EndReason{
		coaching.EndSupervisorLeft, coaching.EndCallEnded, coaching.EndTargetLeft, coaching.EndTransferred, coaching.EndMovedOn,
	} {
		if !reasons[want] {
			t.Errorf("in four hours no session ended because of %s", want)
		}
	}
	for _, want := range coaching.Types()[1:] {
		if !types[want] {
			t.Errorf("in four hours nobody had the type %s", want)
		}
	}
	seen.check(t)
}

// observed is what a look at the centre every minute showed.
type observed struct {
	supervisors  map[int]int // minutes by number of supervisors with a session
	statuses     map[coaching.Status]bool
	directions   map[coaching.Direction]bool
	twoLegs      bool // a supervisor with two sessions
	twoListeners bool // an agent with two
}

func (o *observed) look(truth simulator.Truth) {
	bySupervisor, byTarget := map[string]int{}, map[string]int{}
	for _, a := range truth.Live {
		bySupervisor[a.Supervisor]++
		byTarget[a.Target]++
		o.twoLegs = o.twoLegs || bySupervisor[a.Supervisor] > 1
		o.twoListeners = o.twoListeners || byTarget[a.Target] > 1
	}
	o.supervisors[len(bySupervisor)]++
	for _, u := range truth.Users {
		o.statuses[u.Status] = true
	}
	for _, c := range truth.Calls {
		o.directions[c.Direction] = true
	}
}

func (o *observed) check(t *testing.T) {
	t.Helper()
	usual := 0
	for n, minutes := range o.supervisors {
		if n >= 9 && n <= 21 {
			usual += minutes
		}
	}
	if usual < 200 {
		t.Errorf("in %d of 240 minutes 10 to 20 supervisors had a session: %v", usual, o.supervisors)
	}
	for _, want := range []coaching.Status{
		coaching.StatusOffline, coaching.StatusAvailable, coaching.StatusDialing, coaching.StatusPreviewing, coaching.StatusRinging,
		coaching.StatusOnCall, coaching.StatusOnHold, coaching.StatusWrapUp, coaching.StatusPaused,
	} {
		if !o.statuses[want] {
			t.Errorf("nobody was ever %s", want)
		}
	}
	if !o.directions[coaching.DirectionInbound] || !o.directions[coaching.DirectionOutbound] {
		t.Errorf("calls went only %v", o.directions)
	}
	if !o.twoLegs || !o.twoListeners {
		t.Errorf("a supervisor with two sessions: %v; an agent with two listeners: %v", o.twoLegs, o.twoListeners)
	}
}

func TestPeopleAreDistinct(t *testing.T) {
	t.Parallel()
	for _, size := range []struct{ supervisors, agents int }{{30, 200}, {1500, 9000}} {
		s := simulator.New(simulator.Config{Seed: 3, Manual: true, Quiet: true, Supervisors: size.supervisors, Agents: size.agents})
		names, extensions := map[string]bool{}, map[string]bool{}
		for _, u := range s.Truth().Users {
			if names[u.Person.Name] || extensions[u.Person.Extension] {
				t.Fatalf("twice: %+v", u.Person)
			}
			names[u.Person.Name], extensions[u.Person.Extension] = true, true
		}
		if len(extensions) != size.supervisors+size.agents {
			t.Errorf("got %d people, want %d and %d", len(extensions), size.supervisors, size.agents)
		}
	}
}

func TestPhoneNumbersBelongToNobody(t *testing.T) {
	t.Parallel()
	free := []string{
		"+441632960", "+442079460", "+441134960", "+441214960", "+441314960", "+441414960", "+441514960", "+441614960",
		"+441914980", "+442920180", "+447700900",
	}
	s := simulator.New(simulator.Config{Seed: 9, Manual: true})
	for range 60 {
		s.Advance(time.Minute)
		for _, c := range s.Truth().Calls {
			n := c.PhoneNumber
			american := strings.HasPrefix(n, "+1") && len(n) == 12 && n[5:10] == "55501"
			british := false
			for _, prefix := range free {
				british = british || strings.HasPrefix(n, prefix) && len(n) == 13
			}
			if !american && !british {
				t.Fatalf("%s may be somebody's number", n)
			}
		}
	}
}

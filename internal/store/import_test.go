package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// staff are users to import, each with an extension of the sample dialer.
func staff(n int) Import {
	var in Import
	for i := range n {
		in.Users = append(in.Users, coaching.ImportedUser{
			ExternalID: fmt.Sprintf("hr-%06d", i), Name: fmt.Sprintf("Employee %d", i), Team: fmt.Sprintf("Team %d", i%40),
			Extensions: []coaching.Extension{{Dialer: coachingtest.Dialer, Extension: fmt.Sprint(10_000_000 + i)}},
		})
	}
	return in
}

func unheeded(int, int) {}

// bring plans an import and carries it out.
func bring(t testing.TB, s *Store, in Import) *ImportPlan {
	t.Helper()
	plan, err := s.PlanImport(t.Context(), in, func(int) {})
	if err == nil {
		err = s.Import(t.Context(), plan, unheeded)
	}
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func liveSetOf(t testing.TB, s *Store) coaching.LiveSet {
	t.Helper()
	set, err := s.LiveSet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAnImportIsToldInTheChangeLogAndAgainChangesNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		before := liveSetOf(t, s)
		in := staff(2*portionSize + 7)
		in.Entries = []coaching.ImportedEntry{{Kind: coaching.KindCampaign, Dialer: coachingtest.Dialer, Key: "SPRING", Name: "Spring"}}
		plan := bring(t, s, in)
		if got := plan.Effects[coaching.EffectCreated]; got != len(in.Users)+1 || len(plan.First) != firstEffects {
			t.Errorf("got %v, and %d told one by one", plan.Effects, len(plan.First))
		}
		set := liveSetOf(t, s)
		changes, err := s.Changes(t.Context(), before.Revision, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		told := map[coaching.UserID]*coaching.User{}
		for _, c := range changes {
			if c.User != nil {
				told[c.User.ID] = c.User
			}
		}
		for _, u := range set.Users {
			if diff := cmp.Diff(u, told[u.ID], cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("user (-kept +told):\n%s", diff)
			}
		}
		if len(changes) != len(in.Users)+1 || len(set.Users) != len(in.Users) || !set.Catalogue[0].Imported {
			t.Errorf("got %d changes, %d users and %+v", len(changes), len(set.Users), set.Catalogue)
		}
		again := bring(t, s, in)
		if again.Changes() || liveSetOf(t, s).Revision != set.Revision {
			t.Errorf("once more: got %v", again.Effects)
		}
	})
}

func TestAPlanChangesNothingAndFindsWhoIsMissing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		bring(t, s, staff(10))
		before := liveSetOf(t, s)
		in := Import{Users: staff(8).Users, DeactivateMissing: true}
		in.Users[0].Name = "Renamed"
		plan, err := s.PlanImport(t.Context(), in, func(int) {})
		want := map[coaching.Effect]int{coaching.EffectChanged: 1, coaching.EffectUnchanged: 7, coaching.EffectDeactivated: 2}
		if diff := cmp.Diff(want, plan.Effects); err != nil || diff != "" {
			t.Errorf("effects (-want +got), %v:\n%s", err, diff)
		}
		if diff := cmp.Diff(before, liveSetOf(t, s)); diff != "" {
			t.Errorf("the plan changed something:\n%s", diff)
		}
		if err := s.Import(t.Context(), plan, unheeded); err != nil {
			t.Fatal(err)
		}
		inactive := 0
		for _, u := range liveSetOf(t, s).Users {
			if u.Inactive && len(u.Extensions) == 0 {
				inactive++
			}
		}
		if inactive != 2 {
			t.Errorf("%d users are inactive, want 2", inactive)
		}
	})
}

// decided puts an import aside and decides it, as a process that dies then.
func decided(t *testing.T, s *Store, in Import) {
	t.Helper()
	plan, err := s.PlanImport(t.Context(), in, func(int) {})
	if err == nil {
		id := key(coachingtest.ID(uint64(len(in.Users))))
		if err = s.gather(t.Context(), id, plan.portions); err == nil {
			err = s.decide(t.Context(), id, plan)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnImportOfAProcessThatDiedIsCarriedOutByOthers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		in := staff(3 * portionSize)
		decided(t, s, in)
		if worked, err := s.carryOutPortion(t.Context()); err != nil || !worked {
			t.Fatal(worked, err)
		}
		if n, err := s.CarryOnImports(t.Context()); n != 0 || err != nil {
			t.Errorf("while another may work on it: carried out %d, %v", n, err)
		}
		forsake(t, s)
		if n, err := s.CarryOnImports(t.Context()); n != 2 || err != nil {
			t.Errorf("carried out %d, %v, want the 2 that were left", n, err)
		}
		if plan := bring(t, s, in); plan.Changes() {
			t.Errorf("got %v, want that all is done", plan.Effects)
		}
		decided(t, s, staff(3*portionSize+1))
		if plan := bring(t, s, Import{Users: in.Users[:1], DeactivateMissing: true}); plan.Effects[coaching.EffectDeactivated] != 3*portionSize-1 {
			t.Errorf("got %v", plan.Effects)
		}
		if n := len(liveSetOf(t, s).Users); n != 3*portionSize+1 {
			t.Errorf("%d users: the import that was decided first did not come first", n)
		}
	})
}

// forsake makes the decided import look like one that nobody works on.
func forsake(t *testing.T, s *Store) {
	t.Helper()
	now, err := s.engine.now(s.reading)
	if err == nil {
		err = s.writing.Exec("UPDATE imports SET touched_at = ?", at(now.Add(-2*forsakenAfter))).Error
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnImportThatIsNotDecidedChangesNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		plan, err := s.PlanImport(t.Context(), staff(portionSize), func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Import(ctx, plan, unheeded); !errors.Is(err, ErrUndecided) {
			t.Errorf("got %v, want ErrUndecided", err)
		}
		id := key(coachingtest.ID(1))
		if err := s.gather(t.Context(), id, plan.portions); err != nil { // and its process dies
			t.Fatal(err)
		}
		forsake(t, s)
		if n, err := s.CarryOnImports(t.Context()); n != 0 || err != nil || len(liveSetOf(t, s).Users) != 0 {
			t.Errorf("carried out %d, %v", n, err)
		}
		if err := s.writing.Exec("UPDATE imports SET touched_at = ?", at(time.Unix(0, 0))).Error; err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.dropForgotten(t.Context()), s.decide(t.Context(), id, plan)); err == nil {
			t.Error("one that was dropped could be decided")
		}
		var left int64
		if err := s.reading.Model(&portionRow{}).Count(&left).Error; err != nil || left != 0 {
			t.Errorf("%d portions are left, %v", left, err)
		}
	})
}

// Imports and dialers' reports of the same people at once, in several processes:
// each is done, and nobody is there twice.
func TestImportsAndReportsAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		in := staff(2 * portionSize)
		var all sync.WaitGroup
		for i := range 2 {
			s := open(t, url)
			all.Go(func() { bring(t, s, in) })
			all.Go(func() {
				for n := range 40 {
					person := coaching.Person{Extension: in.Users[(n*37+i)%len(in.Users)].Extensions[0].Extension, Name: "as the dialer has it"}
					scope := coaching.Scope{Dialer: coachingtest.Dialer, Kind: "simulator", Extensions: []string{person.Extension}}
					_, err := s.Change(t.Context(), scope, func(b *coaching.Board) error {
						b.Observe(coaching.Position{Connection: 1, Seq: int64(n)}, coaching.UserSeen{Person: person, Status: coaching.StatusAvailable, Since: coachingtest.At(n)})
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		s := open(t, url)
		if plan := bring(t, s, in); plan.Changes() {
			t.Errorf("got %v, want that all is done", plan.Effects)
		}
		named := map[string]bool{}
		for _, u := range liveSetOf(t, s).Users {
			if u.ExternalID == "" || named[u.ExternalID] || u.Name == "as the dialer has it" {
				t.Errorf("got %+v", u)
			}
			named[u.ExternalID] = true
		}
	})
}

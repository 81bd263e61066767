package store

import (
	"context"
	"errors"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/postgrestest"
)

// readings are the calls that write nothing.
func readings(calls map[string]func(context.Context) error) map[string]func(context.Context) error {
	reads := map[string]func(context.Context) error{}
	for _, name := range []string{"LiveSet", "Changes", "Session", "Sessions", "Ping"} {
		reads[name] = calls[name]
	}
	return reads
}

func TestADatabaseWhoseDiskIsFull(t *testing.T) {
	t.Parallel()
	server := postgrestest.FrailServer(t)
	s := openPatient(t, server.URL("postgres"), impatience)
	all := calls(s)
	checkBack(t, "opening", all)
	server.FillDisk()
	want := countedUp(t, s)
	var err error
	housetest.WaitFor(t, "a change that finds no room", func() bool { // some find it in what there is
		if _, err = countUp(t.Context(), s); err == nil {
			want++
		}
		return err != nil
	})
	if !errors.Is(err, coaching.ErrUnavailable) {
		t.Errorf("the first change without room: got %v, want ErrUnavailable", err)
	}
	checkAway(t, "its disk is full", map[string]func(context.Context) error{"Change": all["Change"]})
	for name, read := range readings(all) {
		if err := read(t.Context()); err != nil {
			t.Errorf("%s while its disk is full: %v", name, err)
		}
	}
	server.MakeRoom()
	counted(t, s) // at once, on the connections there are
	if got := countedUp(t, s); got != want+1 {
		t.Errorf("counted up to %d, want %d", got, want+1)
	}
	checkBack(t, "room was made", all)
}

func TestADatabaseThatCrashesForWantOfRoom(t *testing.T) {
	t.Parallel()
	server := postgrestest.FrailServer(t)
	s := openPatient(t, server.URL("postgres"), impatience)
	all := calls(s)
	checkBack(t, "opening", all)
	for range 20 {
		counted(t, s)
	}
	before := countedUp(t, s)
	server.FillLog()
	checkAway(t, "it has crashed", all)
	server.MakeRoom()
	checkBack(t, "room was made", readings(all))
	if got := countedUp(t, s); got != before {
		t.Errorf("counted up to %d, want %d", got, before)
	}
	checkBack(t, "room was made", all)
}

// countedUp is how often countUp worked, as the change log tells it; the rows have
// to tell the same.
func countedUp(t *testing.T, s *Store) int {
	t.Helper()
	set, err := s.LiveSet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changes, err := s.Changes(t.Context(), coaching.Revision{Epoch: set.Revision.Epoch}, mostChanges)
	if err != nil {
		t.Fatal(err)
	}
	counted := 0
	for _, c := range changes {
		if c.User != nil {
			counted++
		}
	}
	if got := set.Dialers[0].Connection; got != int64(counted) {
		t.Errorf("the rows stand at %d, the change log at %d", got, counted)
	}
	return counted
}

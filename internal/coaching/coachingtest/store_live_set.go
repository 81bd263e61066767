package coachingtest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// replay is the live set that changes come to.
func replay(epoch string, changes []coaching.Change) coaching.LiveSet {
	set := coaching.LiveSet{Revision: coaching.Revision{Epoch: epoch}, Freed: map[coaching.UserID]time.Time{}}
	sessions, users := map[uuid.UUID]*coaching.Session{}, map[uuid.UUID]*coaching.User{}
	dialers, entries := map[string]coaching.DialerState{}, map[uuid.UUID]coaching.CatalogueEntry{}
	for _, c := range changes {
		set.Revision.Number, set.Revision.At = c.Number, c.At
		switch {
		case c.Session != nil && c.Session.Live():
			sessions[c.Session.ID] = c.Session
		case c.Session != nil:
			delete(sessions, c.Session.ID)
			if freed := set.Freed[c.Session.User.ID]; c.Session.EndedAt.After(freed) {
				set.Freed[c.Session.User.ID] = *c.Session.EndedAt
			}
		case c.User != nil:
			users[c.User.ID] = c.User
		case c.Dialer != nil:
			dialers[c.Dialer.Name] = *c.Dialer
		case c.Catalogue != nil:
			entries[c.Catalogue.ID] = *c.Catalogue
		}
	}
	set.Sessions, set.Users = slices.Collect(maps.Values(sessions)), slices.Collect(maps.Values(users))
	set.Dialers, set.Catalogue = slices.Collect(maps.Values(dialers)), slices.Collect(maps.Values(entries))
	return inOrder(set)
}

// inOrder sorts a live set, which has no order, and has its sessions in brief, as
// changes do.
func inOrder(set coaching.LiveSet) coaching.LiveSet {
	set.Sessions = slices.Clone(set.Sessions)
	for i, s := range set.Sessions {
		set.Sessions[i] = s.Brief()
	}
	slices.SortFunc(set.Sessions, func(a, b *coaching.Session) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(set.Users, func(a, b *coaching.User) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(set.Dialers, func(a, b coaching.DialerState) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(set.Catalogue, func(a, b coaching.CatalogueEntry) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return set
}

// busyFloor reports of several supervisors, calls, moves and ends; the same step
// always reports the same.
func (w *storeWorld) busyFloor(step int) {
	leg, agent, at := fmt.Sprint("leg", step%7), Agent(step%5), At(step*10)
	call := Talking(fmt.Sprint("call", step), agent, at)
	call.Campaign, call.List = coaching.Named{Key: fmt.Sprint(step % 3), Name: "Campaign"}, coaching.Named{Key: "L"}
	attached := Attached(leg, agent, coaching.Types()[step%5], at)
	attached.Supervisor = Supervisor(step % 7)
	w.report(call, attached, coaching.UserSeen{Person: agent, Status: coaching.StatusOnCall, Since: at})
	switch step % 4 {
	case 1:
		w.report(Waits(leg, at.Add(5e9)))
	case 2:
		call.ResultCode = coaching.Named{Key: "SALE", Name: "Sold"}
		w.report(Over(call, at.Add(5e9)))
	}
}

func storeLiveSet(t *testing.T, w *storeWorld) {
	empty := w.live()
	if empty.Revision.Number != 0 || len(empty.Revision.Epoch) != 16 {
		t.Errorf("an empty store stands at %v, want number 0 of an epoch of 16 characters", empty.Revision)
	}
	w.change(coaching.Scope{Dialer: Dialer, Kind: "simulator"}, connect)
	for step := range 30 {
		w.busyFloor(step)
	}
	set := inOrder(w.live())
	if len(set.Sessions) < 3 || len(set.Users) < 10 || len(set.Catalogue) != 5 {
		t.Errorf("the floor is not busy: %d sessions, %d users, %d entries", len(set.Sessions), len(set.Users), len(set.Catalogue))
	}
	same(t, "live set, against the changes replayed", set, replay(set.Revision.Epoch, w.log()))
}

// storeLiveSetWhileWriting takes live sets while others write: each is as the
// change log says it was at its revision.
func storeLiveSetWhileWriting(t *testing.T, w *storeWorld) {
	over := make(chan struct{})
	var sets []coaching.LiveSet
	go func() {
		defer close(over)
		for range 25 {
			set, err := w.LiveSet(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			sets = append(sets, set)
		}
	}()
	for step := 0; ; step++ {
		w.busyFloor(step)
		select {
		case <-over:
		default:
			continue
		}
		break
	}
	changes := w.log()
	for _, set := range sets {
		want := replay(set.Revision.Epoch, changes[:set.Revision.Number])
		if set.Revision.Number == 0 {
			set.Revision.At = want.Revision.At // that of its making
		}
		same(t, "live set at "+set.Revision.String(), inOrder(set), want)
	}
}

package coaching_test

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

func seen(p coaching.Person, s coaching.Status, since int) coaching.UserSeen {
	return coaching.UserSeen{Person: p, Status: s, Since: at(since)}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	lunch, training := seen(alice, coaching.StatusPaused, 5), seen(alice, coaching.StatusPaused, 5)
	lunch.Reason, training.Reason = "Lunch", "Training"
	for name, tc := range map[string]struct {
		reports []coaching.Sighting
		status  coaching.Status
		reason  string
		since   int
	}{
		"the newer status wins":        {[]coaching.Sighting{seen(alice, coaching.StatusAvailable, 1), seen(alice, coaching.StatusOnCall, 5)}, "on_call", "", 5},
		"an older status is passed by": {[]coaching.Sighting{seen(alice, coaching.StatusOnCall, 5), seen(alice, coaching.StatusAvailable, 1)}, "on_call", "", 5},
		"a pause has its reason":       {[]coaching.Sighting{lunch}, "paused", "Lunch", 5},
		"another reason is news":       {[]coaching.Sighting{lunch, training}, "paused", "Training", 5},
		"the same status again is not": {[]coaching.Sighting{seen(alice, coaching.StatusOnCall, 1), seen(alice, coaching.StatusOnCall, 5)}, "on_call", "", 1},
		"a reason ends with its pause": {[]coaching.Sighting{lunch, seen(alice, coaching.StatusAvailable, 9)}, "available", "", 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := watched(t)
			is(t, kinds(w.report(tc.reports...)), "user.changed") // one change, however many statuses
			got := w.user(alice.Extension).Presence
			if got.Status != tc.status || got.Reason != tc.reason || !got.Since.Equal(at(tc.since)) {
				t.Errorf("got %s (%s) since %s, want %s (%s) since %d", got.Status, got.Reason, got.Since, tc.status, tc.reason, tc.since)
			}
			is(t, kinds(w.report(tc.reports[len(tc.reports)-1])), "")
		})
	}
}

func TestAUserFirstSeenHasNoStatusUntilOneIsTold(t *testing.T) {
	t.Parallel()
	w := watched(t)
	w.report(attached("leg", coaching.Person{Extension: "1001"}, monitor, at(1)))
	u := w.user("1001")
	if u.Presence.Status != coaching.StatusUnknown || u.Presence.Since != nil {
		t.Errorf("got %+v, want unknown", u.Presence)
	}
	is(t, u.Name, "1001") // the extension, until a name is known
	w.report(seen(coaching.Person{Extension: "1001"}, coaching.StatusUnknown, 3))
	if got := w.user("1001").Presence.Since; got == nil || !got.Equal(at(3)) {
		t.Errorf("got since %v, want 3", got)
	}
}

func TestUsersAreTakenOnOnceAndRenamed(t *testing.T) {
	t.Parallel()
	w := watched(t)
	is(t, kinds(w.report(attached("leg", alice, monitor, at(1)), talking("c1", alice, at(2)))),
		"user.changed user.changed session.started")
	is(t, kinds(w.report(attached("leg", alice, monitor, at(1)))), "")
	renamed := alice
	renamed.Name, renamed.Team = "Alice", "Support"
	is(t, kinds(w.report(seen(renamed, coaching.StatusOnCall, 3))), "user.changed")
	u := w.user(alice.Extension)
	is(t, u.Name+" "+u.Team, "Alice Support")
	is(t, kinds(w.report(seen(coaching.Person{Extension: alice.Extension}, coaching.StatusPaused, 4))), "user.changed")
	is(t, u.Name+" "+u.Team, "Alice Support")
	if len(w.users) != 2 {
		t.Errorf("got %d users, want 2", len(w.users))
	}
}

func TestADialersNameNeverReplacesAnImportedUsers(t *testing.T) {
	t.Parallel()
	w := watched(t)
	imported := &coaching.User{
		ID: w.newID(), ExternalID: "hr-7", Name: "Alice Imported", Team: "HR",
		Extensions: []coaching.Extension{{Dialer: "elsewhere", Extension: "1"}, {Dialer: coachingtest.Dialer, Extension: alice.Extension}},
		Presence:   coaching.Presence{Status: coaching.StatusUnknown},
	}
	w.users[imported.ID] = imported
	w.report(attached("leg", alice, monitor, at(1)), seen(alice, coaching.StatusOnCall, 2))
	u := w.users[imported.ID]
	is(t, u.Name+", "+u.Team+", "+string(u.Presence.Status), "Alice Imported, HR, on_call")
	is(t, w.only().Target.Name, "Alice Imported")
}

func TestTheCatalogueIsFilledOnceAndRenamed(t *testing.T) {
	t.Parallel()
	w := watched(t)
	call := talking("c1", alice, at(1))
	call.Campaign, call.List = coaching.Named{Key: "SPRING"}, coaching.Named{Key: "L7", Name: "List 7"}
	call.ResultCode = coaching.Named{Key: "SALE", Name: "Sale"}
	w.report(attached("leg", alice, monitor, at(1)))
	is(t, kinds(w.report(call)), "catalogue.changed catalogue.changed catalogue.changed session.changed")
	is(t, kinds(w.report(call)), "")
	spring := w.entry(coaching.KindCampaign, "SPRING")
	is(t, spring.Name, "SPRING") // the key, until a name is known
	c := w.only().Calls[0]
	if *c.CampaignID != spring.ID || *c.ListID != w.entry(coaching.KindList, "L7").ID || c.ResultCode != "SALE" {
		t.Errorf("got %+v, want the call to point at the catalogue", c)
	}
	call.Campaign.Name, call.At = "Spring", at(2)
	is(t, kinds(w.report(call)), "catalogue.changed")
	if got := w.entry(coaching.KindCampaign, "SPRING"); got.ID != spring.ID || got.Name != "Spring" || len(w.catalogue) != 3 {
		t.Errorf("got %+v of %d entries, want the same entry named Spring", got, len(w.catalogue))
	}
	call.Campaign.Name, call.At = "", at(3)
	is(t, kinds(w.report(call)), "") // a key without a name forgets none
}

func TestACatalogueEntryMadeAndRenamedInOneBatchIsOneChange(t *testing.T) {
	t.Parallel()
	w := watched(t)
	a := attached("leg", alice, monitor, at(1))
	a.TargetCampaign = coaching.Named{Key: "SPRING"}
	call := talking("c1", alice, at(2))
	call.Campaign = coaching.Named{Key: "SPRING", Name: "Spring"}
	changes := w.report(a, call)
	is(t, kinds(changes), "catalogue.changed user.changed user.changed session.started")
	is(t, changes[0].Catalogue.Name, "Spring")
}

func TestAUserMayHaveSeveralExtensionsAtADialer(t *testing.T) {
	t.Parallel()
	w := watched(t)
	desk := alice
	desk.Extension = "1099"
	both := &coaching.User{
		ID: w.newID(), ExternalID: "hr-7", Name: "Alice", Presence: coaching.Presence{Status: coaching.StatusUnknown},
		Extensions: []coaching.Extension{
			{Dialer: coachingtest.Dialer, Extension: alice.Extension}, {Dialer: coachingtest.Dialer, Extension: desk.Extension},
		},
	}
	w.users[both.ID] = both
	w.report(attached("leg", alice, monitor, at(2)), attached("leg", desk, monitor, at(3)), talking("c1", desk, at(4)))
	s := w.only()
	is(t, s.Target.ID.String(), both.ID.String())
	is(t, heard(s), "c1 talking 4-")
}

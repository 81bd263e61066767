package coaching_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// people keeps users and names as a store would, and gives every roster all of
// them.
type people struct {
	users   map[coaching.UserID]*coaching.User
	entries map[string]coaching.CatalogueEntry // by kind, dialer and key
	newID   func() coaching.UserID
}

func newPeople(users ...*coaching.User) *people {
	p := &people{users: map[coaching.UserID]*coaching.User{}, entries: map[string]coaching.CatalogueEntry{}, newID: coachingtest.IDs()}
	for _, u := range users {
		p.users[u.ID] = u
	}
	return p
}

// take has a portion imported and keeps what that wrote.
func (p *people) take(portion coaching.Portion) (effects []coaching.Effect, w coaching.Writes) {
	rows := coaching.Rows{NewID: p.newID}
	for _, u := range p.users {
		rows.Users = append(rows.Users, u.Clone())
	}
	for _, e := range p.entries {
		rows.Catalogue = append(rows.Catalogue, e)
	}
	r := coaching.NewRoster(rows)
	effects = r.Import(portion)
	w = r.Writes()
	for _, u := range w.Users {
		p.users[u.ID] = u
	}
	for _, e := range w.Catalogue {
		p.entries[fmt.Sprint(e.Kind, e.Dialer, e.Key)] = e
	}
	return effects, w
}

func (p *people) say(users ...coaching.ImportedUser) string {
	effects, _ := p.take(coaching.Portion{Users: users})
	return sentence(effects)
}

func sentence(effects []coaching.Effect) string {
	var words []string
	for _, e := range effects {
		words = append(words, string(e))
	}
	return strings.Join(words, ", ")
}

// at is who has an extension.
func (p *people) at(extension string) *coaching.User {
	for _, u := range p.users {
		if slices.Contains(u.AllAt(coachingtest.Dialer), extension) {
			return u
		}
	}
	return nil
}

func hr(id, name string, extensions ...string) coaching.ImportedUser {
	in := coaching.ImportedUser{ExternalID: id, Name: name, Team: "Sales"}
	for _, e := range extensions {
		in.Extensions = append(in.Extensions, coaching.Extension{Dialer: coachingtest.Dialer, Extension: e})
	}
	return in
}

// seenAt is a user whom only a dialer knows.
func seenAt(n uint64, extension string) *coaching.User {
	return &coaching.User{
		ID: coachingtest.ID(100 + n), Name: extension, Presence: coaching.Presence{Status: coaching.StatusOnCall, Since: new(coachingtest.At(int(n)))},
		Extensions: []coaching.Extension{{Dialer: coachingtest.Dialer, Extension: extension}},
	}
}

func TestImportCompletesTheUserThatADialerToldOfFirst(t *testing.T) {
	t.Parallel()
	p := newPeople(seenAt(1, "201"))
	is(t, p.say(hr("e1", "Maria", "201", "299")), "completed")
	u := p.at("201")
	is(t, u.ID.String(), coachingtest.ID(101).String())
	is(t, u.ExternalID+" "+u.Name+" "+u.Team+" "+string(u.Presence.Status), "e1 Maria Sales on_call")
	is(t, p.say(hr("e1", "Maria", "299", "201")), "unchanged") // in whatever order
}

func TestOfTwoExtensionsTheUserWhoWasSeenFirstIsCompleted(t *testing.T) {
	t.Parallel()
	p := newPeople(seenAt(2, "202"), seenAt(1, "201"))
	is(t, p.say(hr("e1", "Maria", "202", "201")), "completed")
	is(t, p.at("202").ID.String(), coachingtest.ID(101).String())
	left := p.users[coachingtest.ID(102)]
	if !left.Inactive || len(left.Extensions) != 0 || left.Presence.Status != coaching.StatusUnknown {
		t.Errorf("got %+v of the one who has no extension any more, want inactive", left)
	}
}

func TestAnExtensionMovesToWhomTheImportNames(t *testing.T) {
	t.Parallel()
	p := newPeople()
	is(t, p.say(hr("e1", "Maria", "201"), hr("e2", "Tom", "202")), "created, created")
	maria, tom := p.at("201").ID, p.at("202").ID
	is(t, p.say(hr("e1", "Maria", "202"), hr("e2", "Tom", "201")), "changed, changed")
	is(t, p.at("201").ID.String(), tom.String())
	is(t, p.at("202").ID.String(), maria.String())
	is(t, p.say(hr("e3", "Ana", "201")), "created")
	if u := p.users[tom]; u.Inactive || len(u.Extensions) != 0 || u.Presence.Status != coaching.StatusUnknown {
		t.Errorf("got %+v of an imported user without an extension, want active", u)
	}
}

// A status was told of an extension, and goes where that goes.
func TestAStatusStaysWithItsExtension(t *testing.T) {
	t.Parallel()
	p := newPeople()
	p.say(hr("e1", "Maria", "201"))
	fresh := seenAt(1, "202")
	p.users[fresh.ID] = fresh
	is(t, p.say(hr("e1", "Maria", "202")), "changed")
	is(t, string(p.at("202").Presence.Status), "on_call")
	is(t, p.say(hr("e1", "Maria", "203")), "changed")
	is(t, string(p.at("203").Presence.Status), "unknown")
}

func TestWhoIsMissingIsMadeInactiveAndComesBackAsTheSame(t *testing.T) {
	t.Parallel()
	p := newPeople()
	p.say(hr("e1", "Maria", "201"))
	id := p.at("201").ID
	effects, _ := p.take(coaching.Portion{Missing: []string{"e1", "nobody"}})
	is(t, sentence(effects), "made inactive, unchanged")
	u := p.users[id]
	if !u.Inactive || len(u.Extensions) != 0 || u.Name != "Maria" {
		t.Errorf("got %+v, want Maria, inactive and without an extension", u)
	}
	effects, w := p.take(coaching.Portion{Missing: []string{"e1"}})
	is(t, sentence(effects)+kinds(w.Changes), "unchanged")
	is(t, p.say(hr("e1", "Maria K", "204")), "changed")
	if u := p.users[id]; u.Inactive || u.Name != "Maria K" {
		t.Errorf("got %+v, want the same user, active again", u)
	}
}

// Databases of the first schema may hold two users of one key.
func TestOfTwoUsersWithOneExternalIDOneIsMeantFromThenOn(t *testing.T) {
	t.Parallel()
	first, second := seenAt(1, "201"), seenAt(2, "202")
	first.ExternalID, second.ExternalID = "e1", "e1"
	first.Name, first.Team = "Maria", "Sales"
	p := newPeople(first, second)
	is(t, p.say(hr("e1", "Maria", "201")), "changed") // as it was, but for the other
	is(t, p.say(hr("e1", "Maria", "201", "202")), "changed")
	is(t, p.at("202").ID.String(), first.ID.String())
	if !p.users[second.ID].Inactive {
		t.Error("the second is active")
	}
	is(t, p.say(hr("e1", "Maria", "201", "202")), "unchanged")
}

func TestADialersNameNeverReplacesAnImportedEntrys(t *testing.T) {
	t.Parallel()
	w := watched(t)
	a := attached("leg", alice, monitor, at(1))
	a.TargetCampaign = coaching.Named{Key: "SPRING", Name: "spring_2026"}
	w.report(a)
	p := newPeople()
	for _, e := range w.catalogue {
		p.entries[fmt.Sprint(e.Kind, e.Dialer, e.Key)] = e
	}
	spring := coaching.ImportedEntry{Kind: coaching.KindCampaign, Dialer: coachingtest.Dialer, Key: "SPRING", Name: "Spring"}
	sale := coaching.ImportedEntry{Kind: coaching.KindResultCode, Dialer: coachingtest.Dialer, Key: "SALE", Name: "Sold"}
	effects, writes := p.take(coaching.Portion{Entries: []coaching.ImportedEntry{spring, sale}})
	is(t, sentence(effects), "completed, created")
	is(t, kinds(writes.Changes), "catalogue.changed catalogue.changed")
	for _, e := range writes.Catalogue {
		w.catalogue[e.ID] = e
	}
	call := talking("c1", alice, at(2))
	call.Campaign, call.ResultCode = coaching.Named{Key: "SPRING", Name: "spring_2026"}, coaching.Named{Key: "SALE", Name: "sale"}
	is(t, kinds(w.report(call)), "session.changed")
	is(t, w.entry(coaching.KindCampaign, "SPRING").Name+" "+w.entry(coaching.KindResultCode, "SALE").Name, "Spring Sold")
	effects, writes = p.take(coaching.Portion{Entries: []coaching.ImportedEntry{spring, sale}})
	is(t, sentence(effects)+kinds(writes.Changes), "unchanged, unchanged")
}

// Whatever is imported, and whoever was there: the import's users are as it says,
// nobody shares an extension, nobody is lost, and once more changes nothing.
func TestImportsAreIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		p := newPeople()
		for n, e := range rapid.SliceOfNDistinct(rapid.IntRange(200, 212), 0, 6, rapid.ID).Draw(r, "seen") {
			u := seenAt(uint64(n), fmt.Sprint(e))
			p.users[u.ID] = u
		}
		for range rapid.IntRange(1, 4).Draw(r, "imports") {
			portion := somePortion(r)
			known := len(p.users)
			p.take(portion)
			if len(p.users) < known {
				r.Fatalf("%d users of %d are left", len(p.users), known)
			}
			p.check(r, portion)
			effects, w := p.take(portion)
			if len(w.Changes) > 0 || len(w.Users) > 0 || slices.ContainsFunc(effects, func(e coaching.Effect) bool { return e != coaching.EffectUnchanged }) {
				r.Fatalf("once more: got %v and %d changes", effects, len(w.Changes))
			}
		}
	})
}

func somePortion(r *rapid.T) coaching.Portion {
	var portion coaching.Portion
	free := rapid.Permutation([]string{"201", "202", "203", "204", "205", "206"}).Draw(r, "extensions")
	for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"e1", "e2", "e3", "e4"}), 0, 4, rapid.ID).Draw(r, "users") {
		n := rapid.IntRange(0, min(2, len(free))).Draw(r, "of them")
		portion.Users = append(portion.Users, hr(id, rapid.SampledFrom([]string{"Maria", "Tom"}).Draw(r, "name"), free[:n]...))
		free = free[n:]
	}
	if rapid.Bool().Draw(r, "missing") {
		portion.Missing = []string{"e5"}
	}
	return portion
}

func (p *people) check(r *rapid.T, portion coaching.Portion) {
	holders := map[coaching.Extension]bool{}
	for _, u := range p.users {
		for _, e := range u.Extensions {
			if holders[e] {
				r.Fatalf("two users have %v", e)
			}
			holders[e] = true
		}
	}
	for _, in := range portion.Users {
		var found []*coaching.User
		for _, u := range p.users {
			if u.ExternalID == in.ExternalID {
				found = append(found, u)
			}
		}
		if len(found) != 1 || found[0].Name != in.Name || found[0].Inactive || len(found[0].Extensions) != len(in.Extensions) {
			r.Fatalf("got %+v of %+v", found, in)
		}
		for _, e := range in.Extensions {
			if !slices.Contains(found[0].Extensions, e) {
				r.Fatalf("%s has not got %v", in.ExternalID, e)
			}
		}
	}
}

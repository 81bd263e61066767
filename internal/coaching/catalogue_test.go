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

func TestTheCatalogueNamesEntriesAndIsImmutable(t *testing.T) {
	t.Parallel()
	campaign := coaching.CatalogueEntry{ID: coachingtest.ID(1), Kind: coaching.KindCampaign, Dialer: "pbx1", Key: "SPRING", Name: "SPRING"}
	sale := coaching.CatalogueEntry{ID: coachingtest.ID(2), Kind: coaching.KindResultCode, Dialer: "pbx1", Key: "SALE", Name: "Sale"}
	c := coaching.NewCatalogue([]coaching.CatalogueEntry{campaign, sale})
	renamed := campaign
	renamed.Name = "Spring"
	next := c.With(renamed)
	if e, ok := c.Entry(campaign.ID); !ok || e.Name != "SPRING" {
		t.Errorf("got %+v, %t from the older catalogue, want SPRING", e, ok)
	}
	if e, ok := next.Entry(campaign.ID); !ok || e.Name != "Spring" {
		t.Errorf("got %+v, %t from the newer catalogue, want Spring", e, ok)
	}
	if _, ok := c.Entry(coachingtest.ID(9)); ok {
		t.Error("found an entry that is not there")
	}
}

func TestAResultCodeIsNamedByItsDialersEntryElseByItself(t *testing.T) {
	t.Parallel()
	c := coaching.NewCatalogue([]coaching.CatalogueEntry{
		{ID: coachingtest.ID(1), Kind: coaching.KindResultCode, Dialer: "pbx1", Key: "SALE", Name: "Sale"},
		{ID: coachingtest.ID(2), Kind: coaching.KindCampaign, Dialer: "pbx1", Key: "NI", Name: "a campaign"},
	})
	is(t, c.ResultCode("pbx1", "SALE"), "Sale")
	is(t, c.ResultCode("pbx2", "SALE"), "SALE")
	is(t, c.ResultCode("pbx1", "NI"), "NI")
	is(t, coaching.NewCatalogue(nil).ResultCode("pbx1", "SALE"), "SALE")
}

// It grows as the dialers tell and as imports bring, by any numbers at a time.
func TestACatalogueThatGrowsKnowsTheNewestOfEach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		c := coaching.NewCatalogue(nil)
		want := map[coaching.CatalogueKind]map[string]string{coaching.KindCampaign: {}, coaching.KindResultCode: {}}
		for range rapid.IntRange(0, 12).Draw(r, "times") {
			var entries []coaching.CatalogueEntry
			for range rapid.IntRange(1, 5).Draw(r, "entries") {
				n := rapid.IntRange(1, 12).Draw(r, "which")
				kind := []coaching.CatalogueKind{coaching.KindCampaign, coaching.KindResultCode}[n%2]
				e := coaching.CatalogueEntry{ID: coachingtest.ID(uint64(n)), Kind: kind, Dialer: "pbx1", Key: fmt.Sprint(n), Name: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(r, "name")}
				entries = append(entries, e)
				want[kind][e.Key] = e.Name
			}
			c = c.With(entries...)
		}
		for key, name := range want[coaching.KindResultCode] {
			if got := c.ResultCode("pbx1", key); got != name {
				r.Fatalf("result code %s: got %s, want %s", key, got, name)
			}
		}
		campaigns := c.Campaigns()
		sorted := slices.IsSortedFunc(campaigns, func(a, b coaching.CatalogueEntry) int { return strings.Compare(a.Name, b.Name) })
		if !sorted || len(campaigns) != len(want[coaching.KindCampaign]) {
			r.Fatalf("got %+v, want %v", campaigns, want[coaching.KindCampaign])
		}
		for _, e := range campaigns {
			if byID, ok := c.Entry(e.ID); !ok || byID != e || e.Name != want[coaching.KindCampaign][e.Key] {
				r.Fatalf("got %+v and %+v, want %s", e, byID, want[coaching.KindCampaign][e.Key])
			}
		}
	})
}

func BenchmarkCatalogueOfAMillion(b *testing.B) {
	for b.Loop() {
		c := coaching.NewCatalogue(nil)
		for first := 0; first < 1_000_000; first += 500 {
			entries := make([]coaching.CatalogueEntry, 500)
			for i := range entries {
				entries[i] = coaching.CatalogueEntry{ID: coachingtest.ID(uint64(first + i)), Kind: coaching.KindList, Dialer: "pbx1", Key: fmt.Sprint(first + i)}
			}
			c = c.With(entries...)
		}
	}
}

package coaching_test

import (
	"testing"

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

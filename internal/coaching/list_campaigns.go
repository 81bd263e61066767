package coaching

import "slices"

// CampaignPage is a page of campaigns, sorted by name and id.
type CampaignPage struct {
	Campaigns []CatalogueEntry
	Next      *NamePlace // nil on the last page
}

// Campaigns returns a page of the campaigns of a dialer, or of all for "", from
// memory. after is nil for the first page.
func (f *Floor) Campaigns(after *NamePlace, limit int, dialer string) CampaignPage {
	all := f.Catalogue().Campaigns()
	place := func(e CatalogueEntry) NamePlace { return NamePlace{e.Name, e.ID} }
	if after != nil {
		first, found := slices.BinarySearchFunc(all, *after, func(e CatalogueEntry, p NamePlace) int { return place(e).compare(p) })
		if found {
			first++
		}
		all = all[first:]
	}
	var page CampaignPage
	for _, e := range all {
		switch {
		case dialer != "" && e.Dialer != dialer:
		case len(page.Campaigns) == limit:
			last := place(page.Campaigns[limit-1])
			page.Next = &last
			return page
		default:
			page.Campaigns = append(page.Campaigns, e)
		}
	}
	return page
}

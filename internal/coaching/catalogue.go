package coaching

import (
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// CatalogueKind tells what a catalogue entry names.
type CatalogueKind string

// The kinds of catalogue entries.
const (
	KindCampaign   CatalogueKind = "campaign"
	KindList       CatalogueKind = "list"
	KindResultCode CatalogueKind = "result_code"
)

// CatalogueEntry gives a dialer's campaign, list or result code an id of ours and
// a name.
type CatalogueEntry struct {
	ID     uuid.UUID     `json:"id"`
	Kind   CatalogueKind `json:"kind"`
	Dialer string        `json:"dialer"`
	Key    string        `json:"key"`  // the dialer's own
	Name   string        `json:"name"` // the key, until a name is known; a result code's is its description
	// Imported: an import gave the name, and the dialer's no longer counts.
	Imported bool `json:"imported,omitempty"`
}

// catalogueKey finds an entry by what a dialer says.
type catalogueKey struct {
	kind        CatalogueKind
	dialer, key string
}

// Catalogue names campaigns, lists and result codes. It is immutable.
type Catalogue struct {
	// Each layer has at least twice the entries of the next, which win over its own:
	// so a catalogue that grows is copied seldom, and looked up in few places.
	layers []catalogueLayer

	byName sync.Once
	sorted []CatalogueEntry // campaigns; made when first asked for
}

type catalogueLayer struct {
	byID  map[uuid.UUID]CatalogueEntry
	byKey map[catalogueKey]uuid.UUID
}

// NewCatalogue returns the catalogue of some entries.
func NewCatalogue(entries []CatalogueEntry) *Catalogue {
	return (&Catalogue{}).With(entries...)
}

// With returns a catalogue that has these entries too, in place of older ones
// with their ids.
func (c *Catalogue) With(entries ...CatalogueEntry) *Catalogue {
	top := catalogueLayer{byID: make(map[uuid.UUID]CatalogueEntry, len(entries)), byKey: make(map[catalogueKey]uuid.UUID, len(entries))}
	for _, e := range entries {
		top.put(e)
	}
	layers := slices.Clone(c.layers)
	for len(layers) > 0 && len(layers[len(layers)-1].byID) < 2*len(top.byID) {
		top = layers[len(layers)-1].under(top)
		layers = layers[:len(layers)-1]
	}
	return &Catalogue{layers: append(layers, top)}
}

func (l catalogueLayer) put(e CatalogueEntry) {
	l.byID[e.ID] = e
	l.byKey[catalogueKey{e.Kind, e.Dialer, e.Key}] = e.ID
}

// under returns both layers as one.
func (l catalogueLayer) under(top catalogueLayer) catalogueLayer {
	both := catalogueLayer{byID: maps.Clone(l.byID), byKey: maps.Clone(l.byKey)}
	for _, e := range top.byID {
		both.put(e)
	}
	return both
}

// Entry returns the campaign or list with an id.
func (c *Catalogue) Entry(id uuid.UUID) (CatalogueEntry, bool) {
	for _, l := range slices.Backward(c.layers) {
		if e, ok := l.byID[id]; ok {
			return e, true
		}
	}
	return CatalogueEntry{}, false
}

// ResultCode returns the name of a dialer's result code: the code itself while
// no other name is known.
func (c *Catalogue) ResultCode(dialer, code string) string {
	for _, l := range slices.Backward(c.layers) {
		if e, ok := l.byID[l.byKey[catalogueKey{KindResultCode, dialer, code}]]; ok {
			return e.Name
		}
	}
	return code
}

// Campaigns are all campaigns, sorted by name and id. The slice is shared: it must
// not be changed.
func (c *Catalogue) Campaigns() []CatalogueEntry {
	c.byName.Do(func() {
		for i, l := range c.layers {
			for id, e := range l.byID {
				newer := slices.ContainsFunc(c.layers[i+1:], func(l catalogueLayer) bool { _, has := l.byID[id]; return has })
				if e.Kind == KindCampaign && !newer {
					c.sorted = append(c.sorted, e)
				}
			}
		}
		slices.SortFunc(c.sorted, func(a, b CatalogueEntry) int { return NamePlace{a.Name, a.ID}.compare(NamePlace{b.Name, b.ID}) })
	})
	return c.sorted
}

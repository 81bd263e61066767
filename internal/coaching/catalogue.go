package coaching

import (
	"maps"

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
	Name   string        `json:"name"` // the key, until a name is known
}

// catalogueKey finds an entry by what a dialer says.
type catalogueKey struct {
	kind        CatalogueKind
	dialer, key string
}

// Catalogue names campaigns, lists and result codes. It is immutable.
type Catalogue struct {
	byID  map[uuid.UUID]CatalogueEntry
	byKey map[catalogueKey]uuid.UUID
}

// NewCatalogue returns the catalogue of some entries.
func NewCatalogue(entries []CatalogueEntry) *Catalogue {
	c := &Catalogue{byID: map[uuid.UUID]CatalogueEntry{}, byKey: map[catalogueKey]uuid.UUID{}}
	for _, e := range entries {
		c.put(e)
	}
	return c
}

// With returns a catalogue that has these entries too, in place of older ones
// with their ids.
func (c *Catalogue) With(entries ...CatalogueEntry) *Catalogue {
	next := &Catalogue{byID: maps.Clone(c.byID), byKey: maps.Clone(c.byKey)}
	for _, e := range entries {
		next.put(e)
	}
	return next
}

func (c *Catalogue) put(e CatalogueEntry) {
	c.byID[e.ID] = e
	c.byKey[catalogueKey{e.Kind, e.Dialer, e.Key}] = e.ID
}

// Entry returns the campaign or list with an id.
func (c *Catalogue) Entry(id uuid.UUID) (CatalogueEntry, bool) {
	e, ok := c.byID[id]
	return e, ok
}

// ResultCode returns the name of a dialer's result code: the code itself while
// no other name is known.
func (c *Catalogue) ResultCode(dialer, code string) string {
	if e, ok := c.byID[c.byKey[catalogueKey{KindResultCode, dialer, code}]]; ok {
		return e.Name
	}
	return code
}

package sheet

import (
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"slices"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// catalogueColumns are those of a file of campaigns, lists and result codes; of the
// latter, key and name are the code and the description.
var catalogueColumns = []string{"kind", "dialer", "key|code", "name|description"}

var kinds = []coaching.CatalogueKind{coaching.KindCampaign, coaching.KindList, coaching.KindResultCode}

// Catalogue is a file of campaigns, lists and result codes.
type Catalogue struct {
	Entries []coaching.ImportedEntry // in the order of the file
	Lines   []int                    // where each of them stands
}

// ReadCatalogue reads a file of campaigns, lists and result codes. The error is
// *Mistakes, or says why the file cannot be read at all.
func ReadCatalogue(r io.Reader) (*Catalogue, error) {
	t, err := open(r, catalogueColumns...)
	if err != nil {
		return nil, err
	}
	c := &Catalogue{}
	known := map[coaching.ImportedEntry]int{} // without their names
	for {
		l, ok, err := t.next(firstNames(catalogueColumns)...)
		switch {
		case errors.Is(err, io.EOF):
			return c, t.mistakes.none()
		case err != nil:
			return nil, t.endedBy(err)
		case ok:
			c.take(t.mistakes, known, l)
		}
	}
}

func (c *Catalogue) take(mistakes *Mistakes, known map[coaching.ImportedEntry]int, l line) {
	e := coaching.ImportedEntry{Kind: coaching.CatalogueKind(l.cells[0]), Dialer: l.cells[1], Key: l.cells[2]}
	name := l.cells[3]
	line, twice := known[e]
	switch {
	case !slices.Contains(kinds, e.Kind):
		mistakes.add(l.number, "kind", "is none of campaign, list and result_code")
	case !dialerName.MatchString(e.Dialer):
		mistakes.add(l.number, "dialer", "is no name of a dialer: up to 32 of a-z, 0-9 and -")
	case e.Key == "":
		mistakes.add(l.number, "key", "is empty")
	case name == "":
		mistakes.add(l.number, "name", "is empty")
	case twice:
		mistakes.add(l.number, "key", "is named by line %d already", line)
	default:
		known[e] = l.number
		e.Name = name
		c.Entries = append(c.Entries, e)
		c.Lines = append(c.Lines, l.number)
	}
}

// WriteCatalogue writes entries in the form that ReadCatalogue reads, sorted by
// kind, dialer and key.
func WriteCatalogue(w io.Writer, entries []coaching.CatalogueEntry) error {
	sorted := slices.SortedFunc(slices.Values(entries), func(a, b coaching.CatalogueEntry) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Dialer, b.Dialer), cmp.Compare(a.Key, b.Key))
	})
	out := csv.NewWriter(w)
	_ = out.Write(firstNames(catalogueColumns)) // Error tells
	for _, e := range sorted {
		_ = out.Write([]string{string(e.Kind), tamed(e.Dialer), tamed(e.Key), tamed(e.Name)})
	}
	out.Flush()
	return out.Error()
}

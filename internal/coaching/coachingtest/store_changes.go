package coachingtest

import (
	"errors"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

func storeChanges(t *testing.T, w *storeWorld) {
	var told []coaching.Change
	for step := range 10 {
		leg := Attached("leg", Agent(step), coaching.TypeCoach, At(step*10))
		told = append(told, w.report(leg).Changes...)
	}
	epoch, newest := w.live().Revision.Epoch, int64(len(told))

	for _, limit := range []int{1, 3, 1000} {
		var read []coaching.Change
		after := coaching.Revision{Epoch: epoch}
		for {
			page, err := w.Changes(t.Context(), after, limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) > limit {
				t.Fatalf("got %d changes, want %d at most", len(page), limit)
			}
			if len(page) == 0 {
				break
			}
			read = append(read, page...)
			after.Number = page[len(page)-1].Number
		}
		same(t, "changes", read, told)
	}
	cases := map[string]struct {
		after coaching.Revision
		want  error
	}{
		"the beginning":    {coaching.Revision{Epoch: epoch}, nil},
		"the newest":       {coaching.Revision{Epoch: epoch, Number: newest}, nil},
		"the future":       {coaching.Revision{Epoch: epoch, Number: newest + 1}, coaching.ErrNotFound},
		"a negative one":   {coaching.Revision{Epoch: epoch, Number: -1}, coaching.ErrNotFound},
		"another epoch":    {coaching.Revision{Epoch: "0123456789abcdef", Number: 1}, coaching.ErrNotFound},
		"no epoch":         {coaching.Revision{}, coaching.ErrNotFound},
		"a hostile epoch":  {coaching.Revision{Epoch: "'\x00\xff"}, coaching.ErrNotFound},
		"in another case":  {coaching.Revision{Epoch: "A" + epoch[1:]}, coaching.ErrNotFound},
		"with a space too": {coaching.Revision{Epoch: epoch + " "}, coaching.ErrNotFound},
	}
	// A revision that says when it was committed names one history.
	at := told[newest-1].At
	middle := told[newest/2]
	for name, c := range map[string]struct {
		after coaching.Revision
		want  error
	}{
		"the newest, of this history":  {coaching.Revision{Epoch: epoch, Number: newest, At: at}, nil},
		"the newest, of another":       {coaching.Revision{Epoch: epoch, Number: newest, At: at.Add(-1000)}, coaching.ErrNotFound},
		"an older one":                 {coaching.Revision{Epoch: epoch, Number: middle.Number, At: middle.At}, nil},
		"an older one, of another one": {coaching.Revision{Epoch: epoch, Number: middle.Number, At: middle.At.Add(1000)}, coaching.ErrNotFound},
	} {
		cases[name] = c
	}
	for name, c := range cases {
		if _, err := w.Changes(t.Context(), c.after, 10); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

package store

import (
	"slices"
	"testing"
)

func TestPortionsHaveFewLengthsAndLeaveNothingOut(t *testing.T) {
	t.Parallel()
	for n := range 600 {
		values := make([]int, n)
		for i := range values {
			values[i] = i
		}
		var asked, done []int
		isPowerOfTwo := func(list []int, most int) {
			if len(list) > most || len(list)&(len(list)-1) != 0 {
				t.Errorf("%d values: got a list of %d", n, len(list))
			}
		}
		_ = portions(values, portion, func(list []int) error {
			isPowerOfTwo(list, portion)
			asked = append(asked, slices.Compact(list)...)
			return nil
		})
		_ = inPowersOfTwo(values, func(batch []int) error {
			isPowerOfTwo(batch, 64)
			done = append(done, batch...)
			return nil
		})
		if !slices.Equal(asked, values) || !slices.Equal(done, values) {
			t.Errorf("%d values: asked for %d, wrote %d", n, len(asked), len(done))
		}
	}
}

package amitest

import (
	"math/rand/v2"
	"sync"
)

// Pieces says how many bytes to write next, of those that remain. TCP may join
// what was written apart, and part what was written at once; what it makes of the
// pieces differs from run to run.
type Pieces func(remaining int) int

// Whole writes all at once.
func Whole(remaining int) int { return remaining }

// Bytewise writes one byte after the other.
func Bytewise(int) int { return 1 }

// Cut writes pieces of 1 to 200 bytes, the same ones for the same seed.
func Cut(seed uint64) Pieces {
	var mu sync.Mutex
	sizes := rand.New(rand.NewPCG(seed, 0))
	return func(int) int {
		mu.Lock()
		defer mu.Unlock()
		return 1 + sizes.IntN(200)
	}
}

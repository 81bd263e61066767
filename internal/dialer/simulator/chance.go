package simulator

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// chance is somebody's own luck. Everybody has one, by seed and name, so that
// what is done to one person does not shift the luck of all the others.
type chance struct{ *rand.Rand }

func newChance(seed uint64, name string) chance {
	h := fnv.New64a()
	h.Write([]byte(name))
	return chance{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// happens is true in a share of cases.
func (c chance) happens(share float64) bool { return c.Float64() < share }

// between is a time from a to b, all equally likely.
func (c chance) between(a, b time.Duration) time.Duration {
	return (a + time.Duration(c.Float64()*float64(b-a))).Truncate(time.Microsecond)
}

// around is a time with a mean: mostly shorter, now and then much longer.
func (c chance) around(mean time.Duration) time.Duration {
	d := time.Duration(c.ExpFloat64() * float64(mean))
	return min(max(d, mean/20), 6*mean).Truncate(time.Microsecond)
}

// weighted is an index into weights, by weight.
func (c chance) weighted(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := c.IntN(sum)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	return len(weights) - 1
}

func oneOf[T any](c chance, from []T) T { return from[c.IntN(len(from))] }

package simulator

import (
	"container/heap"
	"time"
)

// event is something that will happen.
type event struct {
	at  time.Time
	seq int // events of one moment happen in the order they were planned
	run func()
}

// events is a priority queue of what will happen.
type events struct {
	heap eventHeap
	seq  int
}

func (e *events) plan(at time.Time, run func()) {
	e.seq++
	heap.Push(&e.heap, event{at, e.seq, run})
}

// next is when the next event is due; false when there is none.
func (e *events) next() (time.Time, bool) {
	if len(e.heap) == 0 {
		return time.Time{}, false
	}
	return e.heap[0].at, true
}

func (e *events) pop() event { return heap.Pop(&e.heap).(event) }

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = event{}
	*h = old[:len(old)-1]
	return last
}

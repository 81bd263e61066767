package simulator

import (
	"slices"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Truth is what is, and what was, in the simulated centre, whether or not it was
// reported. It shares nothing with the Simulator.
type Truth struct {
	Now  time.Time
	Boot string

	Live    []Attachment        // legs that are on a target now, in the order they attached to it
	Ended   []Attachment        // the newest 20,000, in the order they attached
	Calls   []coaching.CallSeen // current ones, by agent
	Users   []coaching.UserSeen // supervisors, then agents
	HangUps []Asked             // the newest 20,000, oldest first
}

// Attachment is one supervisor on one target: what a session should tell.
type Attachment struct {
	Boot, Leg          string
	Supervisor, Target string               // extensions
	Types              []coaching.TypeSince // oldest first; the last is the type now, or at the end
	BeganAt            time.Time
	EndedAt            time.Time          // zero while it lasts
	Reason             coaching.EndReason // "" while it lasts
}

// Asked is a HangUp and what was done about it.
type Asked struct {
	coaching.HangUp
	At      time.Time
	Verdict coaching.Verdict // "" while no answer has come
	HungUp  bool             // the leg was, or will in a moment be, hung up for it
}

// kept is how many attachments and hang-ups a long life remembers.
const kept = 20_000

func (w *world) keep(a *Attachment) {
	if len(w.log) >= 2*kept {
		live := func(a *Attachment) bool { return a.EndedAt.IsZero() }
		older := slices.DeleteFunc(slices.Clone(w.log[:kept]), func(a *Attachment) bool { return !live(a) })
		w.log = append(older, w.log[kept:]...)
	}
	w.log = append(w.log, a)
}

func (w *world) truth() Truth {
	t := Truth{Now: w.now, Boot: w.boot()}
	for _, a := range w.log {
		c := *a
		c.Types = slices.Clone(a.Types)
		if a.EndedAt.IsZero() {
			t.Live = append(t.Live, c)
		} else {
			t.Ended = append(t.Ended, c)
		}
	}
	t.Ended = t.Ended[max(0, len(t.Ended)-kept):]
	for _, s := range w.supervisors {
		t.Users = append(t.Users, s.presence)
	}
	for _, a := range w.agents {
		t.Users = append(t.Users, a.presence)
		if a.call != nil {
			t.Calls = append(t.Calls, *a.call)
		}
	}
	return t
}

package coachingtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// storeChangeScope looks at which sessions a board has for each part of a scope.
func storeChangeScope(t *testing.T, w *storeWorld) {
	named := coaching.Named{Key: "7", Name: "Spring"}
	begin := func(dialer, leg string, agent int, at time.Time) coaching.SessionID {
		a := Attached(leg, Agent(agent), coaching.TypeCoach, at)
		a.TargetCampaign = named
		return only(t, w.reportOf(dialer, Talking("call-"+leg, Agent(agent), at), a)).ID
	}
	var moved []coaching.SessionID // sessions of one leg, the last one live
	for n := range 20 {
		moved = append(moved, begin(Dialer, "moving", n%2, At(n)))
	}
	for n := range 20 {
		w.report(Over(Talking("call-moving", Agent(n%2), At(n)), At(90+n)))
	}
	ended := begin(Dialer, "left", 3, At(100))
	w.report(Gone("left", At(110)))
	other := begin("pbx2", "moving", 1, At(0))
	alive := begin(Dialer, "alive", 4, At(200))
	wrapping := begin(Dialer, "wrapping", 5, At(300))
	call := Over(Talking("call-wrapping", Agent(5), At(300)), At(310))
	call.State = coaching.CallWrapUp
	w.report(call, Gone("wrapping", At(320)))

	everything := append(append([]coaching.SessionID{}, moved...), ended, other, alive, wrapping)
	cases := map[string]struct {
		scope coaching.Scope
		want  []coaching.SessionID
	}{
		"nothing":                               {coaching.Scope{}, nil},
		"sessions by id, of this dialer":        {coaching.Scope{Sessions: everything}, append(append([]coaching.SessionID{}, moved...), ended, alive, wrapping)},
		"a leg's live and newest 16 ended ones": {coaching.Scope{Legs: []string{"moving"}}, moved[3:]},
		"several legs":                          {coaching.Scope{Legs: []string{"left", "none", "alive", "alive"}}, []coaching.SessionID{ended, alive}},
		"all live":                              {coaching.Scope{AllLive: true}, []coaching.SessionID{moved[19], alive}},
		"targets' live sessions":                {coaching.Scope{Extensions: []string{Agent(1).Extension, Agent(3).Extension}}, moved[19:]},
		"supervisors' are not in it":            {coaching.Scope{Extensions: []string{Supervisor(1).Extension}}, nil},
		"calls, also of ended sessions":         {coaching.Scope{Calls: []string{"call-left", "call-alive", "call-none"}}, []coaching.SessionID{ended, alive}},
		"calls that are not over":               {coaching.Scope{OpenCalls: true}, []coaching.SessionID{ended, alive, wrapping}},
		"added up":                              {coaching.Scope{Calls: []string{"call-left"}, Legs: []string{"left"}, Sessions: []coaching.SessionID{alive}}, []coaching.SessionID{ended, alive}},
		"hostile":                               {coaching.Scope{Calls: []string{"a\x00", "\xff"}, Legs: []string{"a\x00"}, Extensions: []string{"\xff"}, Catalogue: []coaching.CatalogueReference{{Kind: coaching.KindList, Key: "\x00"}}}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			c.scope.Dialer = Dialer
			var got []coaching.SessionID
			w.change(c.scope, func(b *coaching.Board) {
				got = nil
				for _, id := range everything {
					if s := b.Session(id); s != nil {
						got = append(got, id)
						if len(s.Calls) == 0 {
							t.Errorf("session %s came without its calls", id)
						}
					}
				}
			})
			same(t, "sessions", got, c.want)
		})
	}
	t.Run("catalogue entries are known again", func(t *testing.T) {
		w := w.in(t)
		if n := len(w.live().Catalogue); n != 2 { // one of each dialer
			t.Errorf("got %d entries, want 2", n)
		}
	})
	t.Run("many of each", func(t *testing.T) {
		w := w.in(t)
		scope := coaching.Scope{Dialer: Dialer, Legs: []string{"alive"}}
		for n := range 80 {
			scope.Legs = append(scope.Legs, fmt.Sprint("leg", n))
			scope.Calls = append(scope.Calls, fmt.Sprint("call", n))
			scope.Extensions = append(scope.Extensions, fmt.Sprint("9", n))
			scope.Sessions = append(scope.Sessions, ID(uint64(n)))
		}
		w.change(scope, func(b *coaching.Board) {
			if b.Session(alive) == nil {
				t.Error("the live session is not on the board")
			}
		})
	})
}

package coachingtest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// storeSession leads a session through all that can happen to one, and reads it
// back whole at every step.
func storeSession(t *testing.T, w *storeWorld) {
	var id coaching.SessionID
	step := func(name string, commit coaching.Commit) *coaching.Session {
		t.Helper()
		s := only(t, commit)
		id = s.ID
		w.checkSession("session when "+name, id)
		return w.whole[id]
	}
	unknown := Attached("leg1", Agent(1), coaching.TypeUnknown, At(0))
	unknown.Target, unknown.Exact = nil, false
	step("on somebody unknown", w.report(unknown))
	call := Talking("call1", Agent(1), At(5))
	call.Campaign, call.List = coaching.Named{Key: "C"}, coaching.Named{Key: "L", Name: "List"}
	call.ResultCode = coaching.Named{Key: "SALE", Name: "Sold"}
	step("its target is learned", w.report(call, Attached("leg1", Agent(1), coaching.TypeMonitor, At(10))))
	step("its type changes", w.report(Attached("leg1", Agent(1), coaching.TypeBarge, At(20))))
	step("the call ends", w.report(Over(call, At(25)), Talking("call2", Agent(1), At(26))))

	asker := coaching.UserName{ID: ID(77), Name: `Ann "the boss" O'Neil`}
	ask := func(by coaching.Actor, reason string) coaching.Commit {
		return w.change(coaching.Scope{Dialer: Dialer, Sessions: []coaching.SessionID{id}}, func(b *coaching.Board) {
			force := reason != ""
			d := coaching.Disconnect{Session: id, IfMatch: []string{"*"}, Force: force, Reason: reason, By: by, Credential: "token:" + by.Name}
			if _, err := b.Ask(d); err != nil {
				t.Error(err)
			}
		})
	}
	step("it is asked to end", ask(coaching.Actor{Name: "curl"}, ""))
	asked := step("it is asked again", ask(coaching.Actor{Name: "token 1", User: &asker}, "enough"))
	if len(asked.Requests) != 2 || !asked.Requests[1].Joined || !asked.Requests[1].Forced {
		t.Errorf("requests: got %+v, want a second one that joined, by force", asked.Requests)
	}
	step("the dialer agrees", w.change(coaching.Scope{Dialer: Dialer, Sessions: []coaching.SessionID{id}},
		func(b *coaching.Board) { b.Accept(id) }))
	gone := Gone("leg1", At(30))
	gone.Reason = coaching.EndDisconnected
	over := step("it is over", w.report(gone))
	if over.EndedBy == nil || over.Target == nil || len(over.Timeline) != 3 || len(over.Calls) != 2 || over.Calls[0].ListID == nil {
		t.Errorf("something is missing at the end: %+v", over)
	}
	for _, unknown := range []uuid.UUID{{}, ID(424242)} {
		if _, err := w.Session(t.Context(), unknown); !errors.Is(err, coaching.ErrNotFound) {
			t.Errorf("unknown id %v: got %v, want ErrNotFound", unknown, err)
		}
	}
}

// storeSessionLateCalls has result codes come after sessions have ended.
func storeSessionLateCalls(t *testing.T, w *storeWorld) {
	call := Talking("call1", Agent(1), At(0))
	heard := only(t, w.report(call, Attached("leg1", Agent(1), coaching.TypeCoach, At(1))))
	w.report(Gone("leg1", At(10)))
	over := Over(call, At(20))
	over.ResultCode = coaching.Named{Key: "SALE"}
	late := only(t, w.report(over))
	if late.ID != heard.ID || late.Live() || late.Calls[0].ResultCode != "SALE" {
		t.Errorf("got %+v, want the ended session with a result code", late)
	}
	w.checkSession("session", heard.ID)
}

// storeSessionUnheard has sessions end earlier than calls that they were told to
// hear: those are theirs no more.
func storeSessionUnheard(t *testing.T, w *storeWorld) {
	first, second, third := Talking("call1", Agent(1), At(0)), Talking("call2", Agent(1), At(20)), Talking("call3", Agent(1), At(5))
	s := only(t, w.report(first, Attached("leg1", Agent(1), coaching.TypeCoach, At(1))))
	w.report(first)
	w.report(second)
	w.report(third)
	w.checkSession("session while it is live", s.ID)
	if got := len(w.whole[s.ID].Calls); got != 3 {
		t.Fatalf("got %d calls, want all three", got)
	}
	w.report(Gone("leg1", At(10)))
	w.checkSession("session once it ended earlier", s.ID)
	for call, want := range map[string]int{"call1": 1, "call2": 0, "call3": 1} {
		if page, err := w.Sessions(t.Context(), coaching.SessionQuery{CallID: call, Limit: 5}); err != nil || len(page.Sessions) != want {
			t.Errorf("got %d sessions that heard %s, %v, want %d", len(page.Sessions), call, err, want)
		}
	}
}

func storeHostileText(t *testing.T, w *storeWorld) {
	texts := []string{
		`Robert'); DROP TABLE sessions;--`, `"double" \back\ %like_ ?1 $1 :name @name`, "😀👩‍👩‍👧‍👦 \u202eabc\u202c",
		strings.Repeat("x'", 5000), "\u0000"[:0] + "\ufffd", "NULL", " spaces ", "a\nb\tc", "ﷺ", "{\"json\": [1]}", "İIıi", "é", "e\u0301",
	}
	for i, text := range texts {
		person := coaching.Person{Extension: "x" + text[:min(len(text), 50)], Name: text, Team: text}
		if !strings.HasPrefix(text, "x'") {
			person.Extension = text
		}
		attached := Attached("leg"+person.Extension, person, coaching.TypeCoach, At(i))
		attached.TargetCampaign = coaching.Named{Key: person.Extension, Name: text}
		call := Talking("call"+person.Extension, person, At(i))
		call.PhoneNumber = "+" + person.Extension
		s := only(t, w.report(call, attached, coaching.UserSeen{Person: person, Status: coaching.StatusPaused, Reason: text, Since: At(i)}))
		w.checkSession("session", s.ID)
		for name, query := range map[string]coaching.SessionQuery{
			"call id": {CallID: "call" + person.Extension, Limit: 5}, "number": {PhoneNumber: "+" + person.Extension, Limit: 5},
		} {
			if page, err := w.Sessions(t.Context(), query); err != nil || len(page.Sessions) != 1 || page.Sessions[0].ID != s.ID {
				t.Errorf("%q by %s: got %d sessions, %v, want one", text, name, len(page.Sessions), err)
			}
		}
	}
	set := w.live()
	same(t, "live set", inOrder(set), replay(set.Revision.Epoch, w.log()))
	when := At(0)
	for _, bad := range []string{"a\x00b", "\x00", "\xff\xfe", "a\xc3", strings.Repeat("y", 10_000), strings.Repeat("😀", 5000), "%", "_"} {
		for name, query := range map[string]coaching.SessionQuery{
			"call id": {CallID: bad}, "number": {PhoneNumber: bad}, "dialer": {Dialer: bad}, "end reason": {EndReason: coaching.EndReason(bad)},
			"type": {Types: []coaching.Type{coaching.Type(bad)}}, "live": {CallID: bad, State: coaching.OnlyLive},
			"an absurd place": {PhoneNumber: bad, At: &when, After: &coaching.Place{StartedAt: time.Unix(-1<<33, 0)}},
		} {
			query.Limit = 10
			if page, err := w.Sessions(t.Context(), query); err != nil || len(page.Sessions) != 0 || page.Next != nil {
				t.Errorf("%s %.20q: got %d sessions, next %v, %v, want none", name, bad, len(page.Sessions), page.Next, err)
			}
		}
	}
}

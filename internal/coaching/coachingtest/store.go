package coachingtest

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// StoreSuite is what every coaching.Store has to do. open gives an empty store,
// which it closes when the test ends.
func StoreSuite(t *testing.T, open func(t *testing.T) coaching.Store) {
	suites := map[string]func(t *testing.T, w *storeWorld){
		"Change":               storeChange,
		"Change/scope":         storeChangeScope,
		"Change/fence":         storeChangeFence,
		"Change/at once":       storeChangeAtOnce,
		"Change/keys":          storeChangeKeys,
		"Change/under a lease": storeChangeUnderLease,
		"Leases":               storeLeases,
		"Leases/expire":        storeLeasesExpire,
		"Heard":                storeHeard,
		"LiveSet":              storeLiveSet,
		"LiveSet/while others": storeLiveSetWhileWriting,
		"Changes":              storeChanges,
		"Session":              storeSession,
		"Session/late calls":   storeSessionLateCalls,
		"Session/unheard":      storeSessionUnheard,
		"Sessions":             storeSessions,
		"Sessions/stable":      storeSessionsStable,
		"hostile text":         storeHostileText,
		"cancelled":            storeCancelled,
	}
	for name, suite := range suites {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite(t, &storeWorld{t: t, Store: open(t), seq: new(int64), whole: map[coaching.SessionID]*coaching.Session{}})
		})
	}
}

// storeWorld is a store under test and a dialer that reports to it.
type storeWorld struct {
	coaching.Store
	t   *testing.T
	seq *int64
	// whole are the sessions as the rules made them, with all calls; the change
	// log holds them in brief.
	whole map[coaching.SessionID]*coaching.Session
}

// in is the same world for a subtest.
func (w *storeWorld) in(t *testing.T) *storeWorld {
	inside := *w
	inside.t = t
	return &inside
}

// change makes a change that has to succeed.
func (w *storeWorld) change(scope coaching.Scope, rule func(*coaching.Board)) coaching.Commit {
	w.t.Helper()
	commit, err := w.Change(w.t.Context(), scope, func(b *coaching.Board) error {
		rule(b)
		for _, c := range b.Writes().Changes {
			if c.Session != nil {
				w.whole[c.Session.ID] = b.Session(c.Session.ID).Clone()
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return commit
}

// report applies reports of the sample dialer in one change.
func (w *storeWorld) report(sightings ...coaching.Sighting) coaching.Commit {
	w.t.Helper()
	return w.reportOf(Dialer, sightings...)
}

func (w *storeWorld) reportOf(dialer string, sightings ...coaching.Sighting) coaching.Commit {
	w.t.Helper()
	return w.change(scopeOf(dialer, sightings...), func(b *coaching.Board) {
		for _, s := range sightings {
			*w.seq++
			b.Observe(coaching.Position{Connection: 1, Seq: *w.seq}, s)
		}
	})
}

// CountUp is a change that always has something to tell: it counts the dialer's
// connections, and has an agent say the count. On a dialer that is known it is one
// change.
func CountUp(dialer string) (coaching.Scope, func(*coaching.Board) error) {
	scope := coaching.Scope{Dialer: dialer, Kind: "simulator", Extensions: []string{Agent(1).Extension}}
	return scope, func(b *coaching.Board) error {
		connect(b)
		count := b.Dialer().Connection
		b.Observe(coaching.Position{Connection: count}, coaching.UserSeen{
			Person: Agent(1), Status: coaching.StatusPaused, Reason: fmt.Sprint(count), Since: At(int(count)),
		})
		return nil
	}
}

// scopeOf is all that reports may touch.
func scopeOf(dialer string, sightings ...coaching.Sighting) coaching.Scope {
	scope := coaching.Scope{Dialer: dialer, Kind: "simulator"}
	entry := func(kind coaching.CatalogueKind, n coaching.Named) {
		if n.Key != "" {
			scope.Catalogue = append(scope.Catalogue, coaching.CatalogueReference{Kind: kind, Key: n.Key})
		}
	}
	for _, sighting := range sightings {
		switch s := sighting.(type) {
		case coaching.Attached:
			scope.Legs = append(scope.Legs, s.Leg)
			scope.Extensions = append(scope.Extensions, s.Supervisor.Extension)
			if s.Target != nil {
				scope.Extensions = append(scope.Extensions, s.Target.Extension)
			}
			entry(coaching.KindCampaign, s.TargetCampaign)
		case coaching.Detached:
			scope.Legs = append(scope.Legs, s.Leg)
		case coaching.CallSeen:
			scope.Calls = append(scope.Calls, s.CallID)
			scope.Extensions = append(scope.Extensions, s.Agent.Extension)
			entry(coaching.KindCampaign, s.Campaign)
			entry(coaching.KindList, s.List)
			entry(coaching.KindResultCode, s.ResultCode)
		case coaching.UserSeen:
			scope.Extensions = append(scope.Extensions, s.Person.Extension)
		}
	}
	return scope
}

// live is the live set, which has to be there.
func (w *storeWorld) live() coaching.LiveSet {
	w.t.Helper()
	set, err := w.LiveSet(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return set
}

// log is the whole change log.
func (w *storeWorld) log() []coaching.Change {
	w.t.Helper()
	changes, err := w.Changes(w.t.Context(), coaching.Revision{Epoch: w.live().Revision.Epoch}, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	return changes
}

// checkSession reads a session back, which has to be as the rules made it.
func (w *storeWorld) checkSession(what string, id coaching.SessionID) {
	w.t.Helper()
	read, err := w.Session(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	same(w.t, what, read, w.whole[id])
}

// only is the one session that a commit tells of, as it came to be.
func only(t *testing.T, commit coaching.Commit) *coaching.Session {
	t.Helper()
	var last *coaching.Session
	for _, c := range commit.Changes {
		if c.Session != nil {
			last = c.Session
		}
	}
	if last == nil {
		t.Fatalf("no session in %d changes", len(commit.Changes))
	}
	return last
}

// same compares by value: a nil slice is an empty one.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func storeCancelled(t *testing.T, w *storeWorld) {
	w.report(Attached("leg1", Agent(1), coaching.TypeCoach, At(0)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	scope, count := CountUp(Dialer)
	_, change := w.Change(ctx, scope, count)
	_, live := w.LiveSet(ctx)
	_, changes := w.Changes(ctx, coaching.Revision{}, 1)
	_, session := w.Session(ctx, ID(1))
	_, sessions := w.Sessions(ctx, coaching.SessionQuery{Limit: 1})
	for name, err := range map[string]error{
		"Change": change, "Heard": w.Heard(ctx, coaching.Scope{Dialer: Dialer}, coaching.Heard{}), "LiveSet": live,
		"Changes": changes, "Session": session, "Sessions": sessions,
	} {
		if !isCanceled(err) {
			t.Errorf("%s: got %v, want context.Canceled and not that the database is away", name, err)
		}
	}
	if d := w.live().Dialers[0]; d.Connection != 0 || d.LastHeardAt != nil {
		t.Errorf("a cancelled change was made: %+v", d)
	}
}

// connect begins a watch of the sample dialer.
func connect(b *coaching.Board) { b.Connect("simulator") }

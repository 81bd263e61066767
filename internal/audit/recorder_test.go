package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/audit"
)

var (
	token = audit.Caller{Kind: audit.ByToken, ID: "01a1e3a0-7a10-7c3e-9d52-84f06b1ce7a9"}
	look  = audit.Event{
		Action: audit.SearchedByNumber, Result: "allowed", Details: audit.Details{"phone_number_hash": audit.Number("+14155550132")},
	}
)

// inABubble runs a test with a recorder that runs, and with a clock of its own.
func inABubble(t *testing.T, m *memory, test func(t *testing.T, r *audit.Recorder, stop func())) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := audit.NewRecorder(m, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx) })
		stop := func() { cancel(); running.Wait() }
		test(t, r, stop)
		stop()
	})
}

// after lets a while pass.
func after(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
	synctest.Wait()
}

func TestManyLooksShareACommit(t *testing.T) {
	m := &memory{}
	inABubble(t, m, func(t *testing.T, r *audit.Recorder, _ func()) {
		let := m.hold()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := r.Record(t.Context(), token, look); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // all wait: one commit is held up, and the others are behind it
		let()
		all.Wait()
		if len(m.all()) != 100 || m.appends > 3 || m.keys != 1 {
			t.Errorf("%d entries in %d commits, the key asked for %d times", len(m.all()), m.appends, m.keys)
		}
		if _, err := audit.Verify(t.Context(), m, nil, func(int64) {}); err != nil {
			t.Error(err)
		}
	})
}

func TestNothingIsRecordedWhileTheDatabaseIsAway(t *testing.T) {
	m := &memory{away: true}
	inABubble(t, m, func(t *testing.T, r *audit.Recorder, _ func()) {
		if err := r.Record(t.Context(), token, look); !errors.Is(err, audit.ErrNotKept) || !errors.Is(err, errAway) {
			t.Errorf("got %v", err)
		}
		m.setAway(false)
		if err := r.Record(t.Context(), token, look); err != nil {
			t.Error(err)
		}
		let := m.hold() // it hangs
		began := time.Now()
		if err := r.Record(t.Context(), token, look); !errors.Is(err, audit.ErrNotKept) || time.Since(began) > 6*time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Record(gone, token, look); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		let()
	})
}

func TestRefusalsAreToldAtOnceAndThenCounted(t *testing.T) {
	m := &memory{}
	inABubble(t, m, func(t *testing.T, r *audit.Recorder, stop func()) {
		refusal := audit.Refusal{Action: audit.RequestRefused, By: token, Operation: "listAudit", Code: "forbidden"}
		r.Refused(refusal)
		after(time.Second)
		checkCounts(t, m, 1)
		for range 500 {
			r.Refused(refusal)
		}
		after(30 * time.Second)
		checkCounts(t, m, 1)
		after(time.Minute)
		checkCounts(t, m, 1, 500)
		m.setAway(true)
		after(2 * time.Minute)
		for range 7 {
			r.Refused(refusal)
		}
		after(10 * time.Minute)
		checkCounts(t, m, 1, 500)
		m.setAway(false)
		after(2 * time.Second)
		checkCounts(t, m, 1, 500, 7)
		r.Refused(refusal)
		r.Refused(refusal)
		stop() // what is left is told then
		checkCounts(t, m, 1, 500, 7, 2)
		e := m.all()[0]
		if e.Actor != audit.Actor(token) || e.Subject != (audit.Subject{Kind: audit.Operation, ID: "listAudit"}) || e.Result != "forbidden" {
			t.Errorf("got %+v", e)
		}
	})
}

func checkCounts(t *testing.T, m *memory, want ...int) {
	t.Helper()
	var got []int
	for _, e := range m.all() {
		got = append(got, countOf(t, e))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("counts %v, want %v", got, want)
	}
}

func countOf(t *testing.T, e audit.Entry) int {
	t.Helper()
	var details struct{ Count int }
	if err := json.Unmarshal([]byte(e.Details), &details); err != nil {
		t.Fatal(err)
	}
	return details.Count
}

// A flood from everywhere neither fills the database nor hides what known callers are
// refused.
func TestAFloodOfRefusalsIsBounded(t *testing.T) {
	m := &memory{}
	inABubble(t, m, func(t *testing.T, r *audit.Recorder, _ func()) {
		const flood = 100_000
		for i := range flood {
			r.Refused(audit.Refusal{
				Action: audit.RequestRefused, By: audit.Caller{Kind: audit.Anonymous, ID: fmt.Sprint("192.0.2.", i)}, Operation: "getMe", Code: "unauthorized",
			})
		}
		for i := range flood {
			by := token
			by.ID = uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i)).String()
			r.Refused(audit.Refusal{Action: audit.DisconnectRefused, By: by, Operation: "disconnectSession", Code: "session_changed", Session: by.ID})
		}
		after(time.Second)
		told, others := 0, 0
		for _, e := range m.all() {
			told += countOf(t, e)
			if e.Actor.Kind == audit.ManyOthers {
				others++
			}
			if strings.Contains(e.Actor.ID+e.Details, "192.0.2") {
				t.Fatalf("an address is told: %+v", e)
			}
		}
		if told != 2*flood || len(m.all()) > 1102 || others != 2 {
			t.Errorf("%d refusals in %d entries, %d of others", told, len(m.all()), others)
		}
		before := len(m.all())
		after(5 * time.Minute) // what is over is forgotten
		r.Refused(audit.Refusal{Action: audit.RequestRefused, By: token, Operation: "getMe", Code: "rate_limited"})
		after(time.Second)
		if all := m.all(); len(all) != before+1 || all[before].Actor != audit.Actor(token) {
			t.Errorf("got %d entries, want one more", len(all))
		}
	})
}

func TestTheKeyIsAnotherEachMonth(t *testing.T) {
	m := &memory{}
	inABubble(t, m, func(t *testing.T, r *audit.Recorder, _ func()) {
		record := func() string {
			if err := r.Record(t.Context(), audit.Caller{Kind: audit.SignedIn, ID: "https://idp\nann"}, look); err != nil {
				t.Fatal(err)
			}
			all := m.all()
			e := all[len(all)-1]
			return e.Actor.ID + e.Details
		}
		one := record()
		m.goAhead(20 * 24 * time.Hour) // the bubble begins on the 1st of January
		after(time.Hour)
		if two := record(); two != one {
			t.Errorf("%s and %s within a month", one, two)
		}
		m.goAhead(12 * 24 * time.Hour)
		after(time.Hour)
		if three := record(); three == one {
			t.Errorf("%s in the next month, too", three)
		}
		now, err := r.Actor(t.Context(), audit.Caller{Kind: audit.SignedIn, ID: "https://idp\nann"})
		if all := m.all(); err != nil || now != all[len(all)-1].Actor {
			t.Errorf("got %+v, %v", now, err)
		}
	})
}

func TestTheHeadIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, log := &memory{}, &bytes.Buffer{}
		r := audit.NewRecorder(m, slog.New(slog.NewTextHandler(log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx) })
		after(2 * time.Hour)
		if err := r.Record(t.Context(), token, look); err != nil {
			t.Fatal(err)
		}
		after(2 * time.Hour)
		one, _ := m.AuditHead(t.Context())
		r.Refused(audit.Refusal{Action: audit.RequestRefused, By: token, Operation: "getMe", Code: "forbidden"})
		cancel()
		running.Wait()
		two, _ := m.AuditHead(t.Context())
		if strings.Count(log.String(), "audit head") != 3 || !strings.Contains(log.String(), "number=1 hash="+one.Hash.String()) ||
			!strings.Contains(log.String(), "number=2 hash="+two.Hash.String()) {
			t.Errorf("logged %s", log)
		}
	})
}

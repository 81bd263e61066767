package httpapi_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/httpapi"
	"github.com/coachmanager/coachmanager/internal/store"
)

// The people of the quiet simulator that the tests use.
const (
	supervisor      = "9001"
	otherSupervisor = "9002"
	agent           = "2001"
	otherAgent      = "2002"
	number          = "+14155550132"
)

// patience is far beyond what anything here takes on a busy machine.
const patience = 2 * time.Minute

// quick is for answers that come when the waiting ends.
var quick = coaching.Timing{Wait: 300 * time.Millisecond, Ask: 100 * time.Millisecond}

// world is the service but for the sockets: the handler over a real store, and a
// scripted dialer.
type world struct {
	t       testing.TB
	handler http.Handler
	options httpapi.Options
	floor   *coaching.Floor
	sim     *simulator.Simulator
	store   *faultyStore
	audit   *awayAudit
	log     *lines
}

// faultyStore is a real store with which things can be made to go wrong.
type faultyStore struct {
	coachingtest.AwayStore
	broken atomic.Pointer[error] // what reading one session fails with
	panics atomic.Bool           // reading one session does
}

// awayAudit is a real audit that can be made to be away.
type awayAudit struct {
	*store.Store
	away atomic.Bool
}

func (a *awayAudit) AppendAudit(ctx context.Context, entries []audit.Entry) error {
	if a.away.Load() {
		return coaching.ErrUnavailable
	}
	return a.Store.AppendAudit(ctx, entries)
}

func (a *awayAudit) AuditPage(ctx context.Context, q audit.Query) (audit.Page, error) {
	if a.away.Load() {
		return audit.Page{}, coaching.ErrUnavailable
	}
	return a.Store.AuditPage(ctx, q)
}

// secret stands in texts of drivers, and so must never be in an answer.
const secret = coachingtest.DriverText

func (s *faultyStore) Session(ctx context.Context, id coaching.SessionID) (*coaching.Session, error) {
	if s.panics.Load() {
		panic(secret)
	}
	if broken := s.broken.Load(); broken != nil {
		return nil, *broken
	}
	return s.AwayStore.Session(ctx, id)
}

// lines keeps what was logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newWorld runs everything over a fresh database and a quiet simulator.
func newWorld(t testing.TB, timing coaching.Timing) *world {
	t.Helper()
	return newWorldOf(t, timing, simulator.Config{Seed: 1, Quiet: true})
}

func newWorldOf(t testing.TB, timing coaching.Timing, centre simulator.Config) *world {
	t.Helper()
	return newWorldOn(t, "sqlite:"+filepath.Join(t.TempDir(), "floor.db"), timing, centre)
}

func newWorldOn(t testing.TB, url string, timing coaching.Timing, centre simulator.Config) *world {
	t.Helper()
	db, err := store.Open(t.Context(), url, store.Options{Patience: patience, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{t: t, store: &faultyStore{AwayStore: coachingtest.AwayStore{Store: db}}, sim: simulator.New(centre), log: &lines{}}
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.floor = coaching.NewFloor(w.store, "test", []coaching.WatchedDialer{{Name: "sim", Kind: "simulator", Dialer: w.sim}}, timing, slog.New(slog.DiscardHandler))
	if err := w.floor.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.audit = &awayAudit{Store: db}
	recorder := audit.NewRecorder(w.audit, slog.New(slog.DiscardHandler))
	w.alongside(recorder.Run)
	w.options = httpapi.Options{Log: log, Version: "1.2.3-test", Audit: recorder}
	w.handler = httpapi.New(w.floor, w.options)
	w.alongside(w.floor.Run)
	w.until("the dialer is reconciled", func(l *coaching.Live) bool {
		for _, d := range l.Dialers() {
			if d.Connected && d.LastReconciledAt != nil {
				return true
			}
		}
		return false
	})
	return w
}

// alongside runs something until the test ends.
func (w *world) alongside(run func(context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var running sync.WaitGroup
	running.Go(func() { run(ctx) })
	w.t.Cleanup(func() { cancel(); running.Wait() })
}

// until waits for the live view to show something.
func (w *world) until(what string, shows func(*coaching.Live) bool) *coaching.Live {
	w.t.Helper()
	timeout := time.After(patience)
	for {
		changed := w.floor.Changed()
		if l := w.floor.Live(); shows(l) {
			return l
		}
		select {
		case <-changed:
		case <-timeout:
			w.t.Fatalf("waited %v until %s", patience, what)
		}
	}
}

// must is for what a script does to the simulator.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// listen has a supervisor listen to an agent and waits until that is shown.
func (w *world) listen(who, whom string, t coaching.Type) (leg string, s *coaching.SessionView) {
	w.t.Helper()
	leg, err := w.sim.Attach(who, whom, t)
	w.must(err)
	w.until("the session is shown", func(l *coaching.Live) bool {
		for _, live := range l.Sessions() {
			if live.Leg == leg {
				s = live
			}
		}
		return s != nil
	})
	return leg, s
}

// talk has an agent talk to a customer, and waits until a session shows it.
func (w *world) talk(extension string, s *coaching.SessionView) (callID string) {
	w.t.Helper()
	callID, err := w.sim.StartCall(extension, number)
	w.must(err)
	w.must(w.sim.SetCall(extension, coaching.CallTalking))
	w.until("the call is shown", func(l *coaching.Live) bool {
		calls := l.Session(s.ID).CurrentCalls()
		return len(calls) > 0 && calls[0].State == coaching.CallTalking
	})
	return callID
}

// over has a supervisor listen for a moment, and returns the ended session.
func (w *world) over(who, whom string, t coaching.Type) coaching.SessionID {
	w.t.Helper()
	leg, s := w.listen(who, whom, t)
	w.must(w.sim.Leave(leg))
	w.gone(s.ID)
	return s.ID
}

// gone waits until a session has ended.
func (w *world) gone(id coaching.SessionID) {
	w.t.Helper()
	w.until("the session has ended", func(l *coaching.Live) bool { return l.Session(id) == nil })
}

// loseDialer cuts the connection for good and waits until that is shown.
func (w *world) loseDialer() {
	w.t.Helper()
	w.sim.LoseConnection(time.Hour)
	w.until("the connection is lost", func(l *coaching.Live) bool { return !l.Dialers()[0].Connected })
}

// hungUp are the asks for which the dialer hung a leg up.
func (w *world) hungUp() int {
	n := 0
	for _, a := range w.sim.Truth().HangUps {
		if a.HungUp {
			n++
		}
	}
	return n
}

// user finds a user's id.
func (w *world) user(s *coaching.SessionView) coaching.UserID { return s.User.ID }

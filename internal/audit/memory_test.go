package audit_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/audit"
)

var errAway = errors.New("the database is away")

// memory is a store without a database.
type memory struct {
	mu      sync.Mutex
	away    bool
	entries []audit.Entry
	appends int
	keys    int           // how often the key was asked for
	ahead   time.Duration // the store's clock
	held    chan struct{}
}

func (m *memory) AuditKey(context.Context) (audit.Key, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return audit.Key{}, time.Time{}, errAway
	}
	m.keys++
	now := time.Now().Add(m.ahead)
	return audit.Key{byte(now.Month())}, now, nil
}

func (m *memory) AppendAudit(_ context.Context, entries []audit.Entry) error {
	m.mu.Lock()
	held := m.held
	m.mu.Unlock()
	if held != nil {
		<-held
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return errAway
	}
	m.appends++
	head := m.head()
	for _, e := range entries {
		e.Number, e.At = head.Number+1, time.Now()
		e.Hash = e.After(head.Hash)
		head = audit.Head{Number: e.Number, Hash: e.Hash}
		m.entries = append(m.entries, e)
	}
	return nil
}

func (m *memory) head() audit.Head {
	if len(m.entries) == 0 {
		return audit.Head{}
	}
	last := m.entries[len(m.entries)-1]
	return audit.Head{Number: last.Number, Hash: last.Hash}
}

func (m *memory) AuditHead(context.Context) (audit.Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.head(), nil
}

func (m *memory) AuditEntries(_ context.Context, after int64, limit int) ([]audit.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []audit.Entry
	for _, e := range m.entries {
		if e.Number > after && len(found) < limit {
			found = append(found, e)
		}
	}
	return found, nil
}

func (m *memory) AuditPage(context.Context, audit.Query) (audit.Page, error) {
	return audit.Page{}, errors.New("not asked for here")
}

func (m *memory) setAway(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
}

// hold has entries wait to be appended, until let is called.
func (m *memory) hold() (let func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	held := make(chan struct{})
	m.held = held
	return func() { close(held) }
}

func (m *memory) goAhead(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ahead += d
}

// all are the entries so far.
func (m *memory) all() []audit.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.entries)
}

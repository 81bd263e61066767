package asterisk

import (
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Dialer is one Asterisk behind coaching.Dialer.
//
// Watch runs at most once at a time. Its goroutine is the only one that reads
// events, changes the model and reports; a second one, which it waits for, asks
// for lists. HangUp may be called by any number of goroutines at any time: it
// looks at the model under the lock, and has the watch catch up before it does.
type Dialer struct {
	cfg    Config
	clock  func() time.Time
	settle time.Duration // how long the end of a session is kept back at most
	rest   time.Duration // between two lists; zero for none

	mu     sync.Mutex
	people people
	watch  *watch // nil until its first snapshot was reported, and again after it ended
	before *model // of the last connection; nil until one ended
	boot   string // that it was to

	refused time.Time // when a login was; zero for never
}

// The port is what this package is for.
var _ coaching.Dialer = (*Dialer)(nil)

// New returns the Dialer of an Asterisk. It connects when it is watched.
func New(cfg Config) *Dialer {
	return &Dialer{cfg: cfg.withDefaults(), clock: time.Now, settle: settleTime, rest: listRest, people: people{}}
}

func (d *Dialer) current() *watch {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.watch
}

package asterisk

import (
	"log/slog"
	"strings"
	"sync"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// gaps says, once a connection and in a line each, what Asterisk's manager.conf
// keeps from us and what is unknown because of it. What it learns from events is
// the watch's goroutine's; any may have it say something.
type gaps struct {
	log       *slog.Logger
	wanted    []string // channel variables
	came      map[string]bool
	snapshots bool            // the first snapshot of a channel has been judged
	heard     map[string]bool // classes of events
	newest    string          // of them

	mu   sync.Mutex
	said map[string]bool
}

func newGaps(log *slog.Logger, v Variables) *gaps {
	return &gaps{log: log, wanted: v.names(), came: map[string]bool{}, heard: map[string]bool{}, said: map[string]bool{}}
}

func (g *gaps) warn(key, text string, args ...any) { g.say(g.log.Warn, key, text, args...) }

func (g *gaps) say(log func(string, ...any), key, text string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.said[key] {
		g.said[key] = true
		log(text, args...)
	}
}

func (g *gaps) unstamped() {
	g.warn("stamp", "events carry no time; until manager.conf has timestampevents = yes in [general], the time of arrival is taken")
}

func (g *gaps) variable(name string) {
	if !g.snapshots {
		g.came[name] = true
	}
}

// snapshotSeen judges the first snapshot of a channel: the variables of channelvars=
// come with every one, set or not.
func (g *gaps) snapshotSeen() {
	if g.snapshots {
		return
	}
	g.snapshots = true
	var missing []string
	for _, name := range g.wanted {
		if !g.came[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		g.warn("variables", "channel variables are not told, and what they say is unknown; add them to channelvars = in [general] of manager.conf",
			"missing", strings.Join(missing, ","))
	}
}

// hear notes of which class an event is: the first word of its Privilege. Nothing
// else tells what a user may read.
func (g *gaps) hear(e ami.Message) {
	class, _, _ := strings.Cut(e.Get("Privilege"), ",")
	if class != g.newest {
		g.newest, g.heard[class] = class, true
	}
}

func (g *gaps) typeUnknown() {
	if !g.heard["dialplan"] {
		g.warn("type", "the type of a session is unknown until the next list: the manager user needs read = dialplan")
	}
}

// notTold says that a list shows a channel of which no event told.
func (g *gaps) notTold() {
	if !g.heard["call"] {
		g.warn("call", "calls and sessions show with the next list only, some never: the manager user needs read = call")
	}
}

// queueNotTold says that a list shows of a queue what no event told.
func (g *gaps) queueNotTold() {
	if !g.heard["agent"] {
		g.warn("agent", "what queues say of agents, such as a pause, shows with the next list only: the manager user needs read = agent")
	}
}

// switchable says that a session may be switched by keypad.
func (g *gaps) switchable() {
	if !g.heard["dtmf"] {
		g.say(g.log.Info, "dtmf", "a session may be switched by keypad, and none was heard yet: without read = dtmf of the manager user its type stays what it was")
	}
}

func (g *gaps) noBoot() {
	g.warn("boot", "Asterisk did not say that it has booted, and will not say that it stops: the manager user needs read = system")
}

func (g *gaps) noIdentity(err error) {
	g.warn("identity", "Asterisk does not say when it was started, so a restart is not told from a lost connection", "error", err)
}

func (g *gaps) noStates(err error) {
	g.warn("states", "the states of devices cannot be listed; those without a channel are unknown until they change", "error", err)
}

func (g *gaps) forged() {
	g.warn("forged", "events were forged by line breaks in a channel's values and left out; the dialplan copies unchecked ones")
}

func (g *gaps) noMarks() {
	g.warn("marks", "supervisors' channels cannot be marked, so after a reconnect some targets are unknown and a call that was taken over is not recognised: the manager user needs write = call")
}

func (g *gaps) noHangUp() {
	g.warn("hang up", "sessions are watched and cannot be ended: the manager user needs write = call")
}

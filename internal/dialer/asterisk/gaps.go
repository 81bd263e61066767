package asterisk

import (
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// gap is something that manager.conf keeps from us. A watch's log and Examine say it
// in the same words.
type gap struct {
	text    string // what is missing, and what is unknown because of it
	add     string // to the section of the user; what stands behind ; is for people
	general string // to the section [general]; "" where it is the user's
}

// line is what to write into manager.conf.
func (g gap) line(user string) string {
	switch {
	case g.general != "":
		return "[general] " + g.general
	case g.add != "":
		return "[" + user + "] " + g.add
	default:
		return ""
	}
}

// What a user of the manager needs, and no more.
const (
	needsRead  = "read = call,dialplan,agent,dtmf,system"
	needsWrite = "write = call,reporting"
	unfiltered = needsRead + " ; and no eventfilter against that class"
)

// The gaps.
var (
	// gapsOfClasses are of the classes of events that nothing but evidence tells of.
	gapsOfClasses = map[string]gap{
		"call":     {text: "nothing of class call is told (read): calls and sessions show with the next list only, some never", add: unfiltered},
		"dialplan": {text: "nothing of class dialplan is told (read): the type of a session is unknown until the next list", add: unfiltered},
		"agent":    {text: "nothing of class agent is told (read): what queues say of agents, such as a pause, shows with the next list only", add: unfiltered},
	}
	gapDTMF = gap{
		text: "a session may be switched by keypad, and nothing of class dtmf (read) was told yet: without it the type stays what it was",
	}
	gapSystem   = gap{text: "it has not said that it has booted (read = system), though calls are up or it has run for long: that it stops or starts is not told", add: needsRead}
	gapList     = gap{text: "what is alive cannot be listed (write = reporting), so nothing can be watched", add: needsWrite}
	gapHangUp   = gap{text: "sessions are watched and cannot be ended (write = call)", add: needsWrite}
	gapMarks    = gap{text: "supervisors' channels cannot be marked (write = call): after a reconnect some targets are unknown, and a call that was taken over is not recognised", add: needsWrite}
	gapStamps   = gap{text: "events carry no time (timestampevents): that of their arrival is taken", general: "timestampevents = yes"}
	gapStates   = gap{text: "the states of devices cannot be listed: those without a channel are unknown until they change", add: needsWrite + " ; and the module res_manager_devicestate"}
	gapIdentity = gap{text: "when it was started is not told (write = reporting): a restart is not told from a lost connection", add: needsWrite}
	gapForged   = gap{text: "events were forged by line breaks in a channel's values and left out; the dialplan copies unchecked ones"}
)

// gapVariables is that of channel variables that do not come.
func gapVariables(missing, wanted []string) gap {
	return gap{
		text:    "channel variables do not come (channelvars), and what they say is unknown but where an event sets them: " + strings.Join(missing, ","),
		general: "channelvars = " + strings.Join(wanted, ","),
	}
}

// gaps says, once a connection and in a line each, what Asterisk's manager.conf
// keeps from us and what is unknown because of it. What it learns from events and
// lists is the watch's goroutine's; any may have it say something.
type gaps struct {
	log      *slog.Logger
	user     string
	wanted   []string // channel variables
	came     map[string]bool
	shown    int  // snapshots of channels
	judged   bool // whether the variables come
	evidence *evidence

	looks  int       // lists that were asked for early
	listed time.Time // when the last list was taken in

	mu   sync.Mutex
	said map[string]bool
}

func newGaps(log *slog.Logger, v Variables) *gaps {
	return &gaps{log: log, wanted: v.names(), came: map[string]bool{}, evidence: newEvidence(), said: map[string]bool{}}
}

func (g *gaps) warn(of gap, args ...any) { g.say(g.log.Warn, of, args...) }

func (g *gaps) say(log func(string, ...any), of gap, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.said[of.text] {
		return
	}
	g.said[of.text] = true
	if line := of.line(g.user); line != "" {
		args = append(args, "add", line)
	}
	log(of.text, args...)
}

func (g *gaps) variable(name string) {
	if !g.judged {
		g.came[name] = true
	}
}

// snapshotSeen judges which variables of channelvars= come: with every snapshot of a
// channel, set or not. That of a list cannot be forged; among events one is not enough.
func (g *gaps) snapshotSeen(listed bool) {
	if g.judged {
		return
	}
	if g.shown++; !listed && g.shown < 2 {
		return
	}
	g.judged = true
	if missing := missingOf(g.wanted, g.came); len(missing) > 0 {
		g.warn(gapVariables(missing, g.wanted))
	}
}

func missingOf(wanted []string, came map[string]bool) (missing []string) {
	for _, name := range wanted {
		if !came[name] {
			missing = append(missing, name)
		}
	}
	return missing
}

// hear takes an event in as evidence.
func (g *gaps) hear(e ami.Message) {
	g.evidence.hear(e)
	if g.evidence.unstamped() {
		g.warn(gapStamps)
	}
}

// list takes a list in as evidence.
func (g *gaps) list(l lists, at time.Time) {
	g.evidence.list(l)
	g.listed = at
}

// judge says which classes of events are missing, as far as that shows by now, and
// whether another list would show more.
func (g *gaps) judge(at time.Time) (look bool) {
	for _, class := range g.evidence.missing(at) {
		g.warn(gapsOfClasses[class])
	}
	return g.wantsList(at)
}

// The lists that are asked for early, each after four times the time of the one
// before: they are worth what they cost (200 channels take 4 ms, 1,000 take 60) where
// something is up, and nothing of a class was heard.
const (
	mostLooks = 3
	firstLook = 5 * time.Second
)

func (g *gaps) wantsList(at time.Time) bool {
	if g.listed.IsZero() || g.looks == mostLooks || at.Sub(g.listed) < firstLook<<(2*g.looks) || !g.evidence.wants() {
		return false
	}
	g.looks++
	return true
}

// typeUnknown says that a session shows whose application was not told. That is no
// evidence, since an Originate may have named it; but a list shows it.
func (g *gaps) typeUnknown() { g.looks = min(g.looks, mostLooks-1) }

// switchable says that a session may be switched by keypad.
func (g *gaps) switchable() {
	if g.evidence.of("dtmf").count == 0 {
		g.say(g.log.Info, gapDTMF)
	}
}

// boot says that Asterisk has booted without a word of it, once that is certain.
func (g *gaps) boot(run string, at time.Time) {
	if g.evidence.booted(run, at) {
		g.warn(gapSystem)
	}
}

func (g *gaps) forged() { g.warn(gapForged) }

func (g *gaps) noMarks() { g.warn(gapMarks) }

package asterisk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// Finding is one thing that an operator may want to know of an Asterisk.
type Finding struct {
	Well   bool
	Unseen bool // it is well only so far as nothing showed the contrary
	Text   string
	Add    string // what to write into manager.conf; "" for nothing
}

// listenFor is how long Examine listens for events between two lists.
const listenFor = 2 * time.Second

// Examine looks at an Asterisk as Watch would, and says what is well with it and
// what is not. It changes nothing there, and ends with ctx. What only a call in
// progress would show is said to be unseen, and is no fault.
func Examine(ctx context.Context, cfg Config) []Finding {
	conn, err := ami.Dial(ctx, cfg.manager())
	if err != nil {
		return []Finding{{Text: err.Error(), Add: unreached(cfg, err)}}
	}
	defer conn.Close()
	x := examination{conn: conn, cfg: cfg, evidence: newEvidence(), clock: newClock(time.Now), refused: map[string]bool{}}
	x.well("logged in as %s (%s)", cfg.Username, conn.Banner())
	for _, look := range []func(context.Context) error{x.begin, x.rights, x.list, x.listen, x.list, x.wait} {
		if err := look(ctx); err != nil {
			x.fault(stopped(ctx, err))
			return x.found
		}
	}
	x.boot()
	x.variables()
	x.events()
	return x.found
}

// unreached is what helps against a login that failed.
func unreached(cfg Config, err error) string {
	var unconnected *net.OpError
	var unnamed *net.DNSError
	switch {
	case errors.Is(err, ami.ErrAuthentication):
		return fmt.Sprintf("[%s] secret = the one given here, and permit = this machine's address", cfg.Username)
	case errors.Is(err, ami.ErrLoginInUse):
		return "[general] allowmultiplelogin = yes"
	case errors.As(err, &unnamed):
		return "" // it is the address that is wrong
	case errors.As(err, &unconnected) && unconnected.Op == "dial", errors.Is(err, ami.ErrNotManager):
		return "[general] enabled = yes, bindaddr and port as given here"
	default:
		return "" // it is there, and does not go on
	}
}

// stopped is why nothing more can be said.
func stopped(ctx context.Context, err error) string {
	switch {
	case ctx.Err() != nil:
		return "it was not looked at to the end, for want of time: " + err.Error()
	case errors.Is(err, ami.ErrClosed), errors.Is(err, errShutdown):
		return "it ended the connection: " + err.Error()
	default:
		return "it does not answer any more: " + err.Error()
	}
}

// examination is one look at an Asterisk.
type examination struct {
	conn     *ami.Conn
	cfg      Config
	clock    clock
	run      string // which one of the Asterisk
	evidence *evidence
	listed   []ami.Message   // channels, of the last list
	refused  map[string]bool // lists, as was said
	found    []Finding
}

func (x *examination) unseen(format string, args ...any) {
	x.found = append(x.found, Finding{Well: true, Unseen: true, Text: fmt.Sprintf(format, args...)})
}

func (x *examination) well(format string, args ...any) {
	x.found = append(x.found, Finding{Well: true, Text: fmt.Sprintf(format, args...)})
}

func (x *examination) fault(text string) { x.found = append(x.found, Finding{Text: text}) }

func (x *examination) lacks(g gap) {
	x.found = append(x.found, Finding{Text: g.text, Add: g.line(x.cfg.Username)})
}

// begin learns its clock and which run of it this is.
func (x *examination) begin(ctx context.Context) error {
	pong, err := x.conn.Do(ctx, ami.NewAction("Ping"))
	if err != nil {
		return err
	}
	x.clock.set(x.clock.read(pong))
	status, err := x.conn.Do(ctx, ami.NewAction("CoreStatus"))
	switch {
	case refused(err):
		x.lacks(gapIdentity)
		return nil
	case err == nil:
		x.run = runOf(status)
	}
	return err
}

func (x *examination) rights(ctx context.Context) error {
	commands, err := x.conn.Do(ctx, ami.NewAction("ListCommands"))
	if refused(err) {
		x.fault("it does not say what this user may do: " + err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	for _, right := range []struct {
		action, can string
		cannot      gap
	}{
		{"CoreShowChannels", "what is alive can be listed (write = reporting)", gapList},
		{"Hangup", "sessions can be ended (write = call)", gapHangUp},
		{"Setvar", "supervisors' channels can be marked (write = call)", gapMarks},
	} {
		if _, can := commands.Lookup(right.action); can {
			x.well("%s", right.can)
		} else {
			x.lacks(right.cannot)
		}
	}
	return nil
}

// list asks for what a watch lists, and takes it in as evidence.
func (x *examination) list(ctx context.Context) error {
	channels, err := x.oneList(ctx, "CoreShowChannels")
	if err != nil {
		return err
	}
	queues, err := x.oneList(ctx, "QueueStatus")
	if err != nil {
		return err
	}
	for _, action := range []string{"DeviceStateList", "Agents"} {
		if _, err := x.oneList(ctx, action); err != nil {
			return err
		}
	}
	x.evidence.list(lists{channels: channels, queues: queues})
	x.listed = channels.Items
	return x.hear()
}

// oneList is a list, empty where Asterisk refuses it. That is a finding once, where a
// watch misses it and rights has not said so.
func (x *examination) oneList(ctx context.Context, action string) (ami.Listing, error) {
	l, err := x.conn.List(ctx, ami.NewAction(action))
	switch {
	case err == nil || !refused(err) && !errors.Is(err, ami.ErrIncompleteList):
		return l, err
	case x.refused[action], refused(err) && (action == "QueueStatus" || action == "Agents"), // without app_queue, app_agent_pool or the right to these
		errors.Is(err, ami.ErrPermission) && action == "CoreShowChannels":
		return ami.Listing{}, nil
	}
	x.refused[action] = true
	if action == "DeviceStateList" && refused(err) {
		x.lacks(gapStates)
	} else {
		x.fault(err.Error())
	}
	return ami.Listing{}, nil
}

// hear takes in the events that have come.
func (x *examination) hear() error {
	for {
		select {
		case e, open := <-x.conn.Events():
			if err := x.take(e, open); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

func (x *examination) take(e ami.Message, open bool) error {
	switch {
	case !open:
		return fmt.Errorf("%w: %w", ami.ErrClosed, x.conn.Err())
	case e.Event() == "Shutdown":
		return errShutdown
	}
	x.evidence.hear(e)
	return nil
}

// listen takes in the events of a while.
func (x *examination) listen(ctx context.Context) error { return x.listenTo(ctx, listenFor) }

// wait gives the events time that the lists imply.
func (x *examination) wait(ctx context.Context) error {
	x.evidence.missing(x.clock.now())
	if len(x.evidence.implied) == 0 {
		return nil
	}
	return x.listenTo(ctx, patience)
}

func (x *examination) listenTo(ctx context.Context, long time.Duration) error {
	over := time.NewTimer(long)
	defer over.Stop()
	for {
		select {
		case e, open := <-x.conn.Events():
			if err := x.take(e, open); err != nil {
				return err
			}
		case <-over.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// boot tells whether it says that it has booted.
func (x *examination) boot() {
	switch {
	case x.conn.Booted():
		x.well("it says when it starts and stops (read = system)")
	case x.evidence.booted(x.run, x.clock.now()):
		x.lacks(gapSystem)
	default:
		x.unseen("it has not said that it has booted: it may be about to, else %s (look again in a minute)", gapSystem.line(x.cfg.Username))
	}
}

// variables looks which variables come with the channels there are.
func (x *examination) variables() {
	wanted := x.cfg.Variables.names()
	switch {
	case len(wanted) == 0, x.refused["CoreShowChannels"]:
		return
	case len(x.listed) == 0:
		x.unseen("no channel is up, so it is unseen whether channelvars = in [general] has %s", strings.Join(wanted, ","))
		return
	}
	came := map[string]bool{}
	for name := range x.listed[0].Variables("") {
		came[name] = true
	}
	if missing := missingOf(wanted, came); len(missing) > 0 {
		x.lacks(gapVariables(missing, wanted))
		return
	}
	x.well("channel variables are told: %s", strings.Join(wanted, ","))
}

// events tells what was heard.
func (x *examination) events() {
	switch v := x.evidence; {
	case v.unstamped():
		x.lacks(gapStamps)
	case v.stamped:
		x.well("events carry their time")
	default:
		x.unseen("nothing happened, so it is unseen whether events carry their time (timestampevents = yes in [general])")
	}
	missing := x.evidence.missing(x.clock.now())
	for _, class := range missing {
		x.lacks(gapsOfClasses[class])
	}
	var unheard []string
	for _, class := range classesOfEvents {
		if x.evidence.of(class).count == 0 && !slices.Contains(missing, class) {
			unheard = append(unheard, class)
		}
	}
	if len(unheard) > 0 {
		x.unseen("nothing of %s happened within %v; let the user's read = include them: [%s] %s", strings.Join(unheard, ","), listenFor, x.cfg.Username, needsRead)
	}
}

package asterisk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// Finding is one thing that an operator may want to know of an Asterisk.
type Finding struct {
	Well bool
	Text string
	Add  string // what to write into manager.conf; "" for nothing
}

// listenFor is how long Examine listens for events: of which classes they are is
// told by nothing else.
const listenFor = 2 * time.Second

// Examine looks at an Asterisk as Watch would, and says what is well with it and
// what is not. It changes nothing there. What only a call in progress would show is
// said to be unseen, and is no fault.
func Examine(ctx context.Context, cfg Config) []Finding {
	conn, err := ami.Dial(ctx, cfg.manager())
	if err != nil {
		return []Finding{{Text: err.Error(), Add: unreached(cfg, err)}}
	}
	defer conn.Close()
	found := []Finding{{Well: true, Text: fmt.Sprintf("logged in as %s (%s)", cfg.Username, conn.Banner())}}
	user := "[" + cfg.Username + "] "
	if conn.Booted() {
		found = append(found, Finding{Well: true, Text: "it says when it starts and stops (read = system)"})
	} else {
		found = append(found, Finding{Text: "it does not say when it starts or stops", Add: user + "read = call,dialplan,agent,dtmf,system"})
	}
	found = append(found, examineRights(ctx, conn, user)...)
	found = append(found, examineChannels(ctx, conn, cfg)...)
	return append(found, examineEvents(ctx, conn, user)...)
}

// unreached is what helps against a login that failed.
func unreached(cfg Config, err error) string {
	switch {
	case errors.Is(err, ami.ErrAuthentication):
		return fmt.Sprintf("[%s] secret = the one given here, and permit = this machine's address", cfg.Username)
	case errors.Is(err, ami.ErrLoginInUse):
		return "[general] allowmultiplelogin = yes"
	default:
		return "[general] enabled = yes, bindaddr and port as given here"
	}
}

func examineRights(ctx context.Context, conn *ami.Conn, user string) (found []Finding) {
	commands, err := conn.Do(ctx, ami.NewAction("ListCommands"))
	if err != nil {
		return []Finding{{Text: "it does not say what this user may do: " + err.Error()}}
	}
	for _, right := range []struct{ action, can, cannot string }{
		{"CoreShowChannels", "what is alive can be listed (write = reporting)", "what is alive cannot be listed, so nothing can be watched"},
		{"Hangup", "sessions can be ended (write = call)", "sessions cannot be ended"},
		{"Setvar", "supervisors' channels can be marked (write = call)", "supervisors' channels cannot be marked: after a reconnect some targets and take-overs are unknown"},
	} {
		if _, can := commands.Lookup(right.action); can {
			found = append(found, Finding{Well: true, Text: right.can})
		} else {
			found = append(found, Finding{Text: right.cannot, Add: user + "write = call,reporting"})
		}
	}
	return found
}

// examineChannels looks which variables come with the channels there are.
func examineChannels(ctx context.Context, conn *ami.Conn, cfg Config) []Finding {
	list, err := conn.List(ctx, ami.NewAction("CoreShowChannels"))
	wanted := cfg.Variables.names()
	switch {
	case err != nil:
		return nil // examineRights has said it
	case len(wanted) == 0:
		return nil
	case len(list.Items) == 0:
		return []Finding{{Well: true, Text: "no channel is up, so it is unseen whether channelvars = in [general] has " + strings.Join(wanted, ",")}}
	}
	var missing []string
	for _, name := range wanted {
		told := func(line string) bool { return strings.HasPrefix(line, name+"=") }
		if !slices.ContainsFunc(slices.Collect(list.Items[0].All("ChanVariable")), told) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return []Finding{{Text: "channel variables are not told, and what they say is unknown: " + strings.Join(missing, ","), Add: "[general] channelvars = " + strings.Join(wanted, ",")}}
	}
	return []Finding{{Well: true, Text: "channel variables are told: " + strings.Join(wanted, ",")}}
}

// examineEvents listens for a while.
func examineEvents(ctx context.Context, conn *ami.Conn, user string) []Finding {
	ctx, cancel := context.WithTimeout(ctx, listenFor)
	defer cancel()
	heard, events, stamped := map[string]bool{}, 0, false
	for listening := true; listening; {
		select {
		case e, open := <-conn.Events():
			if listening = open; open && e.Event() != "FullyBooted" { // which has no time, whatever is set
				class, _, _ := strings.Cut(e.Get("Privilege"), ",")
				heard[class], events = true, events+1
				_, ok := stamp(e.Get("Timestamp"))
				stamped = stamped || ok
			}
		case <-ctx.Done():
			listening = false
		}
	}
	var found []Finding
	switch {
	case stamped:
		found = append(found, Finding{Well: true, Text: "events carry their time"})
	case events == 0:
		found = append(found, Finding{Well: true, Text: "nothing happened, so it is unseen whether events carry their time (timestampevents = yes in [general])"})
	default:
		found = append(found, Finding{Text: "events carry no time; that of their arrival is taken", Add: "[general] timestampevents = yes"})
	}
	var unheard []string
	for _, class := range []string{"call", "dialplan", "agent", "dtmf"} {
		if !heard[class] {
			unheard = append(unheard, class)
		}
	}
	if len(unheard) > 0 {
		found = append(found, Finding{Well: true, Text: fmt.Sprintf("nothing of %s happened within %v; let the user's read = include them: %sread = call,dialplan,agent,dtmf,system",
			strings.Join(unheard, ","), listenFor, user)})
	}
	return found
}

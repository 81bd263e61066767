package asterisk

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// Config says which Asterisk to watch, and how it tells what it does not tell by
// itself. Address and Username are needed. However it is printed or logged, the
// secret is not.
type Config struct {
	Address  string // host:port of the manager
	Username string
	Secret   string      `json:"-"`
	TLS      *tls.Config // nil for plain TCP; the secret does not cross the wire either way

	Variables Variables
	// WrapUp is how long an agent is busy after a call from a queue, where the member
	// has no wrap-up time of its own: Asterisk does not tell the queue's.
	WrapUp time.Duration
	// SnapshotEvery is how often everything is listed anew, to mend what events
	// did not tell. 3 minutes if zero.
	SnapshotEvery time.Duration
	Log           *slog.Logger // slog.Default if nil
}

// Variables name the channel variables that say more about a call or a session.
// They reach us when they are listed in channelvars= of manager.conf. An empty
// name is of no variable.
type Variables struct {
	Campaign   string
	List       string
	ResultCode string
	Direction  string // its value is inbound or outbound
	User       string // on an agent's or supervisor's channel; its value is the person's extension, whatever the device
	Type       string // on the supervisor's channel; its value is a coaching.Type, and beats ChanSpy's options
}

const (
	snapshotEvery = 3 * time.Minute
	// aliveEvery is how often a sign of life is passed on, and pingAfter the
	// silence after which Asterisk is asked for one.
	aliveEvery = 2 * time.Second
	pingAfter  = 4 * time.Second
	// listRest is the least time from one list to the next: a flood of doubtful events
	// must not have everything listed all the time.
	listRest = time.Second
)

func (c Config) withDefaults() Config {
	c.SnapshotEvery = cmp.Or(c.SnapshotEvery, snapshotEvery)
	c.Log = cmp.Or(c.Log, slog.Default())
	return c
}

func (c Config) manager() ami.Config {
	return ami.Config{Address: c.Address, Username: c.Username, Secret: c.Secret, TLS: c.TLS, PingAfter: pingAfter, Ignored: c.Variables.ignored()}
}

// Format writes who connects where, under any verb.
func (c Config) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%s@%s", c.Username, c.Address) }

// LogValue does for slog what Format does for fmt.
func (c Config) LogValue() slog.Value { return c.manager().LogValue() }

// configured is the name among ours that a channel variable is set under, "" for
// none. The dialplan writes __CAMPAIGN for one that is handed on to other channels.
func (v Variables) configured(name string) string {
	name = strings.TrimLeft(name, "_")
	for _, ours := range [...]string{v.Campaign, v.List, v.ResultCode, v.Direction, v.Type, v.User} {
		if ours == name {
			return ours
		}
	}
	return ""
}

// names lists the variables that are to come with every channel of a call.
func (v Variables) names() []string {
	var names []string
	for _, n := range []string{v.Campaign, v.List, v.ResultCode, v.Direction, v.Type, v.User} {
		if n != "" {
			names = append(names, n)
		}
	}
	return names
}

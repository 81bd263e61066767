package ami

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Auth is the way to log in.
type Auth int

const (
	// AuthMD5 answers a challenge, so that the secret does not cross the wire.
	// A manager that offers none is an error: it is never a reason to send the
	// secret after all.
	AuthMD5 Auth = iota
	// AuthPlain sends the secret; for use over TLS or on one machine.
	AuthPlain
)

// Config says where to connect and as whom. Everything but Address and Username
// may be left zero. However it is printed or logged, the secret is not.
type Config struct {
	Address  string // host:port
	Username string
	Secret   string `json:"-"`
	Auth     Auth
	// TLS is nil for plain TCP. An empty ServerName means Address's host.
	TLS *tls.Config `json:"-"`

	// DialTimeout bounds Dial as a whole, beside its context. 15 s if zero. A
	// wrong secret is answered after 1 s (testdata/login-wrong-secret.ami).
	DialTimeout time.Duration
	// BootWait is how long Dial waits for FullyBooted before it is content with
	// a manager that answers. 3 s if zero; see Conn.Booted.
	BootWait time.Duration
	// ActionTimeout bounds the wait for each answer, and for each further item
	// of a list, beside the context. 10 s if zero. Some answers never come:
	// Asterisk leaves out the ActionID where it could not read the action
	// (testdata/protocol-oddities.ami).
	ActionTimeout time.Duration
	// ListTimeout is after how long a list that still grows is given up, at the next
	// look that ActionTimeout makes. 2 minutes if zero: one of 1,604 channels took an
	// overloaded Asterisk 23 s.
	ListTimeout time.Duration
	// WriteTimeout is how long the peer may leave one action unread. 5 s if zero.
	WriteTimeout time.Duration
	// PingAfter is the silence after which the peer is asked for a sign of life,
	// 15 s if zero; PingTimeout the further silence that ends the connection,
	// 10 s if zero. A lost peer gives no notice of its own.
	PingAfter   time.Duration
	PingTimeout time.Duration

	// QueueLength and QueueBytes bound the events that wait for the consumer:
	// 65,536 and 64 MiB if zero. That is two to three seconds of the worst flood
	// measured (19,000 events/s). QueueBytes bounds the items of a list as well.
	QueueLength int
	QueueBytes  int

	// Ignored are the events that are left out of Conn.Events: Reader.Ignore.
	Ignored Ignored `json:"-"`
}

func (c Config) withDefaults() (Config, error) {
	if c.Address == "" {
		return c, errors.New("no address")
	}
	if c.Username == "" {
		return c, errors.New("no username")
	}
	c.DialTimeout = cmp.Or(c.DialTimeout, 15*time.Second)
	c.BootWait = cmp.Or(c.BootWait, 3*time.Second)
	c.ActionTimeout = cmp.Or(c.ActionTimeout, 10*time.Second)
	c.ListTimeout = cmp.Or(c.ListTimeout, 2*time.Minute)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 5*time.Second)
	c.PingAfter = cmp.Or(c.PingAfter, 15*time.Second)
	c.PingTimeout = cmp.Or(c.PingTimeout, 10*time.Second)
	c.QueueLength = cmp.Or(c.QueueLength, 64<<10)
	c.QueueBytes = cmp.Or(c.QueueBytes, 64<<20)
	return c, nil
}

// Format writes who connects where, under any verb: %+v of a struct that holds a
// Config, or a stray %d, must not print the secret.
func (c Config) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%s@%s", c.Username, c.Address)
}

// LogValue does for slog what Format does for fmt.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("username", c.Username), slog.String("address", c.Address))
}

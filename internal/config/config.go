package config

import (
	"log/slog"
	"time"
)

// Service is what every command that serves has.
type Service struct {
	Listen          string // host:port of the loopback; port 0 takes a free one
	Log             Log
	ShutdownTimeout time.Duration // below 10 s
}

// Log says what is logged and how.
type Log struct {
	Level slog.Level
	JSON  bool // text otherwise
}

// Demo is the command that shows an invented contact centre.
type Demo struct {
	Service
	DB   string // path of an SQLite file that is kept; "" for one that is removed
	Seed uint64
	Days int // of history before today; at least one
}

// Serve is the command that serves real dialers.
type Serve struct {
	Service
	Database Database
	Dialers  []Dialer // at least one; names are unique
	// Name tells this process from others on the same database; "" where none was
	// given.
	Name  string
	Lease time.Duration // how long a process may watch a dialer without renewing that
	// Unknown are variables of the environment that begin like a setting and are
	// none: most likely misspelt.
	Unknown []string
}

// Migrate is the command that brings the database's schema up to date.
type Migrate struct {
	Database Database
	Log      Log
}

// Version is the command that says which build this is.
type Version struct{}

// Dialer is a dialer to watch: either an Asterisk or a simulator.
type Dialer struct {
	Name      string
	Asterisk  *Asterisk  // nil unless it is one
	Simulator *Simulator // nil unless it is one
}

// Asterisk says how to reach an Asterisk, and the channel variables in which it
// keeps what it does not tell by itself.
type Asterisk struct {
	Address  string // host:port
	Username string
	Secret   Secret
	TLS      bool

	CampaignVariable   string
	ListVariable       string
	ResultCodeVariable string
	DirectionVariable  string
	TypeVariable       string // "" where no variable tells the type
	UserVariable       string // "" where no variable tells who is on the phone

	WrapUp time.Duration // after a call from a queue, where Asterisk does not tell
}

// Simulator is an invented contact centre.
type Simulator struct{ Seed uint64 }

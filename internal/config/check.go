package config

import (
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func (f demoFlags) check() (Demo, error) {
	service, err := f.serviceFlags.check()
	if err != nil {
		return Demo{}, err
	}
	if !isLoopback(service.Listen) {
		return Demo{}, f.refuseListen("the demo asks for no token")
	}
	seed, err := number(f.Seed)
	if err != nil {
		return Demo{}, err
	}
	days, err := number(f.Days)
	if err != nil || days < 1 || days > 365 {
		return Demo{}, f.Days.refuse("%s is no number from 1 to 365", shown(f.Days.text))
	}
	path, err := demoFile(f.DB)
	return Demo{Service: service, DB: path, Seed: seed, Days: int(days)}, err
}

func (f serveFlags) check(from *sources) (Serve, error) {
	dialers, err := from.dialers(f.Dialer)
	if err != nil {
		return Serve{}, err
	}
	database, err := f.databaseFlags.check()
	if err != nil {
		return Serve{}, err
	}
	if f.Name.as != "" && !processName.MatchString(f.Name.text) {
		return Serve{}, f.Name.refuse("%s is no name of 1 to 40 letters, digits and . _ -", shown(f.Name.text))
	}
	lease, err := time.ParseDuration(f.Lease.text)
	if err != nil || lease < 2*time.Second || lease > time.Minute {
		return Serve{}, f.Lease.refuse("%s is no time from 2s to 1m, such as 9s", shown(f.Lease.text))
	}
	eraseAfter, err := f.numbersFlags.check()
	if err != nil {
		return Serve{}, err
	}
	service, err := f.serviceFlags.check()
	if err != nil {
		return Serve{}, err
	}
	access, err := f.accessFlags.check(from)
	if err == nil && !access.Tokens && !isLoopback(service.Listen) {
		err = f.refuseListen("with --auth none nobody is asked for a token")
	}
	return Serve{
		Service: service, Access: access, Database: database, Dialers: dialers, Name: f.Name.text, Lease: lease,
		EraseNumbersAfter: eraseAfter, Unknown: from.unknown(),
	}, err
}

var processName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

func (f migrateFlags) check() (c Migrate, err error) {
	c.Database, c.Log, err = checkBoth(f.databaseFlags, f.logFlags)
	return c, err
}

// stopLimit is what a stop may take at most; orchestrators kill after it.
const stopLimit = 10 * time.Second

func (f serviceFlags) check() (Service, error) {
	if err := address(f.Listen); err != nil {
		return Service{}, err
	}
	log, err := f.logFlags.check()
	if err != nil {
		return Service{}, err
	}
	timeout, err := time.ParseDuration(f.ShutdownTimeout.text)
	if err != nil || timeout <= 0 || timeout >= stopLimit {
		return Service{}, f.ShutdownTimeout.refuse("%s is no time between 0s and 10s, such as 8s or 1500ms", shown(f.ShutdownTimeout.text))
	}
	return Service{Listen: f.Listen.text, Log: log, ShutdownTimeout: timeout}, nil
}

func (f logFlags) check() (Log, error) {
	level, err := f.LogLevel.oneOf("debug", "info", "warn", "error")
	if err != nil {
		return Log{}, err
	}
	format, err := f.LogFormat.oneOf("text", "json")
	if err != nil {
		return Log{}, err
	}
	log := Log{JSON: format == "json"}
	return log, log.Level.UnmarshalText([]byte(level))
}

// address checks an address to listen on.
func address(g given) error {
	_, port, err := net.SplitHostPort(g.text)
	if err != nil {
		return g.refuse("%s is no address; write HOST:PORT, such as 127.0.0.1:8080", shown(g.text))
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return g.refuse("%s has no port from 0 to 65535; write HOST:PORT, such as 127.0.0.1:8080", shown(g.text))
	}
	return nil
}

// isLoopback tells whether an address, which was checked, is for this machine only.
func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

func (f serviceFlags) refuseListen(why string) error {
	return f.Listen.refuse("%s is not of the loopback; %s, so only this machine may ask: use 127.0.0.1, [::1] or localhost", shown(f.Listen.text), why)
}

func number(g given) (uint64, error) {
	n, err := strconv.ParseUint(g.text, 10, 64)
	if err != nil {
		return 0, g.refuse("%s is no whole number from 0 on", shown(g.text))
	}
	return n, nil
}

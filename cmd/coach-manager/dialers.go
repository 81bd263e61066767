package main

import (
	"log/slog"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

// watchedDialers makes the dialers that are configured.
func watchedDialers(all []config.Dialer, log *slog.Logger) []coaching.WatchedDialer {
	var watched []coaching.WatchedDialer
	for _, d := range all {
		switch {
		case d.Simulator != nil:
			watched = append(watched, coaching.WatchedDialer{Name: d.Name, Kind: "simulator", Dialer: simulator.New(simulator.Config{Seed: d.Simulator.Seed})})
		case d.Asterisk != nil:
			watched = append(watched, coaching.WatchedDialer{Name: d.Name, Kind: "asterisk", Dialer: asteriskDialer(*d.Asterisk, log.With("dialer", d.Name))})
		}
	}
	return watched
}

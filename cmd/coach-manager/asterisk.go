package main

import (
	"context"
	"errors"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
)

type absent struct{ address string }

func asteriskDialer(c config.Asterisk) coaching.Dialer { return absent{c.Address} }

func (a absent) Watch(context.Context, func(coaching.Sighting) error) error {
	return errors.New("asterisk is not wired yet: " + a.address)
}

func (a absent) HangUp(context.Context, coaching.HangUp) (coaching.Verdict, error) {
	return coaching.Unreachable, nil
}

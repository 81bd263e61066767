package main

import (
	"crypto/tls"
	"log/slog"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/dialer/asterisk"
)

// asteriskDialer makes the dialer of a configured Asterisk.
func asteriskDialer(c config.Asterisk, log *slog.Logger) coaching.Dialer {
	return asterisk.New(asteriskConfig(c, log))
}

func asteriskConfig(c config.Asterisk, log *slog.Logger) asterisk.Config {
	out := asterisk.Config{
		Address: c.Address, Username: c.Username, Secret: c.Secret.Reveal(), Log: log,
		Variables: asterisk.Variables{
			Campaign: c.CampaignVariable, List: c.ListVariable, ResultCode: c.ResultCodeVariable,
			Direction: c.DirectionVariable, Type: c.TypeVariable, User: c.UserVariable,
		},
		WrapUp: c.WrapUp,
	}
	if c.TLS {
		out.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return out
}

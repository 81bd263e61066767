package config

import (
	"net/url"
	"time"
)

// Healthcheck is the command that asks a service on this machine whether it is
// alive, for orchestrators whose image holds nothing else that could ask.
type Healthcheck struct {
	URL     string
	Timeout time.Duration // of the whole question
}

// Which service is asked, and how patiently, is up to the one run.
type healthcheckFlags struct {
	URL     given `name:"url" setting:"-" help:"Address to ask; 200 is alive. Default ${default}." default:"http://127.0.0.1:8080/healthz" placeholder:"URL"`
	Timeout given `setting:"-" help:"How long the answer may take, 1ms to 1m. Default ${default}." default:"3s" placeholder:"DURATION"`
}

func (f healthcheckFlags) check() (Healthcheck, error) {
	u, err := url.Parse(f.URL.text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil {
		return Healthcheck{}, f.URL.refuse("%s is no address to ask; write it as http://127.0.0.1:8080/healthz", shown(f.URL.text))
	}
	timeout, err := time.ParseDuration(f.Timeout.text)
	if err != nil || timeout < time.Millisecond || timeout > time.Minute {
		return Healthcheck{}, f.Timeout.refuse("%s is no time from 1ms to 1m, such as 3s", shown(f.Timeout.text))
	}
	return Healthcheck{URL: u.String(), Timeout: timeout}, nil
}

package config

import "time"

const longestWrapUp = time.Hour

// wrapUp reads how long agents are busy after a call from a queue.
func (o options) wrapUp() (time.Duration, error) {
	text := o.take("wrap-up", "0s")
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > longestWrapUp {
		return 0, o.of.refuse("the option wrap-up: %s is no time from 0s to 1h, such as 15s", shown(text))
	}
	return d, nil
}

package asterisk

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// What a manager's user lacks is said in a line each, with what stays unknown.
func TestGapsAreSaid(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		happens func(d *desk)
		says    string
	}{
		"read = call": {func(d *desk) {
			d.list(nil)
			d.at = d.at.Add(time.Minute)
			d.list(nil, listed(cust, custID, "Dial", "", ""))
		}, "read = call"},
		"read = agent": {func(d *desk) {
			d.m.takeQueues(queueList("0"), d.at)
			d.m.takeQueues(queueList("1"), d.at)
		}, "read = agent"},
		"read = dialplan": {func(d *desk) {
			d.everybody()
			d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
		}, "read = dialplan"},
		"read = dtmf": {func(d *desk) {
			d.everybody()
			d.runs("ChanSpy", "PJSIP/agent1,qd")
			d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
		}, "read = dtmf"},
		"channelvars": {func(d *desk) { d.about("Newchannel", cust, custID) }, "missing=CAMPAIGN,SPY_TYPE"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			var said strings.Builder
			d.m.gaps.log = slog.New(slog.NewTextHandler(&said, nil))
			c.happens(d)
			c.happens(d)
			if strings.Count(said.String(), c.says) != 1 {
				t.Errorf("%q is to be said once, got %s", c.says, said.String())
			}
		})
	}
}

// A user with write = reporting alone watches; what it cannot do is said at the
// start, and is not tried but for a hang-up that somebody asks for.
func TestAUserWhoMayOnlyWatch(t *testing.T) {
	t.Parallel()
	c := newCentre(t)
	c.forbidden, c.refuse = []string{"Hangup", "Setvar"}, true
	var said strings.Builder
	d := c.dialer()
	d.cfg.Log = slog.New(slog.NewTextHandler(&said, nil))
	w := watched(t, d)
	w.snapshot()
	leg := c.attach(supervisor1, agent1, monitor)
	w.attached(leg, monitor)
	if got, _ := d.HangUp(t.Context(), coaching.HangUp{Leg: leg, Targets: []string{agent1}, Type: monitor}); got != coaching.Refused {
		t.Errorf("hang up: got %s, want %s", got, coaching.Refused)
	}
	w.stop()
	for _, want := range []string{"cannot be ended", "cannot be marked"} {
		if strings.Count(said.String(), want) != 1 {
			t.Errorf("%q is to be said once, got %s", want, said.String())
		}
	}
	if slices.Contains(c.server.Untaken(), "Setvar") {
		t.Error("a mark was tried")
	}
}

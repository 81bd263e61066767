package asterisk

import (
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

func TestSpyOf(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		application, data string
		want              spy
		spies             bool
	}{
		"plain":             {"ChanSpy", "PJSIP/agent1", spy{kind: monitor, prefix: "PJSIP/agent1"}, true},
		"everybody":         {"ChanSpy", "", spy{kind: monitor}, true},
		"all of them":       {"ChanSpy", "all,q", spy{kind: monitor}, true},
		"coach":             {"ChanSpy", "PJSIP/agent1,qwE", spy{kind: coaching.TypeCoach, prefix: "PJSIP/agent1"}, true},
		"private whisper":   {"ChanSpy", "PJSIP/agent1,W", spy{kind: coaching.TypeCoach, prefix: "PJSIP/agent1"}, true},
		"barge":             {"chanspy", "PJSIP/agent1,qBE", spy{kind: barging, prefix: "PJSIP/agent1"}, true},
		"letters of a name": {"ChanSpy", "PJSIP/agent1,g(wB:x)n(me@BW)q", spy{kind: monitor, prefix: "PJSIP/agent1", narrow: true}, true},
		"bridged, exact":    {"ChanSpy", "1.2,bu", spy{kind: monitor, prefix: "1.2", exact: true, bridged: true}, true},
		"switchable":        {"ChanSpy", "PJSIP/agent1,qwd", spy{kind: coaching.TypeCoach, prefix: "PJSIP/agent1", digits: true}, true},
		"an extension":      {"ExtenSpy", "2001@phones,B", spy{kind: barging, place: place{"2001", "phones"}}, true},
		"of one's own":      {"ExtenSpy", "2001,uw", spy{kind: coaching.TypeCoach, place: place{exten: "2001"}, narrow: true}, true},
		"called all":        {"ExtenSpy", "all@phones", spy{kind: monitor, place: place{"all", "phones"}}, true},
		"of a group":        {"ExtenSpy", "2001@phones,g(x)", spy{kind: monitor, place: place{"2001", "phones"}, narrow: true}, true},
		"no extension":      {"ExtenSpy", "@phones", spy{kind: monitor}, true},
		"another":           {"Dial", "PJSIP/agent1,30,w", spy{}, false},
		"open bracket":      {"ChanSpy", "x,g(w", spy{kind: monitor, prefix: "x", narrow: true}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, spies := spyOf(c.application, c.data); got != c.want || spies != c.spies {
				t.Errorf("got %+v, %v, want %+v, %v", got, spies, c.want, c.spies)
			}
		})
	}
}

// Asterisk compares a prefix without regard to case (app_chanspy's next_channel).
func TestAPrefixMatchesInAnyCase(t *testing.T) {
	t.Parallel()
	s, _ := spyOf("ChanSpy", "pjsip/Agent1")
	for name, want := range map[string]bool{"PJSIP/agent1-00000002": true, "PJSIP/agent2-00000002": false, "PJSIP/a": false, "": false} {
		if got := s.matches(&channel{name: name}); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

func TestTimesThatCannotBeAreTheArrivals(t *testing.T) {
	t.Parallel()
	now := time.Unix(1795328423, 0).UTC()
	c := newClock(func() time.Time { return now })
	for text, want := range map[string]time.Time{
		"1795328420.5": now.Add(-2500 * time.Millisecond), "1795328393.0": now.Add(-30 * time.Second), "1795328303.0": now, "1795328543.0": now, "4102444800.0": now, "999999999999.0": now, "1.0": now, "": now,
	} {
		if got := c.of(message("Timestamp", text)); !got.Equal(want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// That this machine's clock is set changes nothing; that Asterisk's is, what it is asked
// next.
func TestClocksThatAreSet(t *testing.T) {
	t.Parallel()
	local := time.Now() // with what it knows of the time that passes
	began := time.Unix(1795328423, 0).UTC()
	c := newClock(func() time.Time { return local })
	c.set(c.read(message("Timestamp", "1795328423.0")))
	local = local.Add(time.Minute)
	if got, want := c.now(), began.Add(time.Minute); !got.Equal(want) {
		t.Errorf("a minute later: got %v, want %v", got, want)
	}
	c.set(c.read(message("Timestamp", "1795324823.0"))) // an hour before
	local = local.Add(time.Second)
	if got, want := c.now(), began.Add(time.Second-time.Hour); !got.Equal(want) {
		t.Errorf("set back: got %v, want %v", got, want)
	}
	c.set(c.read(message("Response", "Success")))
	if got, want := c.now(), began.Add(time.Second-time.Hour); !got.Equal(want) {
		t.Errorf("untold: got %v, want %v", got, want)
	}
}

func TestDevice(t *testing.T) {
	t.Parallel()
	for channel, want := range map[string]string{
		"PJSIP/agent1-0000002f":   "PJSIP/agent1",
		"PJSIP/agent-1-0000002f":  "PJSIP/agent-1",
		"Local/a1@phone-00000001": "Local/a1@phone",
		"Local/a1@x-00000001;1":   "Local/a1@x",
		"Local/a1@x-00000001;2":   "Local/a1@x",
		"DAHDI/1-1":               "DAHDI/1",
		"Console/dsp":             "Console/dsp",
		"":                        "",
	} {
		if got := device(channel); got != want {
			t.Errorf("device of %q: got %q, want %q", channel, got, want)
		}
	}
}

func TestStamp(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"1795328423.641367": time.Unix(1795328423, 641367000).UTC(),
		"1795328423.6":      time.Unix(1795328423, 600000000).UTC(),
		"1795328423":        time.Unix(1795328423, 0).UTC(),
		"":                  {}, "x": {}, "-1.5": {}, "1.x": {}, "1.1234567": {}, "99999999999999999999.1": {}, "0.1": {}, "1.+12345": {},
	} {
		if got, _ := stamp(text); !got.Equal(want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if got, ok := bornAt("pbx-2-1795328423.7"); !ok || got.Unix() != 1795328423 {
		t.Errorf("born: got %v, %v", got, ok)
	}
}

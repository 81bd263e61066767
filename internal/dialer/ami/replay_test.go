package ami_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

// TestReplay asks again what the recorded client asked, and gets the same however
// the stream is cut.
func TestReplay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		skip        []string // what is refused here, and so not asked
		events      int
		answers     []string
		wantDiscard ami.Discards
	}{
		"sip-reconnect-during-session": {
			events: 75,
			answers: []string{
				"Originate Success", "Originate Success", "Setvar Success", "Setvar Success",
				"CoreShowChannels 6", "Status 6", "BridgeList 2", "BridgeInfo 2", "BridgeInfo 2", "DeviceStateList 5",
				"Command Success", "Command Success", "Command Success", "Command Success", "Hangup Success",
			},
		},
		"sip-originate-application": {
			events: 40,
			answers: []string{
				"Originate Success", "CoreShowChannels 3", "Status 3", "Status 1", "Status 1", "Status 1",
				"CoreShowChannelMap 0", "CoreShowChannelMap 1", "BridgeList 1", "BridgeInfo 2", "Hangup Success",
			},
		},
		"sip-hangup-spyer": {
			skip:    []string{"Hangup"}, // some with patterns
			events:  92,
			answers: []string{"Originate Success", "Originate Success", "Originate Success", "Originate Success", "CoreShowChannels 2"},
		},
		"local-utf8-and-hostile-values": {
			skip:        []string{"Setvar"}, // one with a line too long
			events:      75,
			answers:     []string{"Originate Success", "CoreShowChannels 4", "Originate Success", "CoreShowChannels 6"},
			wantDiscard: ami.Discards{Forged: 5, Debris: 1},
		},
	} {
		for how, cut := range map[string]amitest.Pieces{
			"whole": amitest.Whole, "byte by byte": amitest.Bytewise, "cut by 1": amitest.Cut(1), "cut by 2": amitest.Cut(2),
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				r := replay(t, "testdata/"+name+".ami", cut, c.skip)
				if r.events != c.events {
					t.Errorf("events: got %d, want %d", r.events, c.events)
				}
				if diff := cmp.Diff(c.answers, r.answers); diff != "" {
					t.Errorf("answers: -want +got:\n%s", diff)
				}
				if r.discarded != c.wantDiscard {
					t.Errorf("discarded: got %+v, want %+v", r.discarded, c.wantDiscard)
				}
			})
		}
	}
}

type replayed struct {
	events    int
	answers   []string
	discarded ami.Discards
}

func replay(t *testing.T, file string, cut amitest.Pieces, skip []string) replayed {
	t.Helper()
	rec := amitest.Load(t, file)
	s := amitest.New(t, amitest.Options{Recording: rec, Pieces: cut, Skip: skip})
	var r replayed
	for _, c := range rec.Connections {
		conn := dial(t, config(s))
		asked := ami.NewReader(strings.NewReader(c.FromClient()))
		for {
			m, err := asked.Read()
			if err != nil {
				break
			}
			if name := m.Get("Action"); name != "Login" && !slices.Contains(skip, name) {
				r.answers = append(r.answers, ask(t, conn, m))
			}
		}
		<-s.Client().Played()
		s.Client().Cut()
		events, _ := drain(t, conn)
		for i := 1; i < len(events); i++ {
			if events[i].Seq <= events[i-1].Seq {
				t.Fatalf("%v came out of order", events[i])
			}
		}
		r.events += len(events)
		d := conn.Discarded()
		r.discarded.Forged += d.Forged
		r.discarded.Debris += d.Debris
		r.discarded.Unasked += d.Unasked
	}
	return r
}

var lists = []string{"CoreShowChannels", "Status", "BridgeList", "BridgeInfo", "DeviceStateList", "CoreShowChannelMap"}

// ask sends a recorded action and returns a line about its answer.
func ask(t *testing.T, conn *ami.Conn, m ami.Message) string {
	t.Helper()
	a := ami.NewAction(m.Get("Action"))
	for _, h := range m.Headers {
		if h.Key != "Action" && h.Key != "ActionID" {
			a = a.With(h.Key, h.Value)
		}
	}
	if slices.Contains(lists, a.Name()) {
		list, err := conn.List(t.Context(), a)
		if err != nil {
			t.Errorf("list: %v", err)
		}
		return fmt.Sprint(a.Name(), " ", len(list.Items))
	}
	answer, err := conn.Do(t.Context(), a)
	if refusal := new(ami.ResponseError); err != nil && !errors.As(err, &refusal) {
		t.Errorf("do: %v", err)
	}
	return a.Name() + " " + answer.Response()
}

// TestForgeriesRecorded holds what a real Asterisk wrote when values had line
// breaks: none of it is an event.
func TestForgeriesRecorded(t *testing.T) {
	t.Parallel()
	s := amitest.New(t, amitest.Options{
		Recording: amitest.Load(t, "testdata/local-utf8-and-hostile-values.ami"),
		Skip:      []string{"Originate", "Setvar", "CoreShowChannels"},
	})
	conn := dial(t, config(s))
	<-s.Client().Played()
	s.Client().Cut()
	events, _ := drain(t, conn)
	for _, m := range events {
		if m.Event() == "Fake" || m.Event() == "ChanSpyStart" {
			t.Errorf("a forgery passed: %v", m)
		}
	}
	if got, want := conn.Discarded(), (ami.Discards{Forged: 5, Debris: 1}); got != want {
		t.Errorf("discarded: got %+v, want %+v", got, want)
	}
}

package amitest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want *amitest.Recording
	}{
		"markers are taken out, comments too": {
			"# one\n<<< 0.001\nA/1\r\n>>> 0.1\nAction: Ping\r\n\r\n<<< 0.2\nX: 1\r\n\r\n<<< 0.3\nX: 2\r\n\r\n=== closed by server 1.0\n",
			&amitest.Recording{Connections: []amitest.Connection{{ClosedByServer: true, Steps: []amitest.Step{
				{Text: "A/1\r\n"}, {FromClient: true, Text: "Action: Ping\r\n\r\n"}, {Text: "X: 1\r\n\r\nX: 2\r\n\r\n"},
			}}}},
		},
		"a connection follows the end of another": {
			"<<< 0.0\nA\r\n=== closed by client 1.0\n=== closed by client 1.1\n# two\n<<< 0.0\nB\r\n",
			&amitest.Recording{Connections: []amitest.Connection{{Steps: []amitest.Step{{Text: "A\r\n"}}}, {Steps: []amitest.Step{{Text: "B\r\n"}}}}},
		},
		"a client's own line feeds and pauses are wire": {
			">>> 0.0\nAction: Ping\nActionID: spl>>> 3.508\nit\r>>> 3.7\n\n\r\n<<< 1.0\nX\r\n",
			&amitest.Recording{Connections: []amitest.Connection{{Steps: []amitest.Step{
				{FromClient: true, Text: "Action: Ping\nActionID: split\r\n\r\n"}, {Text: "X\r\n"},
			}}}},
		},
		"nothing is no connection": {"# only talk\n=== closed by client 0.1\n", &amitest.Recording{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, amitest.Parse(c.text)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func dial(t *testing.T, s *amitest.Server, auth ami.Auth) *ami.Conn {
	t.Helper()
	conn, err := ami.Dial(t.Context(), ami.Config{Address: s.Addr(), Username: "lab", Secret: "lab", Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func TestRecordingIsAnsweredWithTheClientsIDs(t *testing.T) {
	t.Parallel()
	const play = "<<< 0.0\nAsterisk Call Manager/11.0.0\r\n" +
		">>> 0.0\nAction: Login\r\nActionID: 1\r\n\r\n" +
		"<<< 0.0\nResponse: Success\r\nActionID: 1\r\n\r\nEvent: FullyBooted\r\nPrivilege: system,all\r\n\r\n" +
		">>> 0.0\nAction: Originate\r\nActionID: 2\r\n\r\n" +
		"<<< 0.0\nResponse: Success\r\nActionID: 2\r\nMessage: dropped\r\n\r\n" +
		"Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: 2\r\nResponse: Success\r\n\r\n" +
		">>> 0.0\nAction: Getvar\r\nActionID: 3\r\nVariable: A\r\n\r\nAction: Status\r\nActionID: 4\r\n\r\n" +
		"<<< 0.0\nResponse: Success\r\nActionID: 4\r\nEventList: start\r\n\r\n" +
		"Response: Success\r\nActionID: 3\r\nValue: 1\r\n\r\n" +
		"Event: Status\r\nPrivilege: Call\r\nActionID: 4\r\n\r\n" +
		"Event: StatusComplete\r\nActionID: 4\r\nEventList: Complete\r\nListItems: 1\r\n\r\n"
	for name, pieces := range map[string]amitest.Pieces{"whole": nil, "byte by byte": amitest.Bytewise, "cut": amitest.Cut(7)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := amitest.New(t, amitest.Options{Recording: amitest.Parse(play), Skip: []string{"Originate"}, Pieces: pieces})
			conn := dial(t, s, ami.AuthMD5)
			// The list is asked first, and waits for the cue before it.
			listed := make(chan error, 1)
			go func() {
				list, err := conn.List(t.Context(), ami.NewAction("Status"))
				if err == nil && len(list.Items) != 1 {
					t.Errorf("items: got %d, want 1", len(list.Items))
				}
				listed <- err
			}()
			s.Received("Status")
			m, err := conn.Do(t.Context(), ami.NewAction("Getvar").With("Variable", "A"))
			if err != nil || m.Get("Value") != "1" {
				t.Errorf("got %v, %v", m, err)
			}
			if err := <-listed; err != nil {
				t.Error(err)
			}
			<-s.Client().Played()
			for _, want := range []string{"FullyBooted", "OriginateResponse"} {
				if m := <-conn.Events(); m.Event() != want {
					t.Errorf("got %v, want %s", m, want)
				}
			}
			if _, err := conn.Do(t.Context(), ami.NewAction("Ping")); err != nil {
				t.Errorf("after the recording: %v", err)
			}
			if got := conn.Discarded(); got != (ami.Discards{}) {
				t.Errorf("discarded %+v", got)
			}
		})
	}
}

func TestHandlersComeBeforeTheRecording(t *testing.T) {
	t.Parallel()
	s := amitest.New(t, amitest.Options{
		Recording: amitest.Load(t, "../testdata/sip-reconnect-during-session.ami"),
		Skip:      []string{"Originate", "Setvar", "Status", "BridgeList", "BridgeInfo", "DeviceStateList", "Command", "Hangup"},
		Handlers: map[string]amitest.Handler{
			"CoreShowChannels": func(c *amitest.Client, m ami.Message) { c.List(m, "CoreShowChannelsComplete") },
		},
	})
	first := dial(t, s, ami.AuthPlain)
	<-s.Client().Played()
	for range first.Events() { // it is dropped, because the recorded client was
	}
	second := dial(t, s, ami.AuthPlain)
	<-s.Client().Played()
	list, err := second.List(t.Context(), ami.NewAction("CoreShowChannels"))
	if err != nil || len(list.Items) != 0 {
		t.Errorf("got %d items, %v", len(list.Items), err)
	}
	if _, err := second.Do(t.Context(), ami.NewAction("Hangup").With("Channel", "1.1")); err == nil || !strings.Contains(err.Error(), "unknown command") {
		t.Errorf("an action that was skipped: got %v", err)
	}
	if got, want := s.Untaken(), []string{"CoreShowChannels", "Hangup"}; !cmp.Equal(got, want) {
		t.Errorf("untaken: got %q, want %q", got, want)
	}
}

func TestDropAndComeBack(t *testing.T) {
	t.Parallel()
	s := amitest.New(t, amitest.Options{Username: "lab", Secret: "lab"})
	first := dial(t, s, ami.AuthMD5)
	s.Drop()
	for range first.Events() {
	}
	if first.Err() == nil {
		t.Error("dropped without an error")
	}
	second := dial(t, s, ami.AuthPlain)
	s.Client().Event("Newchannel", "Uniqueid", "1.1")
	for m := range second.Events() {
		if m.Event() == "Newchannel" {
			break
		}
	}
	s.Close()
	s.Close()
}

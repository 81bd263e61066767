package ami_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/dialer/ami/amitest"
)

// recorded returns the messages of a recording's first connection.
func recorded(t *testing.T, name string) []ami.Message {
	t.Helper()
	r := ami.NewReader(strings.NewReader(amitest.Load(t, "testdata/"+name).Connections[0].FromServer()))
	if _, err := r.Banner(); err != nil {
		t.Fatal(err)
	}
	var all []ami.Message
	for {
		m, err := r.Read()
		if err != nil {
			return all
		}
		all = append(all, m)
	}
}

func TestMessageHeaders(t *testing.T) {
	t.Parallel()
	m := ami.Message{Headers: []ami.Header{
		{Key: "Event", Value: "Newchannel"}, {Key: "Uniqueid", Value: "1.1"}, {Key: "UNIQUEID", Value: "1.2"}, {Key: "Exten", Value: ""},
	}}
	if got := m.Get("uniqueID"); got != "1.1" {
		t.Errorf("the first of a repeated key: got %q", got)
	}
	if got := slices.Collect(m.All("uniqueid")); !slices.Equal(got, []string{"1.1", "1.2"}) {
		t.Errorf("all of a repeated key: got %q", got)
	}
	if _, ok := m.Lookup("Exten"); !ok {
		t.Error("an empty header is not found")
	}
	if v, ok := m.Lookup("Nothing"); ok || v != "" || m.Get("Nothing") != "" {
		t.Error("a header that is not there is found")
	}
	if (ami.Message{}).Event() != "" || (ami.Message{}).Response() != "" {
		t.Error("an empty message is something")
	}
}

func TestTextUndoesOnlyWhatAsteriskEscapes(t *testing.T) {
	t.Parallel()
	const name = `Zoë Ångström-日本 "q" x`
	seen := map[string]int{}
	for _, m := range recorded(t, "local-utf8-and-hostile-values.ami") {
		for _, key := range []string{"CallerIDName", "ConnectedLineName", "DestCallerIDName", "LocalOneCallerIDName", "SpyeeConnectedLineName"} {
			if raw, ok := m.Lookup(key); ok && strings.HasPrefix(raw, "Zoë") {
				seen[m.Event()]++
				if got := m.Text(key); got != name {
					t.Errorf("%s of %s: got %q, want %q", key, m.Event(), got, name)
				}
			}
		}
		if m.Event() == "Newexten" && strings.Contains(m.Get("AppData"), `\`) && m.Text("AppData") != m.Get("AppData") {
			t.Errorf("AppData is not escaped, and was changed: %q", m.Text("AppData"))
		}
	}
	for _, event := range []string{"NewCallerid", "OriginateResponse", "CoreShowChannel", "LocalBridge"} {
		if seen[event] == 0 {
			t.Errorf("the recording has no such name in %s", event)
		}
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	hostile := "one\r\nEvent: ChanSpyStart\r\nSpyerChannel: fake\r\n\r\nEvent: Fake\r\n\r\n"
	found := false
	for _, m := range recorded(t, "local-utf8-and-hostile-values.ami") {
		found = found || m.Variable("", "CAMPAIGN") == hostile
	}
	if !found {
		t.Error("the hostile CAMPAIGN is nowhere as it was set")
	}
	for _, m := range recorded(t, "sip-reconnect-during-session.ami") {
		if m.Event() != "ChanSpyStart" {
			continue
		}
		if got := m.Variable("Spyee", "LIST"); !strings.HasPrefix(got, "L-4") {
			t.Errorf("Spyee's LIST: got %q", got)
		}
		var names []string
		for name, value := range m.Variables("Spyer") {
			if names = append(names, name); value != "" {
				t.Errorf("Spyer's %s: got %q", name, value)
			}
		}
		if !slices.Equal(names, []string{"CAMPAIGN", "LIST", "RESULT_CODE"}) {
			t.Errorf("Spyer's variables: got %q", names)
		}
	}
}

func TestUnescape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		``:                             "",
		`plain`:                        "plain",
		`\"q\"`:                        `"q"`,
		`a\\nb`:                        `a\nb`,
		`\a\b\f\n\r\t\v\\\'\"\?`:       "\a\b\f\n\r\t\v\\'\"?",
		`cut\`:                         `cut\`,
		`\`:                            `\`,
		`\x41\0`:                       `\x41\0`,
		`Zoë \"日本\"` + "\xff\x01":      `Zoë "日本"` + "\xff\x01",
		`one\r\nEvent: Fake\r\n\r\n`:   "one\r\nEvent: Fake\r\n\r\n",
		strings.Repeat(`\\`, 50) + `n`: strings.Repeat(`\`, 50) + "n",
	} {
		if got := ami.Unescape(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

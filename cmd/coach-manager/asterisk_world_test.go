package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

// play is the whole program on a real Asterisk, and what people do there.
type play struct {
	t *testing.T
	*realCentre
	*program
}

// newPlay has the program watch an Asterisk whose dialplan was added to.
func newPlay(t *testing.T, dialplan string) *play {
	t.Helper()
	conf := asterisktest.ContactCentre()
	conf["extensions.conf"] += dialplan
	p := rehearse(t, conf)
	p.serve(asterisktest.CoachUser+"@"+p.pbx.AMI, asterisktest.CoachSecret)
	p.isConnected(true)
	return p
}

// rehearse has a customer talk to an agent, and nobody watch yet.
func rehearse(t *testing.T, conf map[string]string) *play {
	t.Helper()
	p := &play{t: t, realCentre: realCentreOf(t, conf)}
	p.talk("5551234", "a1")
	return p
}

// serve starts the program on user@host:port of an Asterisk.
func (p *play) serve(asterisk, secret string) {
	p.t.Helper()
	p.serveFrom(p.t.TempDir(), asterisk, secret)
}

// serveFrom is serve with the folder of the database.
func (p *play) serveFrom(folder, asterisk, secret string) {
	p.t.Helper()
	file := filepath.Join(folder, "secret")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.program = start(p.t, nil, "serve", "--database", "sqlite:"+filepath.Join(folder, "coach.db"),
		"--dialer", "pbx=asterisk://"+asterisk+"?secret-file="+file)
}

// in is the play for a part of the test.
func (p *play) in(t *testing.T) *play {
	centre, program := *p.realCentre, *p.program
	centre.t, program.t = t, t
	return &play{t: t, realCentre: &centre, program: &program}
}

// isConnected waits until the program shows whether it watches the Asterisk.
func (p *play) isConnected(connected bool) {
	p.t.Helper()
	waitFor(p.t, "the dialer to be shown as it is", func() bool {
		return slices.Contains(get[page[dialerState]](p.program, "/dialers").Items, dialerState{Name: "pbx", Kind: "asterisk", Connected: connected})
	})
}

func (p *play) do(action string, keyValues ...string) ami.Message {
	p.t.Helper()
	a := ami.NewAction(action)
	for i := 0; i+1 < len(keyValues); i += 2 {
		a = a.With(keyValues[i], keyValues[i+1])
	}
	m, err := p.hands.Do(p.t.Context(), a)
	if err != nil {
		p.t.Fatalf("%s %q: %v", action, keyValues, err)
	}
	return m
}

// dials has a phone run an extension of the dialplan.
func (p *play) dials(phone, context, exten string) {
	p.t.Helper()
	p.do("Originate", "Channel", "Local/"+phone+"/n", "Context", context, "Exten", exten, "Priority", "1", "Async", "true")
}

// call has a customer call an agent.
func (p *play) call(number, agent string) {
	p.t.Helper()
	p.dials(number+"@customer", "inbound", agent)
	p.talk(number, agent)
}

// talk waits until a customer and an agent talk.
func (p *play) talk(number, agent string) {
	p.t.Helper()
	waitFor(p.t, number+" and "+agent+" to talk", func() bool { return p.together(number+"@customer", agent+"@phone") })
}

// talkOn wants them to talk now.
func (p *play) talkOn(number, agent string) {
	p.t.Helper()
	if !p.together(number+"@customer", agent+"@phone") {
		p.t.Errorf("the call of %s and %s was harmed:\n%s", number, agent, p.channels())
	}
}

// together asks Asterisk whether two phones are in one bridge.
func (p *play) together(one, other string) bool {
	p.t.Helper()
	for _, bridge := range p.bridgesOf(one) {
		if bridge != "" && slices.Contains(p.bridgesOf(other), bridge) {
			return true
		}
	}
	return false
}

func (p *play) bridgesOf(phone string) (bridges []string) {
	p.t.Helper()
	for _, c := range p.legsOf(phone) {
		bridges = append(bridges, c.Get("BridgeId"))
	}
	return bridges
}

// legsOf are the channels of a phone, as Asterisk lists them.
func (p *play) legsOf(phone string) (legs []ami.Message) {
	p.t.Helper()
	all, err := p.hands.List(p.t.Context(), ami.NewAction("CoreShowChannels"))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range all.Items {
		if strings.HasPrefix(c.Get("Channel"), "Local/"+phone+"-") {
			legs = append(legs, c)
		}
	}
	return legs
}

// near is the half of a phone's channel that is in a call, or listens; far is the
// phone itself. "" if it is in none.
func (p *play) near(phone string) string { p.t.Helper(); return p.half(phone, ";1") }

func (p *play) far(phone string) string { p.t.Helper(); return p.half(phone, ";2") }

func (p *play) half(phone, which string) string {
	p.t.Helper()
	for _, c := range p.legsOf(phone) {
		if strings.HasSuffix(c.Get("Channel"), which) {
			return c.Get("Uniqueid")
		}
	}
	return ""
}

// hangsUp ends a channel as its owner does.
func (p *play) hangsUp(channel string) {
	p.t.Helper()
	p.do("Hangup", "Channel", channel)
}

// listens has a supervisor listen, and returns the session that comes of it.
func (p *play) listens(supervisor, how, agent string) (id string) {
	p.t.Helper()
	p.dials(supervisor+"@phone", how, agent)
	return p.sessionOf("Local/" + supervisor + "@phone")
}

// sessionOf waits for the one live session of a user.
func (p *play) sessionOf(name string) (id string) {
	p.t.Helper()
	waitFor(p.t, "a session of "+name, func() bool {
		for _, u := range get[page[listener]](p.program, "/coaching-users").Items {
			if u.Name == name && len(u.Sessions) == 1 {
				id = u.Sessions[0].ID
			}
		}
		return id != ""
	})
	return id
}

// shows waits until the API shows a session as wanted, and returns it.
func (p *play) shows(id string, want seen) (s wholeSession) {
	p.t.Helper()
	var got seen
	defer func() {
		if diff := cmp.Diff(got, want); diff != "" {
			p.t.Logf("the session: got -, want +:\n%s", diff)
		}
	}()
	waitFor(p.t, "the session to be shown as wanted", func() bool {
		got, s = p.see(id)
		return cmp.Equal(got, want)
	})
	return s
}

// wantAnswer asks for the end of a session and wants an answer.
func (p *play) wantAnswer(want, id, etag, query string) {
	p.t.Helper()
	if got := p.disconnect(id, etag, query); got != want {
		p.t.Errorf("DELETE %s: got %s, want %s", query, got, want)
	}
}

// theCall is the call of the customer and the agent.
const theCall = "5551234, inbound, talking, Spring Sale, L-42, -"

// inTheCall is a session on it, of supervisor s1 with agent a1.
func inTheCall(kind string) seen {
	return seen{
		State: "active", Type: kind, Types: []string{kind}, User: "Local/s1@phone, " + doing[kind], Target: "Local/a1@phone, on_call",
		Campaign: "Spring Sale", Current: []string{theCall}, Calls: []string{theCall},
	}
}

// inTheNextCall is a session on another call, of s1 with agent a2.
func inTheNextCall(kind string) seen {
	s := inTheCall(kind)
	s.Target, s.Current = "Local/a2@phone, on_call", []string{"5555678, inbound, talking, Spring Sale, L-42, -"}
	s.Calls = s.Current
	return s
}

// doing is what a supervisor does in a session of a type.
var doing = map[string]string{"monitor": "monitoring", "coach": "coaching", "barge": "barging", "barge_kick": "taking_over", "unknown": "supervising"}

// ended is what becomes of a session whose call goes on.
func (s seen) ended(why string) seen {
	s.State, s.End, s.Current, s.User = "ended", why, nil, "Local/s1@phone, available"
	s.Calls = slices.Clone(s.Calls)
	for i := range s.Calls {
		s.Calls[i] += ", heard"
	}
	return s
}

// by adds whose wish that was, and what the requests came to.
func (s seen) by(name string, outcomes ...string) seen {
	s.By, s.Asked = name, outcomes
	return s
}

// switched is what becomes of a session that goes on in another type.
func (s seen) switched(kind string) seen {
	s.Type, s.Types = kind, append(slices.Clone(s.Types), kind)
	s.User = "Local/s1@phone, " + doing[kind]
	return s
}

// afterTheCall is what becomes of an ended session when the call has, too.
func (s seen) afterTheCall() seen {
	s.Target = "Local/a1@phone, available"
	s.Calls = slices.Clone(s.Calls)
	for i := range s.Calls {
		s.Calls[i] = strings.Replace(s.Calls[i], "talking", "ended", 1)
	}
	return s
}

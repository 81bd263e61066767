package asterisk

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/proxytest"
)

// A supervisor who may switch by keypad does so in one session, however his phone says
// what he presses.
func TestSIPKeypad(t *testing.T) {
	t.Parallel()
	for name, press := range map[string]func(f sipFloor, leg string, key byte){
		"SIP INFO": func(f sipFloor, _ string, key byte) { f.tells("sup1", string(key)) },
		"RFC 4733": sipFloor.press,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSIPFloor(t)
			f.hums()
			f.listens("qbdE")
			session := f.anySession("the session")
			for _, to := range []struct {
				key  byte
				kind coaching.Type
			}{{'5', coaching.TypeCoach}, {'6', barging}, {'4', monitor}} {
				press(f, session.Leg, to.key)
				session = f.watch.attached(session.Leg, to.kind)
			}
			f.disconnects(session)
		})
	}
}

// press sends a key as RFC 4733 has it: an event that goes on, and its end, which is
// told three times.
func (f sipFloor) press(leg string, key byte) {
	f.t.Helper()
	const event, volume, end = 101, 10, 1 << 7
	var payloads [][]byte
	for i, flags := range []byte{0, 0, 0, end, end, end} {
		payloads = append(payloads, binary.BigEndian.AppendUint16([]byte{key - '0', flags | volume}, uint16(min(i+1, 4)*160)))
	}
	f.sends(leg, event, key, func(int) uint32 { return 0 }, payloads...)
}

// speaks has a channel's phone be heard for a moment.
func (f sipFloor) speaks(leg string) {
	f.t.Helper()
	const ulaw, loud = 0, 0x80
	f.sends(leg, ulaw, 0, func(i int) uint32 { return uint32(i) * 160 }, slices.Repeat([][]byte{bytes.Repeat([]byte{loud}, 160)}, 10)...)
}

// sends sends RTP packets to a channel, as if its phone did, each at its time.
func (f sipFloor) sends(leg string, kind, salt byte, at func(i int) uint32, payloads ...[]byte) {
	f.t.Helper()
	to := f.do("Getvar", "Channel", leg, "Variable", "CHANNEL(rtp,src)").Get("Value")
	conn, err := new(net.Dialer).DialContext(f.t.Context(), "udp", to)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	const version = 2 << 6
	for i, payload := range payloads {
		packet := binary.BigEndian.AppendUint16([]byte{version, kind}, uint16(salt)<<8+uint16(i))
		packet = binary.BigEndian.AppendUint32(packet, uint32(salt)*8000+at(i))
		packet = binary.BigEndian.AppendUint32(packet, uint32(salt)) // who speaks
		if _, err := conn.Write(append(packet, payload...)); err != nil {
			f.t.Fatal(err)
		}
	}
}

// A supervisor who is bridged with the customer has taken the call over: the agent is
// out, the session goes on as that, and only force ends it.
func TestSIPTakeOver(t *testing.T) {
	t.Parallel()
	f := newSIPFloor(t)
	f.hums()
	f.listens("qbBE")
	session := f.anySession("the session")
	f.do("Bridge", "Channel1", f.up("customer").id, "Channel2", session.Leg, "Tone", "no")
	session = f.watch.attached(session.Leg, coaching.TypeBargeKick)
	if targetExtension(session) != "PJSIP/agent1" {
		t.Errorf("taken over: %+v", session)
	}
	housetest.WaitFor(t, "the agent to be out", func() bool { return f.up("agent1").id == "" })
	if got := f.hangUp(session); got != coaching.WouldDropCustomer {
		t.Errorf("hang up: %s", got)
	}
	if sup, customer := f.up("sup1"), f.up("customer"); sup.bridge == "" || sup.bridge != customer.bridge {
		t.Errorf("the supervisor talks in bridge %q, the customer in %q", sup.bridge, customer.bridge)
	}
	ask := coaching.HangUp{Leg: session.Leg, Targets: []string{"PJSIP/agent1"}, Type: session.Type, Force: true}
	if got, err := f.dialer.HangUp(t.Context(), ask); got != coaching.Accepted {
		t.Errorf("forced: %s, %v", got, err)
	}
	if gone := f.watch.gone(session.Leg); gone.Reason != coaching.EndDisconnected {
		t.Errorf("gone: %+v", gone)
	}
}

// A session goes on as the same one after the connection was cut. Of two agents whom
// the supervisor may be listening to, the mark on his channel tells which: also to a
// service that knows nothing of before.
func TestSIPReconnect(t *testing.T) {
	t.Parallel()
	f := newSIPFloor(t)
	f.calls("agent2")
	f.hums()
	f.watch.stop()
	way := proxytest.New(t, "tcp://"+f.asterisk.AMI)
	u, err := url.Parse(way.URL)
	if err != nil {
		t.Fatal(err)
	}
	cfg := f.dialer.cfg
	cfg.Address = u.Host
	f.dialer = New(cfg)
	f.watch = watched(t, f.dialer)
	f.watch.snapshot()
	f.listens("either")
	before := f.anySession("the session")
	f.marked(before.Leg, monitor)
	way.Cut()
	if err := f.watch.ended(); err == nil {
		t.Error("the watch ended without an error")
	}
	f.watch = watched(t, f.dialer)
	if diff := cmp.Diff(f.watch.snapshot().Legs, []coaching.Attached{before}); diff != "" {
		t.Errorf("connected again: found -, was +:\n%s", diff)
	}
	f.watch.stop()
	f.dialer = New(cfg)
	f.watch = watched(t, f.dialer)
	nameless := before
	nameless.Supervisor.Name = "" // a phone's name is told when its channel is made
	if diff := cmp.Diff(f.watch.snapshot().Legs, []coaching.Attached{nameless}); diff != "" {
		t.Errorf("another service: found -, was +:\n%s", diff)
	}
	f.disconnects(before)
}

// While nobody on the call is heard a hang-up is accepted, and accepted again, and the
// supervisor stays until somebody is, or the customer hangs up. Nothing of it harms the
// call.
func TestSIPNoMedia(t *testing.T) {
	t.Parallel()
	f := newSIPFloor(t)
	for _, one := range []struct {
		until string
		comes func(customer string)
	}{
		{"somebody is heard", f.speaks},
		{"the customer hangs up", func(customer string) { f.do("Hangup", "Channel", customer) }},
	} {
		f.listens("qbE")
		session := f.anySession("the session")
		for range 2 {
			if got := f.hangUp(session); got != coaching.Accepted {
				t.Errorf("until %s: hang up: %s", one.until, got)
			}
		}
		if f.up("sup1").id != session.Leg || !f.talks("agent1") {
			t.Errorf("before %s the leg or the call is gone", one.until)
		}
		one.comes(f.up("customer").id)
		if gone := f.watch.gone(session.Leg); gone.Reason != coaching.EndDisconnected {
			t.Errorf("once %s: gone: %+v", one.until, gone)
		}
	}
}

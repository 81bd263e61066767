package asterisk

import (
	"slices"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// What a hang-up needs to know of a leg: where it is by now, as Asterisk answered and as
// events told, and whom its end would leave alone.

// doesElse tells whether Asterisk answered that the channel is in no bridge and runs
// something else than a spying: it is no supervisor's leg any more, or never was.
func doesElse(status ami.Listing) bool {
	if len(status.Items) != 1 {
		return false
	}
	now := status.Items[0]
	bridge, told := now.Lookup("BridgeID")
	application := now.Get("Application")
	if !told || bridge != "" || application == "" {
		return false
	}
	_, spies := spyOf(application, now.Get("Data"))
	return !spies
}

// isOnItsWay tells whether a leg that has stopped spying was sent to spy on somebody
// else, whom it has not found yet: its arguments, as Asterisk answered, do not name whom
// it heard.
func (m *model) isOnItsWay(l *leg, status ami.Listing) bool {
	heard := m.channels[l.spied]
	if heard == nil && l.spyee != nil && l.spyee.id == l.spied {
		heard = l.spyee // and gone
	}
	if l.stopped == nil || l.snoop != nil || heard == nil || len(status.Items) != 1 {
		return false
	}
	now := status.Items[0]
	s, spies := spyOf(now.Get("Application"), now.Get("Data"))
	if !spies || s.follows(l.target) {
		return false
	}
	if s.place != (place{}) {
		return l.heard != (spy{}) && s.place != l.heard.place
	}
	mayBe := func(ch *channel) bool { return s.exact && s.allows(ch) } // the same agent's next channel
	return !s.allows(heard) && !slices.ContainsFunc(m.devices[l.target], mayBe)
}

// leftCustomer tells whether a leg that took a call over is in another bridge than the
// customer by now: whoever is there was not asked about.
func (l *leg) leftCustomer() bool {
	customer := l.customer()
	return l.kind == coaching.TypeBargeKick && l.snoop == nil && customer != nil && l.ch.bridge != "" && l.ch.bridge != customer.bridge
}

// wasTold tells whether the bridge that Asterisk answered is the one that events told of:
// who is in another one is not known.
func (l *leg) wasTold(status ami.Listing) bool {
	return len(status.Items) == 1 && status.Items[0].Get("BridgeID") == l.ch.bridge
}

// holdsCustomer tells whether the end of the leg would leave a customer alone: it
// is in a bridge without the agent, or in one that cannot be told. A leg in no
// bridge holds nobody, whatever its type.
func (w *watch) holdsCustomer(l *leg, status ami.Listing) bool {
	if len(status.Items) != 1 {
		return true
	}
	bridge, told := status.Items[0].Lookup("BridgeID")
	if !told {
		return true
	}
	return w.withoutAgent(bridge, l) || w.withoutAgent(l.ch.bridge, l) // as Asterisk answered, and as it told since
}

// withoutAgent tells whether a bridge is one that the leg's agent is not in, or is
// in alone with the leg: then the one who was spied on may be the customer.
func (w *watch) withoutAgent(bridge string, l *leg) bool {
	if bridge == "" || w.model.alone(bridge, l) {
		return false
	}
	others := 0
	for ch := range w.model.bridges[bridge] {
		if ch != l.ch && !ch.isMachine() {
			others++
		}
	}
	return l.spyee == nil || !w.model.bridges[bridge][l.spyee] || others < 2
}

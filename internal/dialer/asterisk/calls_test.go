package asterisk

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Where an agent's channel does not show whom he called, the customer's own does.
func TestTheNumberThatWasDialled(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.about("Newchannel", sup, supID)
	d.caller(ag1, ag1ID, "2001", "Agent One")
	d.about("Newchannel", cust, custID)
	d.hear("DialBegin", append(append(one("", ag1, ag1ID), one("Dest", cust, custID)...),
		"DestCallerIDNum", "442071234567", "DialString", "442071234567@trunk")...)
	d.bridged(ag1, ag1ID, cust, custID)
	d.runs("ChanSpy", ag1+",qu")
	d.spying("ChanSpyStart", sup, supID, ag1, ag1ID)
	var calls []coaching.CallSeen
	for _, s := range d.m.take().told {
		if c, ok := s.(coaching.CallSeen); ok {
			calls = append(calls, c)
		}
	}
	if len(calls) != 1 || calls[0].PhoneNumber != "442071234567" || calls[0].Direction != coaching.DirectionOutbound {
		t.Errorf("got %+v", calls)
	}
}

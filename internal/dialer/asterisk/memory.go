package asterisk

import (
	"net/url"
	"strconv"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// memory is what is known of a leg and no list tells: the model of the connection
// before has it, and the mark on the leg's own channel, which outlives us.
type memory struct {
	spied    string // Uniqueid of the channel in the supervisor's ear
	spyee    string // of the target's channel: the same, unless that is his customer's
	customer string // of the customer's; "" for nobody known
	target   string
	who, by  string // extensions of the target and the supervisor
	campaign string
	kind     coaching.Type
	since    time.Time // when it attached to this target in this type
	told     time.Time // the newest moment told of the leg
	exact    bool
	bridged  bool
}

// memory is what a leg leaves behind; nil for one without a session.
func (m *model) memory(l *leg) *memory {
	if !l.session {
		return nil
	}
	k := &memory{
		spied: l.spied, target: l.target, who: l.who, by: l.by, kind: l.kind,
		since: l.since, told: l.last, exact: l.exact, bridged: l.bridged,
	}
	if l.spyee != nil {
		k.spyee, k.campaign = l.spyee.id, l.spyee.variable(m.vars.Campaign)
	}
	if customer := l.customer(); customer != nil {
		k.customer = customer.id
	}
	return k
}

// markVariable is the variable of a supervisor's channel that holds the mark. The
// spied channel is in no field of any answer (testdata/sip-reconnect-during-session.ami),
// and a leg that took a call over is in no ChanSpy any more.
const markVariable = "COACH_MANAGER_LEG"

// mostMark is how long a mark may be: Asterisk takes some 1,000 bytes a line.
const mostMark = 900

// mark is a memory as it is written on a channel; "" for none, and for one that
// has no room.
func (k *memory) mark() string {
	if k == nil {
		return ""
	}
	v := url.Values{}
	for key, value := range map[string]string{
		"spied": k.spied, "spyee": k.spyee, "customer": k.customer, "target": k.target, "campaign": k.campaign,
		"who": k.who, "by": k.by, "type": string(k.kind), "since": inMicros(k.since), "told": inMicros(k.told),
		"exact": truth(k.exact), "bridged": truth(k.bridged),
	} {
		if value != "" {
			v.Set(key, value)
		}
	}
	if text := v.Encode(); len(text) <= mostMark {
		return text
	}
	v.Del("campaign")
	if text := v.Encode(); len(text) <= mostMark {
		return text
	}
	return ""
}

// readMark reads a mark; nil for what is none. The dialplan could have written it:
// it is only believed as far as the channels it names are there.
func readMark(text string) *memory {
	v, err := url.ParseQuery(text)
	if err != nil || v.Get("spied") == "" && v.Get("target") == "" {
		return nil
	}
	k := &memory{
		spied: v.Get("spied"), spyee: v.Get("spyee"), customer: v.Get("customer"), target: v.Get("target"),
		who: v.Get("who"), by: v.Get("by"), campaign: v.Get("campaign"), exact: v.Get("exact") != "", bridged: v.Get("bridged") != "",
	}
	k.kind = coaching.TypeUnknown
	if kind, ok := byVariable(v.Get("type")); ok {
		k.kind = kind
	}
	var since, told bool
	k.since, since = stamp(v.Get("since"))
	k.told, told = stamp(v.Get("told"))
	if !since || !told {
		return nil
	}
	return k
}

// inMicros writes a moment as stamp reads it.
func inMicros(at time.Time) string {
	micros := strconv.FormatInt(at.UnixMicro(), 10)
	if len(micros) < 7 {
		return ""
	}
	split := len(micros) - 6
	return micros[:split] + "." + micros[split:]
}

func truth(is bool) string {
	if is {
		return "1"
	}
	return ""
}

// remembered is the newest that is remembered of a leg; nil for nothing.
func (m *model) remembered(ch *channel, before *model) *memory {
	marked := readMark(ch.mark)
	if before == nil || before.legs[ch.id] == nil {
		return marked
	}
	known := before.memory(before.legs[ch.id])
	if known == nil || marked != nil && marked.told.After(known.told) {
		return marked
	}
	return known
}

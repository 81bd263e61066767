package asterisk

import "github.com/coachmanager/coachmanager/internal/dialer/ami"

// ignored are the events that the model would make nothing of: almost half of a
// flood. Those of other channel variables come with every line of a dialplan.
func (v Variables) ignored() ami.Ignored {
	return ami.Ignored{
		"VarSet":    func(e ami.Draft) bool { return v.configured(string(e.Get("Variable"))) == "" },
		"Status":    func(e ami.Draft) bool { return e.Get("ActionID") == nil }, // of a list, split by an empty line in a value
		"TestEvent": nil, "RTCPSent": nil, "RTCPReceived": nil, "LocalBridge": nil, "BridgeCreate": nil, "BridgeDestroy": nil,
	}
}

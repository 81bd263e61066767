package asterisktest

import _ "embed"

// The manager users of ContactCentre. The coach user has the least rights that
// Coach Manager needs; the test user may do everything, such as making calls.
const (
	CoachUser   = "coach"
	CoachSecret = "coach-secret"
	TestUser    = "test"
	TestSecret  = "test-secret"
)

var (
	//go:embed contactcentre/manager.conf
	managerConf string
	//go:embed contactcentre/extensions.conf
	extensionsConf string
)

// ContactCentre is a contact centre without SIP: its phones are Local channels
// that answer at once and send a tone (a mute call would keep a ChanSpy from
// ending). The map is the caller's own, to change or add to.
//
// Agents and supervisors are Local/NAME@phone with names such as a1 and s1;
// customers are Local/NUMBER@customer. By a manager connection of TestUser, a
// customer calls agent a1, and supervisor s1 coaches the agent:
//
//	Action: Originate              Action: Originate
//	Channel: Local/5551234@customer/n    Channel: Local/s1@phone/n
//	Context: inbound               Context: coach
//	Exten: a1                      Exten: a1
//	Priority: 1                    Priority: 1
//	Async: true                    Async: true
//
// The contexts monitor, coach, barge are the three ways to listen; outbound has
// the agent call the customer: Channel: Local/a1@phone/n, Exten: 5551234. The
// agent's channel carries CAMPAIGN, LIST and DIRECTION, and RESULT_CODE once a test
// sets it.
func ContactCentre() map[string]string {
	return map[string]string{
		"manager.conf":    managerConf,
		"extensions.conf": extensionsConf,
	}
}

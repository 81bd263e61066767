package coachingtest

import (
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// DialerUnderTest is a dialer whose other side a test plays: what its people do
// and what befalls it. Nothing happens there but what the suite asks for. The
// controls fail the test where they cannot be done; those that a dialer has not
// are nil, and what needs them is left out.
type DialerUnderTest struct {
	Dialer coaching.Dialer

	Supervisor         string // an extension; nobody listens when the suite begins
	Agent, SecondAgent string // extensions

	Attach         func(supervisor, agent string, t coaching.Type) (leg string)
	Leave          func(leg string) // the supervisor hangs up
	LoseConnection func()           // the next Watch gets through
	Restart        func()           // so too; everybody is gone

	SetType       func(leg string, t coaching.Type) // nil: types never change
	Move          func(leg, agent string)           // nil: legs never move on
	RefuseHangUps func()                            // from now on; nil: this dialer never refuses
	IgnoreHangUps func()                            // takes them from now on and never answers; nil: not to be tested
}

// DialerSuite is the contract of coaching.Dialer. Every subtest gets a dialer of
// its own. That nothing is left running is checked best by goleak in the
// package's TestMain; the suite counts goroutines, and so does not run its tests
// at the same time.
func DialerSuite(t *testing.T, newDialer func(t *testing.T) DialerUnderTest) {
	with := func(test func(*testing.T, DialerUnderTest)) func(*testing.T) {
		return func(t *testing.T) { test(t, newDialer(t)) }
	}
	t.Run("watch", func(t *testing.T) { watchSuite(t, newDialer(t), with) })
	t.Run("hang up", func(t *testing.T) { hangUpSuite(t, newDialer(t), with) })
}

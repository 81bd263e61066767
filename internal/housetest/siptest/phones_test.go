package siptest_test

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
	"github.com/coachmanager/coachmanager/internal/housetest"
	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
	"github.com/coachmanager/coachmanager/internal/housetest/siptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An Asterisk hears the keys that a phone was told to press, each once, and its hum.
func TestPhonesDoWhatTheyAreTold(t *testing.T) {
	t.Parallel()
	conf := asterisktest.ContactCentre()
	siptest.AddPhones(t, conf, "one", "two")
	conf["extensions.conf"] += `
[tell]
exten => keys,1,SendText(7)
 same => n,Read(first,,1)
 same => n,SendText(*)
 same => n,Read(second,,1,,,10)
 same => n,Read(rest,,1,,,1)
 same => n,Set(GLOBAL(PRESSED)=${first} ${second} ${rest}.)
exten => hum,1,WaitForNoise(300,1,1)
 same => n,Set(before=${WAITSTATUS})
 same => n,SendText(` + siptest.Hum + `)
 same => n,WaitForNoise(300,1,50)
 same => n,Set(GLOBAL(HEARD)=${before} ${WAITSTATUS})
`
	a := asterisktest.Start(t, conf)
	hands, err := ami.Dial(t.Context(), ami.Config{Address: a.AMI, Username: asterisktest.TestUser, Secret: asterisktest.TestSecret})
	if err != nil {
		t.Fatal(err)
	}
	defer hands.Close()
	for phone, exten := range map[string]string{"one": "keys", "two": "hum"} {
		call := ami.NewAction("Originate").With("Channel", "PJSIP/"+phone).With("Context", "tell").With("Exten", exten).With("Priority", "1").With("Async", "true")
		if _, err := hands.Do(t.Context(), call); err != nil {
			t.Fatal(err)
		}
	}
	for _, told := range []string{"PRESSED=7 * .", "HEARD=TIMEOUT NOISE"} {
		housetest.WaitFor(t, told, func() bool { return strings.Contains(a.CLI("dialplan show globals"), told) })
	}
}

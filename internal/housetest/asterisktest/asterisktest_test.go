package asterisktest_test

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/coachmanager/coachmanager/internal/housetest/asterisktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContactCentre(t *testing.T) {
	t.Parallel()
	a := asterisktest.Start(t, asterisktest.ContactCentre())
	for kind, options := range map[string]string{"monitor": "quE", "coach": "quwE", "barge": "quBE"} {
		t.Run(kind, func(t *testing.T) {
			// Not parallel: each counts the channels.
			floor := login(t, a.AMI, asterisktest.TestUser, asterisktest.TestSecret)
			floor.ask("Originate", "Channel: Local/5551234@customer/n", "Context: inbound", "Exten: a1", "Priority: 1", "Async: true")
			floor.event("BridgeEnter")
			floor.event("BridgeEnter")

			coach := login(t, a.AMI, asterisktest.CoachUser, asterisktest.CoachSecret)
			floor.ask("Originate", "Channel: Local/s1@phone/n", "Context: "+kind, "Exten: a1", "Priority: 1", "Async: true")
			dialplan := coach.until("the ChanSpy in the dialplan", func(got message) bool { return got["Application"] == "ChanSpy" })
			started := coach.event("ChanSpyStart")
			got := map[string]string{
				"ChanSpy":  dialplan["AppData"],
				"spyer":    device(started["SpyerChannel"]),
				"spyee":    device(started["SpyeeChannel"]),
				"number":   started["SpyeeConnectedLineNum"],
				"campaign": started["SpyeeChanVariable"],
			}
			want := map[string]string{
				"ChanSpy":  started["SpyeeChannel"] + "," + options,
				"spyer":    "Local/s1@phone",
				"spyee":    "Local/a1@phone",
				"number":   "5551234",
				"campaign": "CAMPAIGN=Spring Sale\nLIST=L-42\nRESULT_CODE=\nDIRECTION=inbound",
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}

			if got := coach.ask("Hangup", "Channel: "+started["SpyerUniqueid"]); got["Response"] != "Success" {
				t.Errorf("hang up the supervisor: %v", got)
			}
			coach.event("ChanSpyStop")
			// The call of customer and agent, each a Local of two channels.
			if got := a.CLI("core show channels count"); !strings.Contains(got, "4 active channels") {
				t.Errorf("the customer's call was harmed: %s", got)
			}
			floor.ask("Hangup", "Channel: "+started["SpyeeUniqueid"])
			floor.until("the customer's end", func(got message) bool {
				return got["Event"] == "Hangup" && strings.HasPrefix(got["Channel"], "Local/5551234@customer") && strings.HasSuffix(got["Channel"], ";2")
			})
		})
	}
	t.Run("outbound", func(t *testing.T) {
		floor := login(t, a.AMI, asterisktest.TestUser, asterisktest.TestSecret)
		floor.ask("Originate", "Channel: Local/a2@phone/n", "Context: outbound", "Exten: 5559876", "Priority: 1", "Async: true")
		entered := floor.until("the agent in a bridge", func(got message) bool {
			return got["Event"] == "BridgeEnter" && device(got["Channel"]) == "Local/a2@phone"
		})
		if got, want := entered["ChanVariable"], "CAMPAIGN=Winter Sale\nLIST=L-7\nRESULT_CODE=\nDIRECTION=outbound"; got != want {
			t.Errorf("variables: got %q, want %q", got, want)
		}
	})
	t.Run("the coach user makes no calls", func(t *testing.T) {
		coach := login(t, a.AMI, asterisktest.CoachUser, asterisktest.CoachSecret)
		if got := coach.ask("Originate", "Channel: Local/1@customer/n", "Context: inbound", "Exten: a1", "Priority: 1"); got["Message"] != "Permission denied" {
			t.Errorf("got %v, want permission denied", got)
		}
	})
}

func TestStopKillAndStart(t *testing.T) {
	t.Parallel()
	a := asterisktest.Start(t, asterisktest.ContactCentre())
	addr := a.AMI

	before := login(t, addr, asterisktest.TestUser, asterisktest.TestSecret)
	a.Stop()
	if got := before.event("Shutdown"); got["Shutdown"] != "Cleanly" {
		t.Errorf("stop: got %v, want a clean shutdown", got)
	}
	refused(t, addr)
	a.Stop() // is fine

	a.Start()
	if a.AMI != addr {
		t.Errorf("address after a restart: got %s, want %s", a.AMI, addr)
	}
	login(t, addr, asterisktest.CoachUser, asterisktest.CoachSecret)
	a.Kill()
	refused(t, addr)

	a.Start()
	login(t, addr, asterisktest.CoachUser, asterisktest.CoachSecret)
}

func TestClockIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	a := asterisktest.StartClocked(t, asterisktest.ContactCentre())
	floor := login(t, a.AMI, asterisktest.TestUser, asterisktest.TestSecret)
	for _, ahead := range []time.Duration{0, time.Hour, -time.Hour, -5 * time.Minute, 0} {
		a.SetClock(ahead)
		seconds, err := strconv.ParseFloat(floor.ask("Ping")["Timestamp"], 64)
		if err != nil {
			t.Fatal(err)
		}
		if off := time.Until(time.UnixMicro(int64(seconds*1e6))) - ahead; off.Abs() > 10*time.Second {
			t.Errorf("%v ahead: it is off by %v", ahead, off)
		}
	}
}

func refused(t *testing.T, addr string) {
	t.Helper()
	if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr); err == nil {
		t.Errorf("%s still answers", addr)
		_ = conn.Close()
	}
}

// device is a channel's name less what makes it this one channel.
func device(channel string) string {
	if i := strings.LastIndexByte(channel, '-'); i >= 0 {
		return channel[:i]
	}
	return channel
}

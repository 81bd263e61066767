package sheet_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
	"github.com/coachmanager/coachmanager/internal/sheet"
)

func TestListening(t *testing.T) {
	t.Parallel()
	const columns = "started_at,started_at_exact,ended_at,ended_at_exact,length_seconds,types,supervisor,dialer,end_reason\n"
	ended := coachingtest.Ended(coachingtest.Listening(coachingtest.ID(1), coaching.TypeMonitor, coachingtest.At(0)), coachingtest.At(90))
	ended.Timeline = append(ended.Timeline, coaching.TypeSince{Type: coaching.TypeCoach, Since: coachingtest.At(30)})
	ended.User.Name, ended.EndedAtExact = "=Eva", false
	ended.Calls = []coaching.HeardCall{{Call: coaching.Call{CallID: "c1", PhoneNumber: "+49307770199"}}}
	live := coachingtest.Listening(coachingtest.ID(2), coaching.TypeBarge, coachingtest.At(100).Add(time.Millisecond))
	for name, c := range map[string]struct {
		sessions []*coaching.Session
		want     string
	}{
		"nobody": {nil, columns},
		"somebody": {
			[]*coaching.Session{live, ended},
			columns + "2026-03-02T09:01:40Z,true,,,,barge,Supervisor 1,pbx1,\n" +
				"2026-03-02T09:00:00Z,true,2026-03-02T09:01:30Z,false,90,monitor coach,'=Eva,pbx1,supervisor_left\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			file := sheet.NewListening(&out)
			for _, s := range c.sessions {
				if err := file.Write(s); err != nil {
					t.Fatal(err)
				}
			}
			if err := file.Close(); err != nil || out.String() != c.want {
				t.Errorf("got %v and\n%swant\n%s", err, &out, c.want)
			}
		})
	}
}

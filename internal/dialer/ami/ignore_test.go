package ami_test

import (
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/coachmanager/coachmanager/internal/dialer/ami"
)

// What nobody wants is left out and not counted, but where it is spelled as the
// manager does not; an item of a list never is, nor an answer, nor what another
// event's value forges. An event that does not lie whole in the buffer comes.
func TestIgnoredEvents(t *testing.T) {
	t.Parallel()
	const first = "Event: Newstate\r\nPrivilege: call,all\r\n\r\n" // with it the buffer is filled
	const wire = first +
		"Event: VarSet\r\nPrivilege: dialplan,all\r\nVariable: A\r\n\r\n" +
		"Event: TestEvent\r\nPrivilege: reporting,all\r\n\r\n" +
		"Event: VarSet\r\nPrivilege: dialplan,all\r\nVariable: B\r\n\r\n" +
		"event: VarSet\r\nPRIVILEGE: dialplan,all\r\nvariable: A\r\n\r\n" +
		"Event: VarSet\r\nActionID: x-l1\r\nVariable: A\r\n\r\n" +
		"Response: Success\r\nPrivilege: none\r\nVariable: A\r\n\r\n" +
		"Event: Newexten\r\nPrivilege: dialplan,all\r\nAppData: x\r\nEvent: VarSet\r\nVariable: A\r\n\r\n" +
		"Event: TestEvent\r\nPrivilege: a line feed ends it\n\nEvent: Hangup\r\nPrivilege: call,all\r\n\r\n" +
		"Event: VarSet\r\nPrivilege: dialplan,all\r\nVariable: A\r\n\r\n" +
		"Event: VarSet\r\nPrivilege: dialplan,all\r\n\r\n"
	few := []string{
		"Event Newstate Privilege", "Event VarSet Privilege", "event VarSet PRIVILEGE", "Event VarSet ActionID", "Response Success Privilege",
		"Event Newexten Privilege", "Event TestEvent Privilege", "Event Hangup Privilege", "Event VarSet Privilege",
	}
	read := func(r *ami.Reader) (got []string) {
		r.Ignore(ami.Ignored{"VarSet": func(d ami.Draft) bool { return string(d.Get("Variable")) == "A" }, "TestEvent": nil})
		for m, err := r.Read(); err == nil; m, err = r.Read() {
			got = append(got, m.Headers[0].Key+" "+m.Headers[0].Value+" "+m.Headers[1].Key)
			if m.Seq != uint64(len(got)) {
				t.Errorf("message %d has the number %d", len(got), m.Seq)
			}
		}
		return got
	}
	if diff := cmp.Diff(read(ami.NewReader(strings.NewReader(wire))), few); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if got, all := read(ami.NewReader(iotest.OneByteReader(strings.NewReader(wire)))), strings.Count(wire, "\r\n\r\n")+1; len(got) != all {
		t.Errorf("byte by byte %d come, want all %d", len(got), all)
	}
}

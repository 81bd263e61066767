package simulator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
)

func TestScriptedCall(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{AliveEvery: time.Hour}, func(s *scene) {
		s.watch()
		s.took()
		id, err := s.sim.StartCall("2001", "+441632960123")
		s.must(err)
		for _, state := range []coaching.CallState{coaching.CallTalking, coaching.CallOnHold, coaching.CallTalking, coaching.CallWrapUp} {
			s.sim.Advance(time.Second)
			s.must(s.sim.SetCall("2001", state))
		}
		s.must(s.sim.SetResultCode("2001", coaching.Named{Key: "SALE"}))
		s.must(s.sim.EndCall("2001"))
		s.sim.Advance(time.Second)
		s.must(s.sim.SetResultCode("2001", coaching.Named{Key: "CALLBACK"}))
		var states []coaching.CallState
		var codes []string
		var statuses []coaching.Status
		var last time.Time
		for _, told := range s.took() {
			switch r := told.(type) {
			case coaching.CallSeen:
				if r.CallID != id || !r.At.After(last) {
					t.Errorf("%+v after %v", r, last)
				}
				last = r.At
				states, codes = append(states, r.State), append(codes, r.ResultCode.Key)
			case coaching.UserSeen:
				statuses = append(statuses, r.Status)
			}
		}
		if !slices.Equal(states, []coaching.CallState{
			"ringing", "talking", "on_hold", "talking", "wrap_up", "wrap_up", "ended", "ended",
		}) || !slices.Equal(codes, []string{"", "", "", "", "", "SALE", "SALE", "CALLBACK"}) {
			t.Errorf("the call went %v with the codes %v", states, codes)
		}
		if !slices.Equal(statuses, []coaching.Status{"ringing", "on_call", "on_hold", "on_call", "wrap_up", "available"}) {
			t.Errorf("the agent was %v", statuses)
		}
	})
}

func TestTakingACallOverPutsTheAgentOut(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		_, err := s.sim.StartCall("2001", "+441632960123")
		s.must(err)
		s.must(s.sim.SetCall("2001", coaching.CallTalking))
		leg := s.attach(coaching.TypeBarge)
		s.must(s.sim.SetType(leg, coaching.TypeBargeKick))
		truth := s.sim.Truth()
		if call := truth.Calls[0]; call.State != coaching.CallWrapUp || call.EndedAt == nil {
			t.Errorf("the agent's call is %+v", call)
		}
		if now := truth.Live[0]; now.Types[len(now.Types)-1].Type != coaching.TypeBargeKick {
			t.Errorf("the session is %+v", now)
		}
	})
}

func TestALegGoesFromTargetToTarget(t *testing.T) {
	t.Parallel()
	inScene(t, simulator.Config{}, func(s *scene) {
		s.watch()
		leg := s.attach(coaching.TypeCoach)
		s.must(s.sim.Move(leg, "2002"))
		s.must(s.sim.Detach(leg, coaching.EndCallEnded))
		s.must(s.sim.Move(leg, "2001"))
		s.must(s.sim.End(leg, coaching.EndTransferred))
		var got []coaching.EndReason
		for _, a := range s.sim.Truth().Ended {
			got = append(got, a.Reason)
		}
		if !slices.Equal(got, []coaching.EndReason{coaching.EndMovedOn, coaching.EndCallEnded, coaching.EndTransferred}) {
			t.Errorf("its sessions ended because of %v", got)
		}
		var last time.Time
		for _, told := range s.legs() { // all in one moment of the clock
			at := time.Time{}
			switch r := told.(type) {
			case coaching.Attached:
				at = r.At
			case coaching.Detached:
				at = r.At
			}
			if !at.After(last) {
				t.Errorf("%#v is not after %v", told, last)
			}
			last = at
		}
	})
}

func TestScriptsNameWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := simulator.New(simulator.Config{Quiet: true, Manual: true})
	leg, err := s.Attach("9001", "2001", coaching.TypeMonitor)
	must(t, err)
	must(t, s.Detach(leg, coaching.EndMovedOn))
	_, noSupervisor := s.Attach("2001", "2002", coaching.TypeMonitor)
	_, noAgent := s.StartCall("9001", "+12065550142")
	for name, err := range map[string]error{
		"attach by an agent": noSupervisor, "call of a supervisor": noAgent,
		"type of a waiting leg": s.SetType(leg, coaching.TypeBarge), "move to nobody": s.Move(leg, "1"),
		"leave of no leg": s.Leave("x"), "call of nobody": s.EndCall("1"), "end of no call": s.EndCall("2001"),
		"code of no call": s.SetResultCode("2001", coaching.Named{Key: "SALE"}), "status of nobody": s.SetStatus("1", coaching.StatusPaused, ""),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

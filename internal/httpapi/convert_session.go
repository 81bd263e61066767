package httpapi

import (
	"time"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// quotedTag is a session's tag as it stands in headers and in etag.
func quotedTag(s *coaching.Session) string { return `"` + s.Tag() + `"` }

func (v sight) sessionOf(s *coaching.SessionView) api.Session {
	shown := api.Session{
		ID: s.ID, Etag: quotedTag(s.Session), State: string(s.State),
		Type: string(s.Type()), TypeSince: s.TypeSince().UTC(), Types: []api.TypeChange{},
		StartedAt: s.StartedAt.UTC(), StartedAtExact: s.StartedAtExact,
		User: v.shown(s.Supervisor, s), TargetCampaign: campaignOf(s.TargetCampaignID, s.Catalogue),
		CurrentCalls: v.currentCallsOf(s), Calls: []api.HeardCall{},
		Dialer: s.Dialer, Stale: s.Stale, LastConfirmedAt: utc(s.LastConfirmedAt),
		DisconnectRequests: []api.DisconnectRequest{},
	}
	shown.User.Name = s.User.Name
	if s.TargetUser != nil {
		target := v.shown(*s.TargetUser, s)
		target.Name = s.Target.Name
		shown.TargetUser = &target
	}
	shown.EndedAt, shown.EndedAtExact, shown.LengthSeconds, shown.EndReason, shown.EndedBy = endOf(s.Session)
	for _, t := range s.Timeline {
		shown.Types = append(shown.Types, api.TypeChange{Type: string(t.Type), Since: t.Since.UTC()})
	}
	for _, c := range s.Calls {
		shown.Calls = append(shown.Calls, v.heardCallOf(s, c))
	}
	for _, r := range s.Requests {
		shown.DisconnectRequests = append(shown.DisconnectRequests, v.disconnectRequestOf(r))
	}
	return shown
}

func (v sight) liveSessionOf(s *coaching.SessionView) api.LiveSession {
	shown := api.LiveSession{
		ID: s.ID, Etag: quotedTag(s.Session), State: string(s.State),
		Type: string(s.Type()), TypeSince: s.TypeSince().UTC(),
		StartedAt: s.StartedAt.UTC(), StartedAtExact: s.StartedAtExact,
		TargetCampaign: campaignOf(s.TargetCampaignID, s.Catalogue), CurrentCalls: v.currentCallsOf(s),
		Dialer: s.Dialer, Stale: s.Stale, LastConfirmedAt: utc(s.LastConfirmedAt),
	}
	if s.TargetUser != nil {
		target := v.shown(*s.TargetUser, s)
		shown.TargetUser = &target
	}
	return shown
}

func historyEntryOf(s *coaching.Session, names *coaching.Catalogue) api.HistoryEntry {
	entry := api.HistoryEntry{
		ID: s.ID, State: string(s.State), Type: string(s.Type()), Types: []api.SessionType{},
		StartedAt: s.StartedAt.UTC(), StartedAtExact: s.StartedAtExact,
		User: userNameOf(s.User), TargetCampaign: campaignOf(s.TargetCampaignID, names), Dialer: s.Dialer,
	}
	if s.Target != nil {
		target := userNameOf(*s.Target)
		entry.TargetUser = &target
	}
	entry.EndedAt, entry.EndedAtExact, entry.LengthSeconds, entry.EndReason, entry.EndedBy = endOf(s)
	for _, t := range s.HadTypes() {
		entry.Types = append(entry.Types, string(t))
	}
	return entry
}

// endOf is all that is null while a session is live.
func endOf(s *coaching.Session) (at *time.Time, exact *bool, length *int, reason *api.EndReason, by *api.Actor) {
	if s.Live() {
		return nil, nil, nil, nil, nil
	}
	seconds, why := wholeSeconds(s.Length()), string(s.EndReason)
	if s.EndedBy != nil {
		actor := actorOf(*s.EndedBy)
		by = &actor
	}
	return utc(s.EndedAt), &s.EndedAtExact, &seconds, &why, by
}

func (v sight) disconnectRequestOf(r coaching.DisconnectRequest) api.DisconnectRequest {
	return api.DisconnectRequest{
		ID: r.ID, AskedAt: r.AskedAt.UTC(), AskedBy: actorOf(r.AskedBy), Reason: v.reasonOf(r),
		Forced: r.Forced, Joined: r.Joined, Outcome: string(r.Outcome), FinishedAt: utc(r.FinishedAt),
	}
}

func (v sight) currentCallsOf(s *coaching.SessionView) []api.Call {
	calls := []api.Call{}
	if !s.Live() {
		return calls
	}
	for _, c := range s.CurrentCalls() {
		calls = append(calls, v.callOf(s, c.Call))
	}
	return calls
}

func (v sight) callOf(s *coaching.SessionView, c coaching.Call) api.Call {
	call := api.Call{
		CallID: c.CallID, PhoneNumber: v.phoneNumberOf(c), Direction: string(c.Direction), State: string(c.State),
		StartedAt: c.StartedAt.UTC(), AnsweredAt: utc(c.AnsweredAt),
		Campaign: campaignOf(c.CampaignID, s.Catalogue),
	}
	if list := campaignOf(c.ListID, s.Catalogue); list != nil {
		call.List = &api.List{ID: list.ID, Name: list.Name}
	}
	if c.ResultCode != "" {
		call.ResultCode = &api.ResultCode{Code: c.ResultCode, Description: s.Catalogue.ResultCode(s.Dialer, c.ResultCode)}
	}
	return call
}

func (v sight) heardCallOf(s *coaching.SessionView, c coaching.HeardCall) api.HeardCall {
	call := v.callOf(s, c.Call)
	return api.HeardCall{
		CallID: call.CallID, PhoneNumber: call.PhoneNumber, Direction: call.Direction, State: call.State,
		StartedAt: call.StartedAt, AnsweredAt: call.AnsweredAt, EndedAt: utc(c.EndedAt),
		Campaign: call.Campaign, List: call.List, ResultCode: call.ResultCode,
		HeardFrom: c.HeardFrom.UTC(), HeardUntil: utc(c.HeardUntil),
	}
}

// currentCallOf is a call of the target of a session, with its length at now.
func (v sight) currentCallOf(s *coaching.SessionView, c coaching.HeardCall, now time.Time) api.CurrentCall {
	call := v.callOf(s, c.Call)
	return api.CurrentCall{
		CallID: call.CallID, PhoneNumber: call.PhoneNumber, Direction: call.Direction, State: call.State,
		StartedAt: call.StartedAt, AnsweredAt: call.AnsweredAt, LengthSeconds: wholeSeconds(c.Length(now)),
		Campaign: call.Campaign, List: call.List, ResultCode: call.ResultCode,
		Agent: userNameOf(s.TargetUser.Named()), Dialer: s.Dialer, Stale: s.Stale,
	}
}

func wholeSeconds(d time.Duration) int { return int(d / time.Second) }

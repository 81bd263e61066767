package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// seen is a session as the API shows it wherever it does, without ids and times.
type seen struct {
	State, Type string
	Types       []string // one after another
	User        string   // name and status
	Target      string   // name and status
	Campaign    string
	Inferred    []string // of start and end what was not observed
	Current     []string // calls
	Calls       []string // that were heard
	Stale       bool
	End         string   // why
	By          string   // whose wish that was
	Asked       []string // what requests to end it came to
	Wrong       []string // where two answers contradict each other, and times that cannot be
}

type (
	wholeSession struct {
		ID              string         `json:"id"`
		ETag            string         `json:"etag"`
		State           string         `json:"state"`
		Type            string         `json:"type"`
		TypeSince       time.Time      `json:"type_since"`
		Types           []typeSince    `json:"types"`
		StartedAt       time.Time      `json:"started_at"`
		StartedAtExact  bool           `json:"started_at_exact"`
		EndedAt         *time.Time     `json:"ended_at"`
		EndedAtExact    *bool          `json:"ended_at_exact"`
		LengthSeconds   *int           `json:"length_seconds"`
		User            *userStatus    `json:"user"`
		TargetUser      *userStatus    `json:"target_user"`
		TargetCampaign  *idName        `json:"target_campaign"`
		CurrentCalls    []callSeen     `json:"current_calls"`
		Calls           []callSeen     `json:"calls"`
		Stale           bool           `json:"stale"`
		LastConfirmedAt *time.Time     `json:"last_confirmed_at"`
		EndReason       string         `json:"end_reason"`
		EndedBy         *idName        `json:"ended_by"`
		Requests        []shownRequest `json:"disconnect_requests"`
	}
	typeSince struct {
		Type  string    `json:"type"`
		Since time.Time `json:"since"`
	}
	userStatus struct {
		userName
		Status string `json:"status"`
	}
	callSeen struct {
		callHere
		ResultCode *struct {
			Code string `json:"code"`
		} `json:"result_code"`
		StartedAt  time.Time  `json:"started_at"`
		AnsweredAt *time.Time `json:"answered_at"`
		HeardFrom  *time.Time `json:"heard_from"`
		HeardUntil *time.Time `json:"heard_until"`
	}
)

func (u *userStatus) String() string {
	if u == nil {
		return "nobody"
	}
	return u.Name + ", " + u.Status
}

func (n *idName) String() string {
	if n == nil {
		return "-"
	}
	return n.Name
}

// String has the calls that a session heard end with whether it still does.
func (c callSeen) String() string {
	words := []string{c.PhoneNumber, c.Direction, c.State, c.Campaign.String(), c.List.String(), "-"}
	if c.ResultCode != nil {
		words[5] = c.ResultCode.Code
	}
	if c.HeardUntil != nil {
		words = append(words, "heard")
	}
	return strings.Join(words, ", ")
}

func eachString[T fmt.Stringer](all []T) (texts []string) {
	for _, one := range all {
		texts = append(texts, one.String())
	}
	return texts
}

func (s wholeSession) seen() seen {
	shown := seen{
		State: s.State, Type: s.Type, User: s.User.String(), Target: s.TargetUser.String(), Campaign: s.TargetCampaign.String(),
		Current: eachString(s.CurrentCalls), Calls: eachString(s.Calls), Stale: s.Stale, End: s.EndReason,
	}
	for _, kind := range s.Types {
		shown.Types = append(shown.Types, kind.Type)
	}
	if !s.StartedAtExact {
		shown.Inferred = append(shown.Inferred, "start")
	}
	if s.EndedAtExact != nil && !*s.EndedAtExact {
		shown.Inferred = append(shown.Inferred, "end")
	}
	if s.EndedBy != nil {
		shown.By = s.EndedBy.Name
	}
	for _, r := range s.Requests {
		shown.Asked = append(shown.Asked, r.Outcome)
	}
	return shown
}

// impossible are the times of a session that cannot be, by a clock that was set forward
// or, if negative, back: a call may have begun by the one before then.
func (s wholeSession) impossible(set time.Duration) (wrong []string) {
	want := func(what string, is bool) {
		if !is {
			wrong = append(wrong, what)
		}
	}
	order := []time.Time{s.StartedAt}
	for _, kind := range s.Types {
		order = append(order, kind.Since)
	}
	want("the last type is since type_since", s.TypeSince.Equal(order[len(order)-1]))
	want("an ended session has an end and a length", (s.State == "ended") == (s.EndedAt != nil && s.LengthSeconds != nil && s.EndedAtExact != nil))
	if s.EndedAt != nil {
		order = append(order, *s.EndedAt)
		want("the length is from start to end", s.LengthSeconds != nil && *s.LengthSeconds == int(s.EndedAt.Sub(s.StartedAt)/time.Second))
	}
	order = append(order, time.Now().Add(max(set, 0)+time.Second)) // Asterisk tells microseconds
	want("start, types, end and now come in this order", slices.IsSortedFunc(order, time.Time.Compare))
	want("what is stale was confirmed last at some moment", s.Stale == (s.LastConfirmedAt != nil))
	for _, c := range s.Calls {
		want("a call is heard between the session's start and its end", c.HeardFrom != nil && !c.HeardFrom.Before(s.StartedAt) &&
			(c.HeardUntil == nil || !c.HeardUntil.Before(*c.HeardFrom) && (s.EndedAt == nil || !c.HeardUntil.Add(min(set, 0)).After(*s.EndedAt))))
		want("a call has an id and begins before it is answered", c.CallID != "" && (c.AnsweredAt == nil || !c.AnsweredAt.Before(c.StartedAt)))
	}
	return wrong
}

// object is JSON as it came.
type object = map[string]any

// see looks at a session in every answer that has it.
func (p *program) see(id string) (seen, wholeSession) {
	p.t.Helper()
	raw := get[json.RawMessage](p, "/coaching-sessions/"+id)
	var s wholeSession
	var whole object
	if err := json.Unmarshal(raw, &s); err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &whole); err != nil {
		p.t.Fatal(err)
	}
	shown := s.seen()
	shown.Wrong = append(s.impossible(p.set), p.contradictions(s, whole)...)
	return shown, s
}

// contradictions are where other answers tell of a session otherwise than its own
// does: the live list, the selected user, that user's current calls and the history.
func (p *program) contradictions(s wholeSession, whole object) (wrong []string) {
	user := get[object](p, "/coaching-users/"+s.User.ID)
	live := byID(user["sessions"], s.ID)
	listed := byID(get[object](p, "/coaching-users")["items"], s.User.ID)
	if listed != nil {
		wrong = append(wrong, unlike("the live list's user", listed, user)...)
	}
	row := byID(get[object](p, "/coaching-sessions?limit=200")["items"], s.ID)
	wrong = append(wrong, unlike("the row", row, asRow(whole))...)
	history := byID(get[object](p, "/coaching-users/"+s.User.ID+"/history")["items"], s.ID)
	if s.State == "ended" {
		wrong = append(wrong, unlike("the history's row", history, row)...)
		if live != nil || history == nil || row == nil {
			wrong = append(wrong, "an ended session is in the history and in no live list")
		}
		return wrong
	}
	if live == nil || listed == nil || row == nil || history != nil {
		return append(wrong, "a live session is in the live list and in no history")
	}
	wrong = append(wrong, unlike("the live session", live, whole)...)
	return append(wrong, p.contradictingCalls(s, live)...)
}

// contradictingCalls looks at the current calls of a user, who may listen to others,
// too.
func (p *program) contradictingCalls(s wholeSession, live object) (wrong []string) {
	items, _ := get[object](p, "/coaching-users/"+s.User.ID+"/current-calls")["items"].([]any)
	calls, _ := live["current_calls"].([]any)
	for _, call := range calls {
		i := slices.IndexFunc(items, func(item any) bool { return item.(object)["call_id"] == call.(object)["call_id"] })
		if i < 0 {
			wrong = append(wrong, "a current call of the session is none of the user")
			continue
		}
		item := items[i].(object)
		wrong = append(wrong, unlike("the current call", call.(object), item)...)
		agent, _ := item["agent"].(object)
		if length, is := item["length_seconds"].(float64); !is || length < 0 || item["stale"] != s.Stale || agent["id"] != s.TargetUser.ID {
			wrong = append(wrong, fmt.Sprintf("a current call is %v", item))
		}
	}
	return wrong
}

// byID is the object with an id in a list; nil if there is none.
func byID(list any, id string) object {
	items, _ := list.([]any)
	for _, item := range items {
		if o, _ := item.(object); o["id"] == id {
			return o
		}
	}
	return nil
}

// asRow is a whole session with its types as a row has them: each once.
func asRow(whole object) object {
	row := object{}
	for key, value := range whole {
		row[key] = value
	}
	var types []any
	for _, kind := range whole["types"].([]any) {
		if name := kind.(object)["type"]; !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	row["types"] = types
	return row
}

// unlike are the fields of a part that the whole has not got, or has otherwise.
func unlike(what string, part, whole object) (wrong []string) {
	for key, value := range part {
		other, there := whole[key]
		inner, isObject := value.(object)
		outer, areObjects := other.(object)
		switch {
		case isObject && areObjects:
			wrong = append(wrong, unlike(what+"'s "+key, inner, outer)...)
		case !there || !reflect.DeepEqual(value, other):
			wrong = append(wrong, fmt.Sprintf("%s has %s %v, the whole has %v", what, key, value, other))
		}
	}
	return wrong
}

// disconnect asks for the end of a session and tells the answer: its status, its
// problem if it is one, and the session's state in it.
func (p *program) disconnect(id, etag, query string) string {
	p.t.Helper()
	header := http.Header{}
	if etag != "" {
		header.Set("If-Match", etag)
	}
	status, body := p.askWith(http.MethodDelete, "/api/v1/coaching-sessions/"+id+query, header)
	var answer struct {
		session
		Code    string   `json:"code"`
		Session *session `json:"session"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		p.t.Fatalf("DELETE: %d %s", status, body)
	}
	about := answer.session
	if answer.Session != nil {
		about = *answer.Session
	}
	if about.ID != "" && about.ID != id {
		p.t.Errorf("DELETE answers with another session: %s", body)
	}
	return strings.Join(strings.Fields(fmt.Sprintln(status, answer.Code, about.State)), " ")
}

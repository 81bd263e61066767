package client_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/api/client"
)

func TestAProblemIsAnAnswer(t *testing.T) {
	c := against(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"code": "would_drop_customer", "status": 409}`))
	})
	answer, err := c.DisconnectSessionWithResponse(t.Context(), uuid.New(), nil)
	if err != nil {
		t.Fatal(err)
	}
	problem := answer.ApplicationProblemJSONDefault
	if problem == nil || problem.Code != "would_drop_customer" || answer.StatusCode() != 409 || answer.JSON200 != nil {
		t.Errorf("got %+v, want the problem and nothing else", answer)
	}
}

func TestWhatIsLeftOutIsNotSent(t *testing.T) {
	var asked *http.Request
	c := against(t, func(w http.ResponseWriter, r *http.Request) { asked = r })

	if _, err := c.ListSessions(t.Context(), &client.ListSessionsParams{}); err != nil {
		t.Fatal(err)
	}
	if asked.URL.RequestURI() != "/api/v1/coaching-sessions" {
		t.Errorf("asked for %s, want no query", asked.URL.RequestURI())
	}

	if _, err := c.ListCoachingUsers(t.Context(), &client.ListCoachingUsersParams{
		Type: []client.SessionTypeFilter{client.SessionTypeFilterCoach, client.SessionTypeFilterBargeKick},
		Q:    new("O'Connor & Söhne"),
	}); err != nil {
		t.Fatal(err)
	}
	query := asked.URL.Query()
	if len(query["type"]) != 2 || query.Get("q") != "O'Connor & Söhne" {
		t.Errorf("asked for %s, want two types and the text", asked.URL.RequestURI())
	}
}

func TestATokenIsShown(t *testing.T) {
	var shown []string
	c := against(t, func(_ http.ResponseWriter, r *http.Request) { shown = r.Header.Values("Authorization") }, client.WithToken("cm_abc"))
	if _, err := c.GetMe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(shown) != 1 || shown[0] != "Bearer cm_abc" {
		t.Errorf("showed %q", shown)
	}
}

func against(t *testing.T, handler http.HandlerFunc, options ...client.ClientOption) *client.ClientWithResponses {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := client.NewClientWithResponses(server.URL+"/api/v1", options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

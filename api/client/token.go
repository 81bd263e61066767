package client

import (
	"context"
	"net/http"
)

// WithToken shows a token with every request:
//
//	c, err := client.NewClientWithResponses(url, client.WithToken(os.Getenv("COACH_TOKEN")))
func WithToken(token string) ClientOption {
	return WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	})
}

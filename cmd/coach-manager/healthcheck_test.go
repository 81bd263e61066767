package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHealthcheckOfTheServiceItself(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "serve", "--database", "sqlite:"+t.TempDir()+"/coach.db", "--dialer", "sim=simulator://")
	code, out, logs := runOnce(t, nil, "healthcheck", "--url", p.url+"/healthz")
	if code != 0 || out != "" || logs != "" {
		t.Errorf("got %d, %q and %q, want 0 and nothing said", code, out, logs)
	}
	p.stop()
	code, out, logs = runOnce(t, nil, "healthcheck", "--url", p.url+"/healthz")
	if code != 1 {
		t.Errorf("after the stop: got exit code %d", code)
	}
	oneLine(t, out, logs, p.url+"/healthz does not answer")
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/ill", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	})
	plain, secure := httptest.NewServer(mux), httptest.NewTLSServer(mux)
	mute, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(gone); plain.Close(); secure.Close(); _ = mute.Close() })

	cases := map[string]struct {
		url, timeout string
		code         int
		says         string
	}{
		"alive":                {plain.URL + "/ok", "1m", 0, ""},
		"alive behind TLS":     {secure.URL + "/ok", "1m", 0, ""},
		"not well":             {plain.URL + "/ill", "1m", 1, "answers 503 Service Unavailable"},
		"another place":        {plain.URL + "/elsewhere", "1m", 1, "answers 302 Found"},
		"too slow":             {plain.URL + "/slow", "50ms", 1, "does not answer within 50ms"},
		"mute":                 {"http://" + mute.Addr().String(), "50ms", 1, "does not answer within 50ms"},
		"no HTTP, mute TLS":    {"https://" + mute.Addr().String(), "50ms", 1, "does not answer"},
		"plain where TLS is":   {secure.URL[len("https"):], "1m", 2, "--url"},
		"TLS where plain is":   {"https" + plain.URL[len("http"):], "1m", 1, "does not answer"},
		"no such address":      {"http://127.0.0.1:1/healthz", "1m", 1, "connection refused"},
		"a name that has none": {"http://nowhere.invalid/healthz", "1m", 1, "does not answer"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			code, out, logs := runOnce(t, []string{"HTTP_PROXY=http://127.0.0.1:1"}, "healthcheck", "--url", c.url, "--timeout", c.timeout)
			if code != c.code {
				t.Errorf("got exit code %d, want %d: %s", code, c.code, logs)
			}
			if c.code == 0 {
				if out+logs != "" {
					t.Errorf("got %q and %q, want nothing said", out, logs)
				}
				return
			}
			oneLine(t, out, logs, c.says)
		})
	}
}

package httpapi_test

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/httpapi"
)

// served is the address of a world behind a real socket.
func (w *world) served() string {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	server := httpapi.NewServer(w.handler, slog.New(slog.DiscardHandler))
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(func() {
		w.must(server.Close())
		serving.Wait()
	})
	return listener.Addr().String()
}

// raw sends bytes and returns the answer's status, and its body.
func raw(t *testing.T, address, request string) (status int, header http.Header, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.100q: %v", request, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

// What reaches the socket in odd shapes is refused, by us or by net/http, and is
// never a mistake of ours.
func TestOddRequestsOnTheSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	address := w.served()
	const end = "\r\nConnection: close\r\n\r\n"
	for name, test := range map[string]struct {
		request string
		status  int
	}{
		"as it should be":         {"GET /api/v1/dialers HTTP/1.1\r\nHost: localhost" + end, 200},
		"HEAD":                    {"HEAD /api/v1/dialers HTTP/1.1\r\nHost: localhost" + end, 200},
		"no host":                 {"GET /api/v1/dialers HTTP/1.0\r\n\r\n", 403},
		"two hosts":               {"GET /api/v1/dialers HTTP/1.1\r\nHost: localhost\r\nHost: evil.example" + end, 400},
		"a whole URL of another":  {"GET http://evil.example/api/v1/dialers HTTP/1.1\r\nHost: localhost" + end, 403},
		"all of the server":       {"OPTIONS * HTTP/1.1\r\nHost: localhost" + end, 404},
		"all, of another":         {"OPTIONS * HTTP/1.1\r\nHost: evil.example" + end, 403},
		"a path that is no path":  {"GET /api/v1/coaching-users/%zz HTTP/1.1\r\nHost: localhost" + end, 400},
		"a query that is no text": {"GET /api/v1/coaching-users?q=%zz HTTP/1.1\r\nHost: localhost" + end, 400},
		"NUL in a path":           {"GET /api/v1/coaching-users/%00 HTTP/1.1\r\nHost: localhost" + end, 400},
		"dots in a path":          {"GET /api/v1/coaching-users/../dialers HTTP/1.1\r\nHost: localhost" + end, 404},
		"two slashes":             {"GET //api/v1/dialers HTTP/1.1\r\nHost: localhost" + end, 404},
		"an encoded slash":        {"GET /api/v1/coaching-users/a%2Fb HTTP/1.1\r\nHost: localhost" + end, 400},
		"bytes in a header":       {"GET /api/v1/coaching-users HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"\xff\xfe\"" + end, 200},
		"a header too large":      {"GET /api/v1/dialers HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 80<<10) + end, 431},
		"a broken body":           {"GET /api/v1/dialers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n", 400},
		"an empty chunked body":   {"GET /api/v1/dialers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, header, body := raw(t, address, test.request)
			if status != test.status {
				t.Errorf("%d, want %d: %s", status, test.status, body)
			}
			if dates := header.Values("Date"); len(dates) > 1 {
				t.Errorf("dates %q", dates)
			}
		})
	}
}

func TestServerHasLimitsThatLetStreamsLive(t *testing.T) {
	t.Parallel()
	s := httpapi.NewServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 || s.WriteTimeout != 0 {
		t.Errorf("limits %+v", s)
	}
}

// brokenPipe is a connection on which writing panics once an answer has begun.
type brokenPipe struct{ *httptest.ResponseRecorder }

func (brokenPipe) Write([]byte) (int, error) { panic("a panic in the middle of an answer") }

// Half an answer must not pass for a whole one.
func TestAPanicInTheMiddleOfAnAnswerCutsTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, coaching.Timing{})
	defer func() {
		if got, _ := recover().(error); !errors.Is(got, http.ErrAbortHandler) {
			t.Errorf("panicked with %v, want the connection to be cut", got)
		}
		if !strings.Contains(w.log.String(), "in the middle of an answer") {
			t.Error("the panic is not in the log")
		}
	}()
	r := httptest.NewRequest(http.MethodGet, "/api/v1/dialers", http.NoBody)
	r.Host = "localhost"
	w.handler.ServeHTTP(brokenPipe{httptest.NewRecorder()}, r)
}

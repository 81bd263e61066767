package httpapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/api"
)

// answer is what a request got.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   []byte
}

// get asks for a path of the API, with headers as name, value, name, value.
func (w *world) get(path string, headers ...string) *answer {
	w.t.Helper()
	return w.do(http.MethodGet, "/api/v1"+path, headers...)
}

func (w *world) delete(path string, headers ...string) *answer {
	w.t.Helper()
	return w.do(http.MethodDelete, "/api/v1"+path, headers...)
}

// do sends a request through the front door.
func (w *world) do(method, target string, headers ...string) *answer {
	w.t.Helper()
	path, query, _ := strings.Cut(target, "?")
	r := httptest.NewRequest(method, path, http.NoBody)
	r.URL.RawQuery = query // as it is: a test may send what no URL is
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return w.send(r)
}

// send sends a request and holds its answer against the contract.
func (w *world) send(r *http.Request) *answer {
	w.t.Helper()
	if r.Host == "example.com" {
		r.Host = "127.0.0.1:8080"
	}
	method, path := r.Method, r.URL.Path
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	a := &answer{t: w.t, what: method + " " + r.URL.String(), status: recorder.Code, header: recorder.Header(), body: recorder.Body.Bytes()}
	documented.check(a, r, method, path)
	a.hidesInsides()
	return a
}

// hidesInsides checks what no answer may show.
func (a *answer) hidesInsides() {
	a.t.Helper()
	if a.header.Get("Content-Type") == "text/html" || strings.Contains(a.header.Get("Content-Type"), "yaml") {
		return
	}
	for _, inside := range []string{secret, "goroutine ", ".go:", "coaching.", "openapi3", "echo.", "strconv", "*time", "SQL ", "SQLSTATE", "runtime error"} {
		if bytes.Contains(a.body, []byte(inside)) {
			a.t.Errorf("%s: the answer shows %q: %s", a.what, inside, a.body)
		}
	}
}

// contract is the document that answers are held against.
var contract = sync.OnceValue(func() *openapi3.T {
	spec, err := api.GetSpec()
	if err != nil {
		panic(err)
	}
	return spec
})

// documented collects which statuses of which operations were seen.
var documented collector

type collector struct {
	mu   sync.Mutex
	seen map[string]bool // "operation status"
}

var strict = &openapi3filter.Options{
	IncludeResponseStatus: true, MultiError: true,
	SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
		"uuid": openapi3.NewCallbackValidator(uuid.Validate),
		"date-time": openapi3.NewCallbackValidator(func(s string) error {
			if at, err := time.Parse(time.RFC3339Nano, s); err != nil || at.Location() != time.UTC {
				return errors.New("not a time in UTC")
			}
			return nil
		}),
	})},
}

// check validates an answer, if the path is one of the contract's.
func (c *collector) check(a *answer, r *http.Request, method, path string) {
	a.t.Helper()
	if method == http.MethodHead || method == http.MethodOptions {
		return
	}
	route, parameters := routeOf(method, path)
	if route == nil {
		return
	}
	described := route.Operation.Responses.Status(a.status)
	name := "default"
	if described != nil {
		name = strconv.Itoa(a.status)
	} else {
		described = route.Operation.Responses.Default()
	}
	for header, h := range described.Value.Headers {
		if h.Value.Required && a.header.Get(header) == "" {
			a.t.Errorf("%s: %d without the header %s", a.what, a.status, header)
		}
	}
	err := openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route},
		Status:                 a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), Options: strict,
	})
	if err != nil && a.header.Get("Content-Encoding") == "" {
		a.t.Errorf("%s: %d is not as openapi.yaml has it: %v\n%s", a.what, a.status, err, a.body)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[route.Operation.OperationID+" "+name] = true
}

// unseen are the documented statuses that were never answered.
func (c *collector) unseen() []string {
	var unseen []string
	for _, item := range contract().Paths.Map() {
		for _, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				if !c.seen[operation.OperationID+" "+status] {
					unseen = append(unseen, operation.OperationID+" "+status)
				}
			}
		}
	}
	slices.Sort(unseen)
	return unseen
}

// routeOf finds the operation of a path. A method that a path does not have is
// looked up as the path's first operation: its default answer describes it.
func routeOf(method, path string) (*routers.Route, map[string]string) {
	rest, isAPI := strings.CutPrefix(path, "/api/v1")
	if !isAPI {
		return nil, nil
	}
	got := strings.Split(rest, "/")
	for template, item := range contract().Paths.Map() {
		want := strings.Split(template, "/")
		parameters, fits := map[string]string{}, len(want) == len(got)
		for i := 0; fits && i < len(want); i++ {
			if name, isParameter := strings.CutPrefix(want[i], "{"); isParameter {
				parameters[strings.TrimSuffix(name, "}")] = got[i]
				fits = got[i] != ""
			} else {
				fits = want[i] == got[i]
			}
		}
		if fits {
			operation := item.GetOperation(method)
			if operation == nil {
				operation = item.Get
			}
			return &routers.Route{Spec: contract(), Path: template, PathItem: item, Method: method, Operation: operation}, parameters
		}
	}
	return nil, nil
}

// decoded is a body as one of the contract's types. A field that the contract
// does not have is an error.
func decoded[T any](a *answer, status int) T {
	a.t.Helper()
	var value T
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d: %s", a.what, a.status, status, a.body)
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&value); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
	}
	return value
}

// problem is the body of a problem, checked for what all problems have.
func (a *answer) problem(status int, code string) api.Problem {
	a.t.Helper()
	p := decoded[api.Problem](a, status)
	if p.Code != code || p.Status != status || p.Type != "/problems/"+strings.ReplaceAll(code, "_", "-") {
		a.t.Errorf("%s: problem %s %d %s, want %s %d", a.what, p.Code, p.Status, p.Type, code, status)
	}
	if p.Title == "" || p.Detail == "" || p.RequestID == "" || p.RequestID != a.header.Get("X-Request-Id") {
		a.t.Errorf("%s: title %q, detail %q, request id %q, header %q", a.what, p.Title, p.Detail, p.RequestID, a.header.Get("X-Request-Id"))
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("%s: content type %q", a.what, got)
	}
	return p
}

// reason is what a problem says about a field; "" if nothing.
func reason(p api.Problem, field string) string {
	for _, e := range p.Errors {
		if e.Field == field {
			return e.Reason
		}
	}
	return ""
}

package api_test

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/coachmanager/coachmanager/api"
)

func TestDocumentIsTheContract(t *testing.T) {
	written, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(api.Document, written) {
		t.Error("openapi.yaml and its generated copy differ: run go generate ./api/...")
	}
}

func TestContractIsValidWithItsExamples(t *testing.T) {
	// Known to be loose by default: without these, an id or a time in an example could be anything.
	openapi3.DefineStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(
		`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`))

	err := spec(t).Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation())
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryOperationIsExplained(t *testing.T) {
	seen := map[string]bool{}
	for name, operation := range operations(t) {
		if operation.OperationID == "" || seen[operation.OperationID] {
			t.Errorf("%s: operationId %q is missing or used twice", name, operation.OperationID)
		}
		seen[operation.OperationID] = true
		if operation.Summary == "" || operation.Description == "" || len(operation.Tags) != 1 {
			t.Errorf("%s: want a summary, a description and one tag", name)
		}
		for _, parameter := range parameters(t, name) {
			if parameter.Description == "" || parameter.Example == nil {
				t.Errorf("%s: parameter %s: want a description and an example", name, parameter.Name)
			}
		}
	}
}

func TestEveryResponseIsComplete(t *testing.T) {
	for name, operation := range operations(t) {
		if operation.Responses.Default() == nil {
			t.Errorf("%s: no default response", name)
		}
		for status, response := range operation.Responses.Map() {
			for _, header := range []string{"X-Request-Id", "Date", "Cache-Control"} {
				if response.Value.Headers[header] == nil {
					t.Errorf("%s %s: no header %s", name, status, header)
				}
			}
			if (status == "429" || status == "503") && response.Value.Headers["Retry-After"] == nil {
				t.Errorf("%s %s: no Retry-After", name, status)
			}
			if status == "401" && response.Value.Headers["WWW-Authenticate"] == nil {
				t.Errorf("%s %s: no WWW-Authenticate", name, status)
			}
			want := "application/problem+json"
			switch {
			case status == "304":
				continue
			case strings.HasPrefix(status, "2"):
				want = "application/json"
			}
			if got := slices.Collect(maps.Keys(response.Value.Content)); !slices.Equal(got, []string{want}) {
				t.Errorf("%s %s: answers %v, want %s only", name, status, got, want)
				continue
			}
			if len(response.Value.Content[want].Examples) == 0 {
				t.Errorf("%s %s: no example", name, status)
			}
		}
	}
}

// An operation without a rule of access would be nobody's, or everybody's.
func TestEveryOperationSaysWhoMayCallIt(t *testing.T) {
	if security := spec(t).Security; len(security) != 1 || len(security[0]) != 1 {
		t.Errorf("the contract asks for %v, want one token", security)
	}
	known := spec(t).Components.Schemas["Permission"].Value.Extensions["x-known-values"].([]any)
	for name, operation := range operations(t) {
		if operation.Security != nil {
			t.Errorf("%s: has a security of its own", name)
		}
		if !slices.Contains(known, operation.Extensions["x-permission"]) {
			t.Errorf("%s: x-permission is %v, want one of %v", name, operation.Extensions["x-permission"], known)
		}
		for _, status := range []string{"401", "403", "429"} {
			if operation.Responses.Value(status) == nil {
				t.Errorf("%s: does not answer %s", name, status)
			}
		}
		for _, parameter := range parameters(t, name) {
			if needs, has := parameter.Extensions["x-permission"]; has && (parameter.In != "query" || !slices.Contains(known, needs)) {
				t.Errorf("%s: parameter %s in %s needs %v, want one of %v and in the query", name, parameter.Name, parameter.In, needs, known)
			}
		}
	}
}

// Without these, a request could be as long as its sender likes, and name what nobody meant.
func TestEveryParameterIsBounded(t *testing.T) {
	for name := range operations(t) {
		for _, parameter := range parameters(t, name) {
			schema := parameter.Schema.Value
			if schema.Type.Is("array") {
				if schema.MaxItems == nil {
					t.Errorf("%s: parameter %s has no maxItems", name, parameter.Name)
				}
				schema = schema.Items.Value
			}
			if schema.Type.Is("string") && schema.Enum == nil && schema.MaxLength == nil {
				t.Errorf("%s: parameter %s has no maxLength", name, parameter.Name)
			}
			if schema.Type.Is("integer") && (schema.Min == nil || schema.Max == nil) {
				t.Errorf("%s: parameter %s has no minimum or no maximum", name, parameter.Name)
			}
		}
	}
}

// In answers, values may grow: an enum there would make every new value a break.
func TestAnswersHaveNoClosedEnumerations(t *testing.T) {
	for name, schema := range spec(t).Components.Schemas {
		if !strings.HasSuffix(name, "Filter") && schema.Value.Enum != nil {
			t.Errorf("schema %s is a closed enumeration", name)
		}
		for property, of := range schema.Value.Properties {
			if of.Value.Enum != nil {
				t.Errorf("schema %s: %s is a closed enumeration", name, property)
			}
		}
	}
}

// The two lists of what a session may be or end with are written twice, closed and open.
func TestFiltersKnowWhatAnswersMaySay(t *testing.T) {
	schemas := spec(t).Components.Schemas
	for filter, answer := range map[string]string{"SessionTypeFilter": "SessionType", "EndReasonFilter": "EndReason"} {
		closed, open := schemas[filter].Value.Enum, schemas[answer].Value.Extensions["x-known-values"].([]any)
		if !slices.Equal(closed, open) {
			t.Errorf("%s has %v, %s knows %v", filter, closed, answer, open)
		}
	}
}

func spec(t *testing.T) *openapi3.T {
	t.Helper()
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// operations are named "METHOD /path".
func operations(t *testing.T) map[string]*openapi3.Operation {
	t.Helper()
	found := map[string]*openapi3.Operation{}
	for path, item := range spec(t).Paths.Map() {
		for method, operation := range item.Operations() {
			found[method+" "+path] = operation
		}
	}
	if len(found) == 0 {
		t.Fatal("the contract has no operations")
	}
	return found
}

// parameters are those of the operation and those of its path.
func parameters(t *testing.T, name string) []*openapi3.Parameter {
	t.Helper()
	method, path, _ := strings.Cut(name, " ")
	item := spec(t).Paths.Value(path)
	var found []*openapi3.Parameter
	for _, ref := range slices.Concat(item.Parameters, item.GetOperation(method).Parameters) {
		found = append(found, ref.Value)
	}
	return found
}

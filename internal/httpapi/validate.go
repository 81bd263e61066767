package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"

	"github.com/coachmanager/coachmanager/api"
	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// validator checks requests against the contract, on echo's own routing.
type validator struct {
	operations map[string]*operation // by method and echo's path
	options    *openapi3filter.Options
}

// operation is an operation of the contract.
type operation struct {
	route   *routers.Route
	query   map[string]*openapi3.Schema // its query parameters
	headers []string                    // its header parameters
	// What a caller must be allowed, for it and for some of its query parameters.
	permission  access.Permission
	permissions map[string]access.Permission
}

func newValidator(spec *openapi3.T) *validator {
	v := &validator{
		operations: map[string]*operation{},
		options: &openapi3filter.Options{
			MultiError:              true,
			AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc,
			SchemaValidationOptions: []openapi3.SchemaValidationOption{formats},
		},
	}
	toEcho := strings.NewReplacer("{", ":", "}", "")
	for path, item := range spec.Paths.Map() {
		for method, described := range item.Operations() {
			o := &operation{
				route: &routers.Route{Spec: spec, Path: path, PathItem: item, Method: method, Operation: described},
				query: map[string]*openapi3.Schema{}, permission: permissionOf(described.Extensions),
				permissions: map[string]access.Permission{},
			}
			for _, p := range append(item.Parameters[:len(item.Parameters):len(item.Parameters)], described.Parameters...) {
				switch p.Value.In {
				case openapi3.ParameterInQuery:
					o.query[p.Value.Name] = p.Value.Schema.Value
					if needs := permissionOf(p.Value.Extensions); needs != "" {
						o.permissions[p.Value.Name] = needs
					}
				case openapi3.ParameterInHeader:
					o.headers = append(o.headers, http.CanonicalHeaderKey(p.Value.Name))
				}
			}
			v.operations[method+" "+basePath+toEcho.Replace(path)] = o
		}
	}
	return v
}

// check refuses what the contract does not allow, with every field and reason.
// It fills in the contract's defaults.
func (v *validator) check(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		o := v.operations[r.Method+" "+c.Path()]
		if o == nil {
			return next(c)
		}
		path, ok := pathParameters(c)
		if !ok {
			return &fault{code: notFound}
		}
		query, faults := o.readQuery(r.URL.RawQuery)
		if err := o.allow(query, faults, access.From(r.Context())); err != nil {
			return err
		}
		for _, name := range o.headers {
			// A list in several lines is one list (RFC 9110, 5.3).
			if lines := r.Header.Values(name); len(lines) > 1 {
				r.Header.Set(name, strings.Join(lines, ", "))
			}
		}
		err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
			Request: r, PathParams: path, QueryParams: query, Route: o.route, Options: v.options,
		})
		faults.add(err, nil)
		if len(faults.fields) > 0 {
			return &fault{code: coaching.InvalidRequest, fields: faults.fields}
		}
		return next(c)
	}
}

// permissionOf is the permission that something in the contract needs. An operation
// that names none is nobody's: no role has the permission "".
func permissionOf(extensions map[string]any) access.Permission {
	name, _ := extensions["x-permission"].(string)
	return access.Permission(name)
}

// allow refuses parameters that the caller may not give, whatever they say. A switch
// that is off asks for nothing.
func (o *operation) allow(query url.Values, wrong *faults, who access.Identity) error {
	for name, needs := range o.permissions {
		off := o.query[name].Type.Is(openapi3.TypeBoolean) && query.Get(name) == "false"
		if (query.Has(name) && !off || wrong.has(name)) && !who.May(needs) {
			return lacks(needs, "the parameter "+name)
		}
	}
	return nil
}

// pathParameters are the values in the path. An empty one is no value: the path
// with a slash at its end is another path, and there is nothing at it.
func pathParameters(c echo.Context) (map[string]string, bool) {
	values := map[string]string{}
	for i, name := range c.ParamNames() {
		value := c.ParamValues()[i]
		if c.Request().URL.RawPath != "" {
			// What cannot be unescaped stays as it is, and is no id.
			if unescaped, err := url.PathUnescape(value); err == nil {
				value = unescaped
			}
		}
		if value == "" {
			return nil, false
		}
		values[name] = value
	}
	return values, true
}

// faults collects what is wrong with a request, one reason a field.
type faults struct{ fields []api.FieldError }

// mostFaults is how many mistakes are told at a time.
const mostFaults = 20

func (f *faults) has(field string) bool {
	return slices.ContainsFunc(f.fields, func(known api.FieldError) bool { return known.Field == field })
}

func (f *faults) put(field, reason string) {
	if f.has(field) {
		return
	}
	if len(f.fields) < mostFaults {
		f.fields = append(f.fields, api.FieldError{Field: field, Reason: reason})
	}
}

// add takes over what kin-openapi found, in words of ours: its own print values,
// schemas and Go types.
func (f *faults) add(err error, parameter *openapi3.Parameter) {
	switch e := err.(type) { //nolint:errorlint // each layer of a tree is looked at by itself
	case nil:
	case openapi3.MultiError:
		for _, each := range e {
			f.add(each, parameter)
		}
	case *openapi3filter.RequestError:
		if e.Err == nil || e.Parameter == nil {
			f.put("request", "is not allowed")
			return
		}
		f.add(e.Err, e.Parameter)
	case *openapi3.SchemaError:
		f.put(parameter.Name, reasonOf(e))
	default:
		f.put(parameter.Name, expected(parameter.Schema.Value))
	}
}

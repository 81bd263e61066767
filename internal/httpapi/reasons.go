package httpapi

import (
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// reasonOf says in words what a value fails.
func reasonOf(e *openapi3.SchemaError) string {
	s := e.Schema
	if s.Format == "uuid" || s.Format == "date-time" {
		return expected(s) // whatever it fails: length says less
	}
	switch e.SchemaField {
	case "minimum":
		return fmt.Sprintf("must be at least %v", *s.Min)
	case "maximum":
		return fmt.Sprintf("must be at most %v", *s.Max)
	case "minLength":
		return fmt.Sprintf("must have at least %s", characters(s.MinLength))
	case "maxLength":
		return fmt.Sprintf("must have at most %s", characters(*s.MaxLength))
	case "pattern":
		must, _ := s.Extensions["x-must"].(string)
		return must
	case "maxItems":
		return fmt.Sprintf("may be given at most %d times", *s.MaxItems)
	default:
		return expected(s)
	}
}

// expected says in words what a value must be.
func expected(s *openapi3.Schema) string {
	switch {
	case s.Enum != nil:
		var values []string
		for _, v := range s.Enum {
			values = append(values, fmt.Sprint(v))
		}
		return "must be one of " + strings.Join(values, ", ")
	case s.Format == "uuid":
		return "must be a UUID"
	case s.Format == "date-time":
		return "must be a time such as 2026-11-16T09:42:10Z; write the + of an offset as %2B"
	case s.Type.Is(openapi3.TypeInteger):
		return "must be a whole number"
	case s.Type.Is(openapi3.TypeBoolean):
		return "must be true or false"
	default:
		return "is not allowed"
	}
}

func characters(n uint64) string {
	if n == 1 {
		return "1 character"
	}
	return fmt.Sprintf("%d characters", n)
}

package httpapi

import (
	"errors"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/api"
)

// contract is openapi.yaml, parsed once. It must not be changed. A document that
// cannot be read is a broken build.
var contract = sync.OnceValue(func() *openapi3.T {
	spec, err := api.GetSpec()
	if err != nil {
		panic(err)
	}
	return spec
})

// formats checks what kin-openapi leaves unchecked or checks loosely: UUIDs of
// every version, and times that exist.
var formats = openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
	"uuid": openapi3.NewCallbackValidator(uuid.Validate),
	"date-time": openapi3.NewCallbackValidator(func(text string) error {
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			return errors.New("not a time")
		}
		return nil
	}),
})

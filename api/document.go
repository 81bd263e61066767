package api

import (
	_ "embed"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// Document is openapi.yaml as it was written, comments and all. Callers must not change it.
//
//go:embed openapi.gen.yaml
var Document []byte

// GetSpec parses Document. Each call returns a document of its own, which the caller may change.
func GetSpec() (*openapi3.T, error) {
	spec, err := openapi3.NewLoader().LoadFromData(Document)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	return spec, nil
}
